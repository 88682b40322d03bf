package io.aerofusion.gateway.upstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.util.ReferenceCountUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class ProberTest {
    private static final Duration LONG = Duration.ofSeconds(60);

    private final MultiThreadIoEventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final Prober prober = new NettyProber(group.next(), transport -> {
        throw new AssertionError("no TLS here");
    });

    @AfterEach
    void close() {
        assertThat(group.shutdownGracefully(0, 10, TimeUnit.SECONDS).awaitUninterruptibly(60_000))
                .isTrue();
    }

    @Test
    void asks_over_http_1() throws Exception {
        AtomicReference<String> seen = new AtomicReference<>();
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            seen.set(exchange.getRequestMethod() + " " + exchange.getRequestURI() + " "
                    + exchange.getRequestHeaders().getFirst("Host"));
            exchange.sendResponseHeaders(418, -1);
            exchange.close();
        });
        server.start();
        try {
            Target target = new Target("orders.test", server.getAddress());
            assertThat(probe(Transport.HTTP, target, LONG)).as("418 is no 2xx").isFalse();
            assertThat(prober.probe(Transport.HTTP, target, new Probe.Http("/", Set.of(418)), LONG)
                            .toCompletableFuture()
                            .get(90, TimeUnit.SECONDS))
                    .isTrue();
            assertThat(probe(Transport.HTTP, target, LONG)).isFalse();
            assertThat(seen)
                    .hasValue(
                            "GET /health?deep=1 orders.test:" + target.socket().getPort());
        } finally {
            server.stop(0);
        }
    }

    @Test
    void asks_over_http_2() throws Exception {
        Channel server = new ServerBootstrap()
                .group(group)
                .channel(NioServerSocketChannel.class)
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline()
                                .addLast(
                                        Http2FrameCodecBuilder.forServer().build(),
                                        new Http2MultiplexHandler(new Answer()));
                    }
                })
                .bind(InetAddress.getLoopbackAddress(), 0)
                .syncUninterruptibly()
                .channel();
        try {
            Target target = new Target("orders.test", (InetSocketAddress) server.localAddress());
            assertThat(probe(new Transport(Transport.Protocol.HTTP2, null), target, LONG))
                    .isTrue();
        } finally {
            server.close().syncUninterruptibly();
        }
    }

    @io.netty.channel.ChannelHandler.Sharable
    private static final class Answer extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            if (message instanceof Http2HeadersFrame frame
                    && "/health?deep=1".contentEquals(frame.headers().path())) {
                context.writeAndFlush(new DefaultHttp2HeadersFrame(new DefaultHttp2Headers().status("204"), true));
            }
            ReferenceCountUtil.release(message);
        }
    }

    @Test
    void fails_when_nobody_listens_nobody_answers_or_somebody_talks_nonsense() throws Exception {
        Target nobody;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            nobody = new Target("localhost", (InetSocketAddress) socket.getLocalSocketAddress());
            prober.reach(nobody, LONG).toCompletableFuture().get(90, TimeUnit.SECONDS);
            socket.accept().close();
            assertThatThrownBy(() -> probe(Transport.HTTP, nobody, Duration.ofMillis(50)))
                    .as("connected, but not answered")
                    .hasCauseInstanceOf(TimeoutException.class);
            Thread nonsense = Thread.ofPlatform().start(() -> {
                try {
                    socket.accept().close();
                    try (var client = socket.accept()) {
                        client.getOutputStream()
                                .write("nonsense\r\n\r\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
                        client.getInputStream().readAllBytes();
                    }
                } catch (java.io.IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
            assertThatThrownBy(() -> probe(Transport.HTTP, nobody, LONG))
                    .hasCauseInstanceOf(IllegalArgumentException.class);
            nonsense.join(60_000);
            assertThat(nonsense.isAlive())
                    .as("the prober closed its connection")
                    .isFalse();
        }
        assertThatThrownBy(() -> probe(Transport.HTTP, nobody, LONG))
                .hasCauseInstanceOf(java.net.ConnectException.class);
        assertThatThrownBy(
                        () -> prober.reach(nobody, LONG).toCompletableFuture().get(90, TimeUnit.SECONDS))
                .hasCauseInstanceOf(java.net.ConnectException.class);
    }

    /** The whole with real time: a check finds an endpoint ill and well again, and the table's thread ends with it. */
    @Test
    void a_table_checks_real_endpoints() throws Exception {
        AtomicInteger status = new AtomicInteger(503);
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            exchange.sendResponseHeaders(status.get(), -1);
            exchange.close();
        });
        server.start();
        Set<Thread> others = tableThreads();
        try (UpstreamTable table = UpstreamTable.start(
                ServiceLookup.NONE,
                EndpointSource.fixed(List.of()),
                transport -> {
                    throw new AssertionError("no TLS here");
                },
                endpoint -> {},
                List.of())) {
            Origin origin = new Origin.Listed(List.of(
                    new Origin.Address("127.0.0.1", server.getAddress().getPort(), 1),
                    new Origin.Address("127.0.0.2", server.getAddress().getPort(), 1)));
            UpstreamSettings settings = Bench.with(
                    UpstreamSettings.of("real", origin),
                    new ActiveCheck(new Probe.Http("/health?deep=1", Set.of()), Duration.ofMillis(20), LONG, 2, 2));
            Upstream upstream = table.swap(List.of(settings)).get("real");
            assertThat(upstream.known().toCompletableFuture()).isDone();
            await().atMost(LONG)
                    .untilAsserted(() -> assertThat(upstream.state().panic()).isTrue());
            status.set(200);
            await().atMost(LONG)
                    .untilAsserted(() -> assertThat(
                                    upstream.state().endpoints().getFirst().healthy())
                            .isTrue());
        } finally {
            server.stop(0);
        }
        await().atMost(LONG).untilAsserted(() -> assertThat(tableThreads()).isSubsetOf(others));
    }

    private static Set<Thread> tableThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("gateway-upstreams"))
                .collect(Collectors.toSet());
    }

    private boolean probe(Transport transport, Target target, Duration timeout) throws Exception {
        return prober.probe(transport, target, new Probe.Http("/health?deep=1", Set.of()), timeout)
                .toCompletableFuture()
                .get(LONG.toSeconds() + 5, TimeUnit.SECONDS);
    }
}
