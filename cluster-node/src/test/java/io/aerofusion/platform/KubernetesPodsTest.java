package io.aerofusion.platform;

import static io.aerofusion.platform.KubernetesStandIn.notReady;
import static io.aerofusion.platform.KubernetesStandIn.pod;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.aerofusion.gateway.TestCertificates;
import io.aerofusion.gateway.upstream.ServiceLookup;
import io.aerofusion.gateway.upstream.Target;
import io.aerofusion.platform.persistence.StartException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the discovery of a node makes of the answers of a Kubernetes API server. */
final class KubernetesPodsTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    @TempDir
    private Path account;

    private KubernetesStandIn kubernetes;
    private @Nullable ActorTestKit system;

    @BeforeEach
    void start() throws Exception {
        kubernetes = new KubernetesStandIn(account);
    }

    @AfterEach
    void stop() {
        if (system != null) {
            system.shutdownTestKit();
        }
        kubernetes.close();
    }

    private ServiceLookup discovery(Map<String, Object> more) {
        Map<String, Object> settings = new HashMap<>(kubernetes.settings());
        settings.put("aerofusion.gateway.discovery", "kubernetes-api");
        settings.put("akka.actor.provider", "local");
        settings.putAll(more);
        Config config = NodeConfig.load(ConfigFactory.parseMap(settings));
        ActorTestKit started = ActorTestKit.create("pods", config);
        system = started;
        return ServiceDiscovery.of(config, started.system(), Runnable::run);
    }

    /** Asks again and again: on a busy machine the first connection may take longer than a question may. */
    private static List<Target.Weighted> found(ServiceLookup discovery, @Nullable String port) {
        return await().atMost(LIMIT)
                .ignoreExceptionsInstanceOf(ExecutionException.class)
                .until(
                        () -> discovery
                                .lookup("shop", port)
                                .toCompletableFuture()
                                .get(60, TimeUnit.SECONDS),
                        any -> true);
    }

    private static void awaitFailure(ServiceLookup discovery, @Nullable String port, String... words) {
        await().atMost(LIMIT)
                .untilAsserted(() -> assertThatThrownBy(() -> discovery
                                .lookup("shop", port)
                                .toCompletableFuture()
                                .get(60, TimeUnit.SECONDS))
                        .isInstanceOf(ExecutionException.class)
                        .cause()
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContainingAll(words));
    }

    @Test
    void pods_are_named_as_in_the_dns_of_the_cluster() throws Exception {
        kubernetes.pods = List.of(pod("one", "10.1.2.3", "http:8080"), pod("two", "fd00::7", "http:8081"));
        List<Target.Weighted> found = found(discovery(Map.of()), "http");
        assertThat(found)
                .extracting(weighted -> weighted.target().hostname())
                .containsExactly("10-1-2-3.hangar.pod.cluster.local", "fd00--7.hangar.pod.cluster.local");
        assertThat(found)
                .extracting(weighted -> weighted.target().text())
                .containsExactly("10.1.2.3:8080", "[fd00:0:0:0:0:0:0:7]:8081");
        assertThat(kubernetes.questions).containsOnly("/api/v1/namespaces/hangar/pods?labelSelector=app%3Dshop");
    }

    @Test
    void the_only_port_needs_no_name_and_of_several_one_is_to_be_named() throws Exception {
        kubernetes.pods = List.of(pod("one", "10.1.2.3", ":8080"));
        ServiceLookup discovery = discovery(Map.of("akka.discovery.kubernetes-api.use-raw-ip", true));
        assertThat(found(discovery, null))
                .extracting(weighted ->
                        weighted.target().hostname() + " " + weighted.target().text())
                .containsExactly("10.1.2.3 10.1.2.3:8080");
        kubernetes.pods = List.of(pod("one", "10.1.2.3", "http:8080", "grpc:9000"));
        awaitFailure(discovery, null, "portName", "[grpc:9000, http:8080]");
        awaitFailure(discovery, "https", "named https", "http:8080");
        kubernetes.pods = List.of(notReady(kubernetes.pods.getFirst()));
        assertThat(found(discovery, "http")).isEmpty();
    }

    @Test
    void what_is_refused_says_why() throws Exception {
        kubernetes.mayList = false;
        ServiceLookup discovery = discovery(Map.of());
        awaitFailure(
                discovery,
                "http",
                "needs a Role with the verb list for pods",
                "pods is forbidden: User \"system:serviceaccount:hangar:aerofusion\"");
        kubernetes.goodToken = "another";
        awaitFailure(discovery, "http", "refuses the token in " + account.resolve("token"));
        Files.delete(account.resolve("token"));
        awaitFailure(discovery, "http", "The token of the service account cannot be read");
    }

    @Test
    void a_server_of_another_authority_is_not_told_the_token() throws Exception {
        Path authority = account.resolve("ca.crt");
        String right = Files.readString(authority);
        Files.writeString(authority, new TestCertificates().authorityPem);
        ServiceLookup discovery = discovery(Map.of());
        awaitFailure(discovery, "http", "does not answer", "SSLHandshakeException");
        assertThat(kubernetes.questions).isEmpty();
        Files.writeString(authority, right); // it was renewed
        assertThat(found(discovery, "http")).isEmpty();
        Files.writeString(authority, "no certificate");
        awaitFailure(discovery, "http", "cannot be read from " + authority);
    }

    /** Its connection stayed, and each further question took another one. */
    @Test
    void an_answer_that_does_not_end_is_broken_off() {
        kubernetes.trickles = true;
        ServiceLookup discovery = discovery(Map.of());
        await().atMost(LIMIT).until(() -> {
            assertThatThrownBy(() -> discovery
                            .lookup("shop", "http")
                            .toCompletableFuture()
                            .get(60, TimeUnit.SECONDS))
                    .hasStackTraceContaining("does not answer");
            return kubernetes.brokenOff.await(1, TimeUnit.SECONDS);
        });
    }

    @Test
    void a_namespace_that_is_set_comes_first() throws Exception {
        awaitFailure(
                discovery(Map.of("akka.discovery.kubernetes-api.pod-namespace", "apron")),
                "http",
                "does not list the pods of apron (404: the server could not find");
        assertThat(kubernetes.questions).containsOnly("/api/v1/namespaces/apron/pods?labelSelector=app%3Dshop");
    }

    @Test
    void a_start_outside_of_a_pod_says_what_is_missing() {
        assertThatThrownBy(() -> discovery(Map.of(
                        "akka.discovery.kubernetes-api.api-service-host",
                        "",
                        "akka.discovery.kubernetes-api.api-service-host-env-name",
                        "AEROFUSION_NO_SUCH_VARIABLE")))
                .isInstanceOf(StartException.class)
                .hasMessageContaining("the variable AEROFUSION_NO_SUCH_VARIABLE is not set");
    }
}
