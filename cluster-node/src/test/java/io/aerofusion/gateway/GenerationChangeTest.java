package io.aerofusion.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.aerofusion.gateway.GatewaySettings.Listener;
import io.aerofusion.gateway.GatewaySettings.Protocol;
import io.aerofusion.gateway.routing.Compiled;
import io.aerofusion.gateway.routing.Compiler;
import io.aerofusion.gateway.security.GuardPolicies;
import io.aerofusion.gateway.security.GuardState;
import io.aerofusion.gateway.upstream.ServiceLookup;
import io.aerofusion.gateway.upstream.Target;
import io.aerofusion.route.Generation;
import io.aerofusion.route.Resource;
import io.aerofusion.route.ResourceCodec;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What guards remember while one generation takes the place of another. */
final class GenerationChangeTest {
    private final List<Consumer<List<Target.Weighted>>> waiting = new ArrayList<>();
    private final GuardState state = new GuardState(
            (uri, headers, form) -> CompletableFuture.failedFuture(new IllegalStateException("nobody")),
            InstantSource.system(),
            System::nanoTime,
            () -> 1,
            ask -> CompletableFuture.failedFuture(new IllegalStateException("alone")));
    private final GuardPolicies policies = new GuardPolicies(state);
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private TestUpstream upstream;
    private Gateway gateway;
    private long number;
    /** What happens while the gateway is given a generation. */
    private Runnable meanwhile = () -> {};

    @BeforeEach
    void start() throws Exception {
        upstream = new TestUpstream(connection -> {
            while (connection.head() != null) {
                connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            }
        });
        gateway = Gateway.start(GatewaySettings.of(List.of(new Listener("http", "127.0.0.1", 0, Protocol.HTTP)))
                .withThreads(1)
                .withUpstreams(ServiceLookup.NONE, listener -> {
                    waiting.add(listener);
                    return () -> {};
                })
                .withPolicies(compiled -> {
                    meanwhile.run();
                    return policies.of(compiled);
                }));
    }

    @AfterEach
    void stop() throws Exception {
        client.shutdownNow();
        gateway.close();
        upstream.close();
        state.close();
    }

    private CompletionStage<Void> serve(String... more) throws Exception {
        String yaml = """
            - {kind: Upstream, metadata: {name: up}, spec: {endpoints: [{address: 127.0.0.1, port: %d}]}}
            - {kind: HTTPRoute, metadata: {name: r}, spec: {rules: [{backendRefs: [{name: up}]}]}}
            """.formatted(upstream.address().getPort()) + String.join("\n", more);
        List<Resource> resources = new ArrayList<>();
        for (JsonNode document : new YAMLMapper().readTree(yaml)) {
            resources.add(((ResourceCodec.Read.Valid) ResourceCodec.read(document, Instant.EPOCH)).resource());
        }
        Compiled compiled = (Compiled) new Compiler(gateway.doors(), InstantSource.system(), List.of())
                .compile(new Generation(++number, resources));
        return policies.serve(gateway, compiled, Runnable::run);
    }

    private int status() throws Exception {
        URI uri =
                URI.create("http://127.0.0.1:" + gateway.addresses().getFirst().getPort() + "/");
        return client.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.discarding())
                .statusCode();
    }

    @Test
    void what_the_generation_that_is_still_served_has_counted_is_kept_until_it_is_not() throws Exception {
        String limit = "- {kind: Policy, metadata: {name: p}, spec: {targetRefs: [{kind: HTTPRoute, name: r}],"
                + " rateLimit: [{key: ClientIP, requests: 1, unit: Hour, burst: 1}]}}";
        done(serve(limit));
        assertThat(status()).isEqualTo(200);
        assertThat(status()).isEqualTo(429);

        // The next generation waits for the endpoints of an upstream; before they come, somebody takes it back.
        CompletionStage<Void> waits = serve("- {kind: Upstream, metadata: {name: own}, spec: {platform: {}}}");
        assertThat(waits.toCompletableFuture()).isNotDone();
        assertThat(status()).isEqualTo(429);
        done(serve(limit));
        assertThat(status()).as("the limit was never out of service").isEqualTo(429);
        tellEndpoints();
        done(waits);
        assertThat(status())
                .as("a generation that comes too late changes nothing")
                .isEqualTo(429);

        done(serve());
        assertThat(status()).isEqualTo(200);
        done(serve(limit));
        assertThat(status()).as("what only the older one used was let go").isEqualTo(200);
        assertThat(status()).isEqualTo(429);
    }

    /** The one held the lock of the upstreams and waited for that of the gateway, the other the other way round. */
    @Test
    void the_last_endpoints_can_be_told_while_the_next_generation_is_given() throws Exception {
        String own = "- {kind: Upstream, metadata: {name: own}, spec: {platform: {}}}";
        CompletionStage<Void> waits = serve(own);
        assertThat(waits.toCompletableFuture()).isNotDone();
        Thread source = new Thread(this::tellEndpoints);
        source.setDaemon(true);
        AtomicBoolean told = new AtomicBoolean();
        meanwhile = () -> {
            source.start();
            try {
                told.set(source.join(Duration.ofSeconds(60)));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        };
        done(serve(own));
        assertThat(told).isTrue();
        done(waits);
        assertThat(gateway.generation()).isEqualTo(number);
    }

    private void tellEndpoints() {
        InetAddress here = InetAddress.getLoopbackAddress();
        waiting.forEach(listener ->
                listener.accept(List.of(new Target.Weighted(new Target(here.getHostAddress(), here, 1), 1))));
    }

    private static void done(CompletionStage<Void> swap) throws Exception {
        swap.toCompletableFuture().get(60, TimeUnit.SECONDS);
    }
}
