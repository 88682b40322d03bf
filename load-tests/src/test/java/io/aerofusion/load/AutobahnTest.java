package io.aerofusion.load;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.aerofusion.gateway.Gateway;
import io.aerofusion.gateway.GatewaySettings;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketServerProtocolConfig;
import io.netty.handler.codec.http.websocketx.WebSocketServerProtocolHandler;
import java.io.File;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The Autobahn fuzzing client speaks WebSocket through the gateway to an echo server. {@code -Dautobahn.cases='*'} runs all of its cases,
 * its performance group included (some ten minutes); without it that group, 9.*, is left out. The version of the suite that Maven has ends with
 * group 10: it knows no compression.
 */
final class AutobahnTest {
    private static final int FRAME_BYTES_MAX = 64 << 20;
    private static final String ALL = "*";
    /** What the client says of a case that went well; informational cases only report what the server did. */
    private static final Set<String> WELL = Set.of("OK", "NON-STRICT", "INFORMATIONAL");

    private static final String AGENT = "aerofusion";
    private static final String PERFORMANCE = "9.*";
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path reports;

    private final EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private Channel echo;
    private Gateway gateway;

    @BeforeEach
    void start() throws Exception {
        echo = new ServerBootstrap()
                .group(group)
                .channel(NioServerSocketChannel.class)
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline()
                                .addLast(
                                        new HttpServerCodec(),
                                        new HttpObjectAggregator(FRAME_BYTES_MAX),
                                        new WebSocketServerProtocolHandler(WebSocketServerProtocolConfig.newBuilder()
                                                .websocketPath("/")
                                                .checkStartsWith(true)
                                                .sendCloseFrame(null)
                                                .maxFramePayloadLength(FRAME_BYTES_MAX)
                                                .build()),
                                        new Echo());
                    }
                })
                .bind(InetAddress.getLoopbackAddress(), 0)
                .sync()
                .channel();
        gateway = Gateway.start(GatewaySettings.of(
                List.of(new GatewaySettings.Listener("http", "127.0.0.1", 0, GatewaySettings.Protocol.HTTP))));
        GatewayProcess.serve(gateway, """
                kind: Upstream
                metadata: {name: echo}
                spec:
                  protocol: HTTP
                  endpoints: [{address: 127.0.0.1, port: %d}]
                ---
                kind: HTTPRoute
                metadata: {name: echo}
                spec:
                  rules:
                    - backendRefs: [{name: echo}]
                """.formatted(((InetSocketAddress) echo.localAddress()).getPort()));
    }

    @AfterEach
    void stop() throws Exception {
        gateway.close();
        echo.close().sync();
        group.shutdownGracefully(0, 5, TimeUnit.SECONDS).sync();
    }

    @Test
    void every_case_passes_through_the_gateway() throws Exception {
        String cases = System.getProperty("autobahn.cases", "");
        JsonNode specification = JSON.createObjectNode()
                .put("outdir", reports.toString())
                .set(
                        "servers",
                        JSON.createArrayNode()
                                .add(JSON.createObjectNode()
                                        .put("agent", AGENT)
                                        .put(
                                                "url",
                                                "ws://127.0.0.1:"
                                                        + gateway.addresses()
                                                                .getFirst()
                                                                .getPort())
                                        .set("options", JSON.createObjectNode().put("version", 18))));
        ((ObjectNode) specification).putArray("cases").add(cases.isEmpty() ? ALL : cases);
        ArrayNode without = ((ObjectNode) specification).putArray("exclude-cases");
        if (cases.isEmpty()) {
            without.add(PERFORMANCE);
        }
        run(specification.toString());
        JsonNode results = JSON.readTree(reports.resolve("index.json").toFile()).path(AGENT);
        assertThat(results.size()).isGreaterThan(cases.isEmpty() ? 240 : 0);
        results.properties().forEach(result -> {
            assertThat(result.getValue().path("behavior").asText())
                    .as(result.toString())
                    .isIn(WELL);
            assertThat(result.getValue().path("behaviorClose").asText())
                    .as(result.toString())
                    .isIn(WELL);
        });
    }

    /** In a JVM of its own: where it finds Java packages named io, Jython takes them for Python's module of that name. */
    private void run(String specification) throws Exception {
        Path script = Files.writeString(reports.resolve("run.py"), """
                import json
                from autobahntestsuite import wstest
                wstest.start({'mode': 'fuzzingclient', 'debug': False}, json.loads(r'''%s'''))
                """.formatted(specification));
        Process client = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        jarOf("me.normanmaurer.maven.autobahntestsuite.AutobahnTestSuite")
                                + File.pathSeparator
                                + jarOf("org.python.util.jython"),
                        "org.python.util.jython",
                        script.toString())
                .redirectErrorStream(true)
                .redirectOutput(reports.resolve("client.log").toFile())
                .start();
        try {
            assertThat(client.waitFor(20, TimeUnit.MINUTES)).isTrue();
            assertThat(client.exitValue())
                    .as(Files.readString(reports.resolve("client.log")))
                    .isZero();
        } finally {
            client.destroyForcibly();
        }
    }

    private static Path jarOf(String type) throws Exception {
        return Path.of(Class.forName(type, false, AutobahnTest.class.getClassLoader())
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
    }

    private static final class Echo extends SimpleChannelInboundHandler<WebSocketFrame> {
        @Override
        protected void channelRead0(ChannelHandlerContext context, WebSocketFrame frame) {
            context.writeAndFlush(frame.retain());
        }
    }
}
