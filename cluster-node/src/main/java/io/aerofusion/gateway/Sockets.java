package io.aerofusion.gateway;

import io.netty.channel.Channel;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketProtocolFamily;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.uring.IoUring;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringServerSocketChannel;
import io.netty.channel.uring.IoUringSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.Inet4Address;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/** The sockets of each {@link Transport}. */
enum Sockets {
    IO_URING {
        @Override
        EventLoopGroup group(int threads) {
            return new MultiThreadIoEventLoopGroup(threads, THREADS, IoUringIoHandler.newFactory());
        }

        @Override
        ServerChannel server(InetAddress local) {
            return new IoUringServerSocketChannel();
        }

        @Override
        Channel client(InetAddress remote) {
            return new IoUringSocketChannel();
        }
    },
    EPOLL {
        @Override
        EventLoopGroup group(int threads) {
            return new MultiThreadIoEventLoopGroup(threads, THREADS, EpollIoHandler.newFactory());
        }

        @Override
        ServerChannel server(InetAddress local) {
            // the wildcard stays open to both families
            return local instanceof Inet4Address && !local.isAnyLocalAddress()
                    ? new EpollServerSocketChannel(SocketProtocolFamily.INET)
                    : new EpollServerSocketChannel();
        }

        @Override
        Channel client(InetAddress remote) {
            return remote instanceof Inet4Address
                    ? new EpollSocketChannel(SocketProtocolFamily.INET)
                    : new EpollSocketChannel();
        }
    },
    NIO {
        @Override
        EventLoopGroup group(int threads) {
            return new MultiThreadIoEventLoopGroup(threads, THREADS, NioIoHandler.newFactory());
        }

        @Override
        ServerChannel server(InetAddress local) {
            return new NioServerSocketChannel();
        }

        @Override
        Channel client(InetAddress remote) {
            return new NioSocketChannel();
        }
    };

    private static final DefaultThreadFactory THREADS = new DefaultThreadFactory("gateway", true);

    /** @throws IllegalArgumentException when this system does not have what is wanted */
    static Sockets of(Transport wanted) {
        return switch (wanted) {
            case AUTO -> IoUring.isAvailable() ? IO_URING : Epoll.isAvailable() ? EPOLL : NIO;
            case IO_URING -> available(IO_URING, wanted, IoUring.unavailabilityCause());
            case EPOLL -> available(EPOLL, wanted, Epoll.unavailabilityCause());
            case NIO -> NIO;
        };
    }

    private static Sockets available(Sockets sockets, Transport wanted, @Nullable Throwable obstacle) {
        if (obstacle == null) return sockets;
        throw new IllegalArgumentException(
                "this system has no transport " + wanted.settingName() + " (" + obstacle.getMessage()
                        + "); auto takes one that it has",
                obstacle);
    }

    abstract EventLoopGroup group(int threads);

    /** A socket to listen at this address. */
    abstract ServerChannel server(InetAddress local);

    /** A socket to connect to this address; of its family, because the detour of IPv4 through an IPv6 socket costs at every call. */
    abstract Channel client(InetAddress remote);
}
