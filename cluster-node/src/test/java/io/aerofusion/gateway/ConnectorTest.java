package io.aerofusion.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.aerofusion.gateway.GatewaySettings.Listener;
import io.aerofusion.gateway.GatewaySettings.Protocol;
import io.aerofusion.gateway.upstream.EndpointSource;
import io.aerofusion.gateway.upstream.HashKey;
import io.aerofusion.gateway.upstream.ServiceLookup;
import io.aerofusion.gateway.upstream.Upstream;
import io.aerofusion.gateway.upstream.UpstreamCall;
import io.aerofusion.gateway.upstream.UpstreamSettings;
import io.aerofusion.gateway.upstream.UpstreamTable;
import io.aerofusion.route.UpstreamSpec;
import io.netty.channel.ChannelException;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class ConnectorTest {
    /** Its exchange heard of that on a foreign thread, or not at all, and the place of the connection was never given back. */
    @Test
    void a_connection_for_which_there_is_no_socket_has_failed_and_is_over() throws Exception {
        var group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
        EventLoop thread = group.next();
        try (Gateway gateway =
                        Gateway.start(GatewaySettings.of(List.of(new Listener("http", "127.0.0.1", 0, Protocol.HTTP)))
                                .withThreads(1));
                UpstreamTable table = UpstreamTable.start(
                        ServiceLookup.NONE,
                        EndpointSource.fixed(List.of()),
                        transport -> {
                            throw new AssertionError("spoken to in the clear");
                        },
                        endpoint -> {},
                        List.of())) {
            UpstreamSettings settings = UpstreamSettings.of(
                    "up",
                    TestRoutes.upstream(
                            UpstreamSpec.Protocol.HTTP, new InetSocketAddress(InetAddress.getLoopbackAddress(), 1)));
            Upstream upstream = table.swap(List.of(settings)).get("up");
            assertThat(upstream).isNotNull();
            var call = (UpstreamCall) upstream.begin(HashKey.NONE, true);
            BlockingQueue<String> heard = new LinkedBlockingQueue<>();
            Loop loop = new Loop(thread, gateway, 0);
            thread.submit(() -> {
                        Connector.connect(
                                loop,
                                () -> {
                                    throw new ChannelException("too many open files");
                                },
                                call.endpoint(),
                                settings,
                                channel -> heard.add("opened"),
                                fault -> heard.add(fault + " " + thread.inEventLoop()),
                                () -> heard.add("closed " + thread.inEventLoop()));
                        assertThat(heard)
                                .as("before it is known that there is one")
                                .isEmpty();
                    })
                    .get(60, TimeUnit.SECONDS);
            assertThat(heard.poll(60, TimeUnit.SECONDS)).isEqualTo("UPSTREAM_CONNECT_FAILED true");
            assertThat(heard.poll(60, TimeUnit.SECONDS)).isEqualTo("closed true");
        } finally {
            group.shutdownGracefully(0, 10, TimeUnit.SECONDS);
        }
    }
}
