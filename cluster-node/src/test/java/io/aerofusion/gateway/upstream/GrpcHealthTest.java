package io.aerofusion.gateway.upstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.netty.buffer.Unpooled;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.HexFormat;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Active checks by gRPC's health checking protocol and by connecting, against the server of gRPC's own Java. */
final class GrpcHealthTest {
    private static final Duration LONG = Duration.ofSeconds(60);
    private static final Transport H2C = new Transport(Transport.Protocol.HTTP2, null);
    private static final MultiThreadIoEventLoopGroup GROUP =
            new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private static final Prober PROBER = new NettyProber(GROUP.next(), transport -> {
        throw new AssertionError("no TLS here");
    });
    private static final HealthStatusManager HEALTH = new HealthStatusManager();
    private static Server server;

    @BeforeAll
    static void start() throws IOException {
        server = serving(NettyServerBuilder.forAddress(anyPort(), InsecureServerCredentials.create())
                .addService(HEALTH.getHealthService()));
    }

    @AfterAll
    static void stop() {
        server.shutdownNow();
        GROUP.shutdownGracefully(0, 10, TimeUnit.SECONDS).awaitUninterruptibly(60_000);
    }

    private static InetSocketAddress anyPort() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    }

    private static Server serving(NettyServerBuilder builder) throws IOException {
        return builder.build().start();
    }

    private static Target target(int port) {
        return new Target("orders.test", InetAddress.getLoopbackAddress(), port);
    }

    private static boolean well(Transport transport, int port, Probe probe, Duration timeout) throws Exception {
        return PROBER.probe(transport, target(port), probe, timeout)
                .toCompletableFuture()
                .get(90, TimeUnit.SECONDS);
    }

    private static boolean serves(String service) throws Exception {
        return well(H2C, server.getPort(), new Probe.Grpc(service), LONG);
    }

    @Test
    void only_serving_is_well() throws Exception {
        assertThat(serves("")).as("the server as a whole").isTrue();
        String name = "orders.v1.Orders" + "x".repeat(200);
        assertThat(serves(name)).as("it does not know the service").isFalse();
        HEALTH.setStatus(name, ServingStatus.SERVING);
        assertThat(serves(name)).isTrue();
        HEALTH.setStatus(name, ServingStatus.NOT_SERVING);
        assertThat(serves(name)).isFalse();
        HEALTH.setStatus(name, ServingStatus.UNKNOWN);
        assertThat(serves(name)).isFalse();
    }

    @Test
    void a_server_without_the_protocol_is_not_well() throws Exception {
        Server plain = serving(NettyServerBuilder.forAddress(anyPort(), InsecureServerCredentials.create()));
        try {
            assertThat(well(H2C, plain.getPort(), new Probe.Grpc(""), LONG)).isFalse();
        } finally {
            plain.shutdownNow();
        }
    }

    @Test
    void a_server_that_says_nothing_fails_the_check_in_its_time() throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            assertThatThrownBy(() -> well(H2C, silent.getLocalPort(), new Probe.Grpc(""), Duration.ofMillis(50)))
                    .hasCauseInstanceOf(TimeoutException.class);
        }
    }

    @Test
    void http_1_cannot_carry_the_call() {
        assertThatThrownBy(() -> well(Transport.HTTP, server.getPort(), new Probe.Grpc(""), LONG))
                .hasCauseInstanceOf(IOException.class);
    }

    @Test
    void a_connection_can_be_enough() throws Exception {
        int port;
        try (ServerSocket silent = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            port = silent.getLocalPort();
            assertThat(well(Transport.HTTP, port, new Probe.Connect(), LONG)).isTrue();
        }
        assertThatThrownBy(() -> well(Transport.HTTP, port, new Probe.Connect(), LONG))
                .hasCauseInstanceOf(java.net.ConnectException.class);
    }

    /** A frame's prefix (compressed or not, length) and a message: {@code status} is field 1. */
    @ParameterizedTest
    @CsvSource({
        "00000000020801, true",
        "00000000020802, false",
        "0000000000, false",
        "01000000020801, false",
        "00000000030801, false",
        "000000000208, false",
        // unknown fields of every shape before the status
        "0000000017 1005 1a03616263 2501020304 290102030405060708 0801, true",
        "0000000002ffff, false",
        "000000000308010b, false",
        "'', false"
    })
    void an_answer_is_read_as_protocol_buffers_are(String bytes, boolean serving) {
        byte[] answer = HexFormat.of().parseHex(bytes.replace(" ", ""));
        assertThat(GrpcHealth.serving(Unpooled.wrappedBuffer(answer))).isEqualTo(serving);
    }
}
