package io.aerofusion.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.aerofusion.gateway.Gateway;
import io.aerofusion.gateway.GatewaySettings;
import io.aerofusion.route.Resource;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The short form of {@code ./run bench gateway-soak}: two data paths without nodes around them, some seconds. */
final class GatewaySoakTest {
    private static final GatewaySoak.Course SHORT = new GatewaySoak.Course(
            Duration.ZERO,
            Duration.ofMillis(300),
            Duration.ofSeconds(2),
            Duration.ofMillis(50),
            Duration.ofSeconds(2),
            Duration.ofMillis(200),
            Duration.ofMillis(700),
            Duration.ofMillis(200),
            4,
            Duration.ofMillis(20),
            1);

    @Test
    void nothing_is_lost_over_changes_a_dying_endpoint_and_a_restart(@TempDir Path directory) throws Exception {
        Screen quiet = new Screen(new PrintStream(PrintStream.nullOutputStream()), false);
        try (SoakEndpoints endpoints = new SoakEndpoints(directory);
                DataPaths gateways = new DataPaths()) {
            GatewaySoak soak = new GatewaySoak(quiet, SHORT, gateways, endpoints);
            soak.run();
            assertThat(soak.passed())
                    .as(soak.verdict() + "\n" + soak.tally().examples())
                    .isTrue();
            assertThat(soak.changes().inARow().count()).isPositive();
            assertThat(gateways.restarts).isEqualTo(1);
        }
    }

    @Test
    void what_never_began_is_ended_without_ado() {
        SoakReach reach = new SoakReach(1, gateway -> new InetSocketAddress(0), new SoakPresence(1));
        assertThatCode(reach::close).doesNotThrowAnyException();
    }

    /** Every publication goes to both at once, as nodes learn it from one another. */
    private static final class DataPaths implements SoakGateways {
        private static final Duration DRAIN_MAX = Duration.ofSeconds(60);

        private final Map<String, Resource> resources = new LinkedHashMap<>();
        private final List<Gateway> gateways = new ArrayList<>();
        private final List<InetSocketAddress> addresses = new ArrayList<>();
        /** Those that were ended: nothing can be served by them any more. */
        private final Set<Gateway> ended = new HashSet<>();

        private long generation;
        private int restarts;

        DataPaths() {
            for (int i = 0; i < 2; i++) {
                gateways.add(started(0));
                addresses.add(gateways.get(i).addresses().getFirst());
            }
        }

        private static Gateway started(int port) {
            return Gateway.start(GatewaySettings.of(List.of(
                            new GatewaySettings.Listener("http", "127.0.0.1", port, GatewaySettings.Protocol.HTTP)))
                    .withThreads(1));
        }

        @Override
        public int count() {
            return gateways.size();
        }

        @Override
        public InetSocketAddress address(int gateway) {
            return addresses.get(gateway);
        }

        @Override
        public synchronized void publish(int gateway, String yaml) {
            for (Resource resource : GatewayProcess.resources(yaml)) {
                resources.put(resource.kind() + "/" + resource.name(), resource);
            }
            serve();
        }

        @Override
        public synchronized void removeRoute(int gateway, String name) {
            resources.remove(io.aerofusion.route.Kind.HTTP_ROUTE + "/" + name);
            serve();
        }

        private void serve() {
            generation++;
            for (Gateway each : gateways) {
                if (!ended.contains(each)) {
                    GatewayProcess.serve(each, generation, List.copyOf(resources.values()));
                }
            }
        }

        @Override
        public void stop(int gateway) {
            Gateway leaving;
            synchronized (this) {
                leaving = gateways.get(gateway);
            }
            leaving.drain(DRAIN_MAX);
            // Requests under way take as long as the machine needs for them; WebSockets do not end by themselves.
            Waiting.until("only WebSockets are left", DRAIN_MAX, () -> leaving.connections() <= SHORT.webSockets());
            synchronized (this) {
                ended.add(leaving);
            }
            leaving.close();
        }

        @Override
        public synchronized void startAgain(int gateway) {
            Gateway again = started(addresses.get(gateway).getPort());
            GatewayProcess.serve(again, generation, List.copyOf(resources.values()));
            gateways.set(gateway, again);
            restarts++;
        }

        @Override
        public long heapBytes(int gateway) {
            return 0; // both are in this process, with everything else of it
        }

        @Override
        public void close() {
            gateways.forEach(Gateway::close);
        }
    }
}
