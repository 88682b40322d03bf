package io.aerofusion.load;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.sun.management.ThreadMXBean;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.aerofusion.gateway.Gateway;
import io.aerofusion.gateway.GatewaySettings;
import io.aerofusion.gateway.access.Observability;
import io.aerofusion.gateway.routing.Compiled;
import io.aerofusion.gateway.routing.Compiler;
import io.aerofusion.gateway.routing.Outcome;
import io.aerofusion.gateway.security.GuardPolicies;
import io.aerofusion.gateway.security.GuardState;
import io.aerofusion.platform.AccessLogLines;
import io.aerofusion.route.Generation;
import io.aerofusion.route.Resource;
import io.aerofusion.route.ResourceCodec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * The gateway's data path without a node around it, on one event loop: {@code PORT RESOURCES.yaml [PORT]}. On the second port it tells
 * everybody who connects how many bytes its threads have allocated so far. Ends with its process.
 */
public final class GatewayProcess {
    private static final Duration SERVED_MAX = Duration.ofSeconds(30);

    private GatewayProcess() {}

    public static void main(String[] arguments) throws Exception {
        int port = Integer.parseInt(arguments[0]);
        GatewaySettings settings = GatewaySettings.of(
                        List.of(new GatewaySettings.Listener("http", "127.0.0.1", port, GatewaySettings.Protocol.HTTP)))
                .withThreads(1)
                .withObservability(asANode())
                .withPolicies(new GuardPolicies(alone()));
        Gateway gateway = Gateway.start(settings);
        serve(gateway, Files.readString(Path.of(arguments[1])));
        System.out.println("serves " + gateway.addresses());
        if (arguments.length > 2) {
            tellAllocation(Integer.parseInt(arguments[2]));
        }
        Thread.currentThread().join(); // the event loops are daemons
    }

    /** The access log of a node's defaults, in a file that goes with the process. */
    private static Observability asANode() throws IOException {
        Config gateway = ConfigFactory.load().getConfig("aerofusion.gateway");
        Path directory = Files.createTempDirectory("gateway-log");
        directory.toFile().deleteOnExit();
        directory.resolve(gateway.getString("access-log.file")).toFile().deleteOnExit();
        return AccessLogLines.observability(gateway, directory);
    }

    private static void tellAllocation(int port) throws IOException {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (ServerSocket server = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
            while (true) {
                try (Socket socket = server.accept()) {
                    String total = Long.toString(threads.getTotalThreadAllocatedBytes());
                    socket.getOutputStream().write(total.getBytes(StandardCharsets.US_ASCII));
                }
            }
        }
    }

    private static GuardState alone() {
        return new GuardState(
                (uri, headers, form) -> CompletableFuture.failedStage(new IOException("no issuer is asked here")),
                InstantSource.system(),
                System::nanoTime,
                () -> 1,
                ask -> CompletableFuture.failedStage(new IOException("there is no cluster")));
    }

    /** Has a gateway serve these resources; returns when it does. @throws IllegalArgumentException with all that is wrong with them */
    static void serve(Gateway gateway, String yaml) {
        serve(gateway, 1, resources(yaml));
    }

    /** The same as the generation of this number. */
    static void serve(Gateway gateway, long number, List<Resource> resources) {
        Generation generation = new Generation(number, resources);
        Outcome outcome = new Compiler(gateway.doors(), InstantSource.system(), List.of()).compile(generation);
        switch (outcome) {
            case Compiled compiled -> Waiting.answer(gateway.swap(compiled), SERVED_MAX);
            case Outcome.Refused refused ->
                throw new IllegalArgumentException(refused.problems().toString());
        }
    }

    static List<Resource> resources(String text) {
        List<Resource> resources = new ArrayList<>();
        YAMLMapper yaml = new YAMLMapper();
        try (MappingIterator<JsonNode> documents =
                yaml.readerFor(JsonNode.class).readValues(text)) {
            while (documents.hasNext()) {
                ResourceCodec.Read read = ResourceCodec.read(documents.next(), Instant.EPOCH);
                switch (read) {
                    case ResourceCodec.Read.Valid valid -> resources.add(valid.resource());
                    case ResourceCodec.Read.Invalid invalid ->
                        throw new IllegalArgumentException(invalid.problems().toString());
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return resources;
    }
}
