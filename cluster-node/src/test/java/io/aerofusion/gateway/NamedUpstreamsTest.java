package io.aerofusion.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.aerofusion.gateway.GatewaySettings.Listener;
import io.aerofusion.gateway.GatewaySettings.Protocol;
import io.aerofusion.gateway.upstream.DnsServer;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Upstreams whose endpoints are names: what a name server says decides where requests arrive. */
class NamedUpstreamsTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    private final MultiThreadIoEventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final DnsServer names = new DnsServer(group);
    private final Backend a = new Backend();
    private final Backend b = new Backend();
    private final Backend spare = new Backend();
    private final Gateway gateway =
            Gateway.start(GatewaySettings.of(List.of(new Listener("http", "127.0.0.1", 0, Protocol.HTTP)))
                    .withThreads(1)
                    .withNameServers(List.of(names.address())));

    NamedUpstreamsTest() throws IOException {}

    @AfterEach
    void stop() throws IOException {
        gateway.close();
        a.close();
        b.close();
        spare.close();
        names.close();
        assertThat(group.shutdownGracefully(0, 10, TimeUnit.SECONDS).awaitUninterruptibly(60_000))
                .isTrue();
    }

    private String service(int priority, int weight, Backend backend, String target) {
        return priority + " " + weight + " " + backend.address().getPort() + " " + target;
    }

    private void serve(String dns) throws Exception {
        TestRoutes.yaml(gateway, """
            - {kind: Upstream, metadata: {name: up}, spec: {dns: {%s}}}
            - {kind: HTTPRoute, metadata: {name: all}, spec: {rules: [{backendRefs: [{name: up}]}]}}
            """.formatted(dns));
    }

    @Test
    void recordsOfServicesTellPortsWeightsAndWhenTheyChange() throws Exception {
        names.addresses("one.test", 300, "127.0.0.1");
        names.addresses("two.test", 300, "127.0.0.1");
        names.services(
                "_shop._tcp.test",
                1,
                service(10, 3, a, "one.test"),
                service(10, 1, b, "two.test"),
                service(20, 100, spare, "two.test"));
        serve("hostname: _shop._tcp.test, type: SRV");
        try (var client = new RawClient(gateway.addresses().getFirst())) {
            for (int i = 0; i < 200; i++) assertThat(client.get("/").status()).isEqualTo(200);
            assertThat(b.requests.get()).isPositive().isLessThan(a.requests.get());
            assertThat(spare.requests).as("of a lesser priority").hasValue(0);

            names.services("_shop._tcp.test", 1, service(10, 1, spare, "one.test"));
            await().atMost(LIMIT)
                    .until(() -> client.get("/")
                            .body()
                            .endsWith(" " + spare.address().getPort()));
            int before = a.requests.get() + b.requests.get();
            for (int i = 0; i < 50; i++) assertThat(client.get("/").status()).isEqualTo(200);
            assertThat(a.requests.get() + b.requests.get()).isEqualTo(before);
        }
    }

    @Test
    void aNameLeadsToItsAddress() throws Exception {
        names.addresses("orders.test", 300, "127.0.0.1");
        serve("hostname: orders.test, port: " + a.address().getPort());
        try (var client = new RawClient(gateway.addresses().getFirst())) {
            assertThat(client.get("/").body()).isEqualTo("from " + a.address().getPort());
        }
        assertThat(gateway.upstreamStates().getFirst().endpoints()).hasSize(1);
    }
}
