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
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;

/** How sockets are served: epoll where there is one, the JDK's selectors otherwise. */
enum Sockets {
    EPOLL {
        @Override
        EventLoopGroup group(int threads) {
            return new MultiThreadIoEventLoopGroup(threads, THREADS, EpollIoHandler.newFactory());
        }

        @Override
        ServerChannel server() {
            return new EpollServerSocketChannel();
        }

        @Override
        Channel client() {
            return new EpollSocketChannel();
        }
    },
    NIO {
        @Override
        EventLoopGroup group(int threads) {
            return new MultiThreadIoEventLoopGroup(threads, THREADS, NioIoHandler.newFactory());
        }

        @Override
        ServerChannel server() {
            return new NioServerSocketChannel();
        }

        @Override
        Channel client() {
            return new NioSocketChannel();
        }
    };

    private static final DefaultThreadFactory THREADS = new DefaultThreadFactory("gateway", true);

    static Sockets of(boolean nativeWanted) {
        return nativeWanted && Epoll.isAvailable() ? EPOLL : NIO;
    }

    abstract EventLoopGroup group(int threads);

    abstract ServerChannel server();

    abstract Channel client();
}
