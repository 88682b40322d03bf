package io.aerofusion.gateway.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import io.aerofusion.gateway.upstream.RetryPolicy.Condition;
import io.aerofusion.route.PolicySpec;
import io.aerofusion.route.RouteSpec;
import io.aerofusion.route.UpstreamSpec;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class SettingsOfSpecTest {
    private static final UpstreamSpec PLAIN =
            UpstreamSpec.of(UpstreamSpec.Protocol.HTTP, List.of(new UpstreamSpec.Endpoint("10.0.0.1", 8080, null)));

    /** The defaults are a promise: docs/gateway.md states them. */
    @Test
    void what_is_not_said_is_the_default() {
        UpstreamSettings settings = UpstreamSettings.of("orders", PLAIN);
        assertThat(settings)
                .isEqualTo(UpstreamSettings.of(
                        "orders", new Origin.Listed(List.of(new Origin.Address("10.0.0.1", 8080, 1)))));
        assertThat(settings.breaker()).isEqualTo(new BreakerSettings(5, Duration.ofSeconds(30), 2, false));
        assertThat(settings.limits()).isEqualTo(new UpstreamLimits(10_000, 1_024, 50_000));
        assertThat(settings.retryShare()).isEqualTo(new RetryShare(20, 10));
        assertThat(settings.timeouts())
                .isEqualTo(new UpstreamTimeouts(Duration.ofSeconds(1), Duration.ofSeconds(60), Duration.ofSeconds(30)));
        assertThat(settings.retry())
                .isEqualTo(new RetryPolicy(
                        2,
                        EnumSet.of(Condition.CONNECT_FAILURE, Condition.REFUSED_STREAM, Condition.RESET),
                        List.of(),
                        Duration.ZERO,
                        Duration.ofMillis(25),
                        Duration.ofMillis(250)));
        assertThat(settings.balancing().method()).isEqualTo(Balancing.Method.POWER_OF_TWO_CHOICES);
        assertThat(settings.active()).isNull();
        assertThat(settings.passive()).isNull();
    }

    @Test
    void a_breaker_that_is_asked_for_keeps_the_limits_and_counts_every_5xx() {
        UpstreamSettings settings = UpstreamSettings.of(
                "orders",
                new UpstreamSpec(
                        UpstreamSpec.Protocol.GRPC,
                        null,
                        null,
                        new UpstreamSpec.Discovery("orders", "grpc"),
                        null,
                        null,
                        PLAIN.loadBalancer(),
                        null,
                        new UpstreamSpec.CircuitBreaker(3, null, null, null, null, null),
                        null,
                        null,
                        PLAIN.timeout()));
        assertThat(settings.breaker()).isEqualTo(new BreakerSettings(3, Duration.ofSeconds(30), 2, true));
        assertThat(settings.limits()).isEqualTo(UpstreamLimits.DEFAULT);
        assertThat(settings.transport()).isEqualTo(new Transport(Transport.Protocol.HTTP2, null));
        assertThat(settings.origin()).isEqualTo(new Origin.Service("orders", "grpc"));
    }

    @Test
    void everything_that_is_said_arrives() {
        UpstreamSpec.Tls tls = new UpstreamSpec.Tls("orders.internal", null, null, false);
        UpstreamSettings settings = UpstreamSettings.of(
                "orders",
                new UpstreamSpec(
                        UpstreamSpec.Protocol.HTTPS,
                        null,
                        new UpstreamSpec.Dns(
                                "_http._tcp.orders", null, UpstreamSpec.Dns.RecordType.SRV, Duration.ofSeconds(9)),
                        null,
                        null,
                        tls,
                        new UpstreamSpec.LoadBalancer(
                                UpstreamSpec.LoadBalancerType.CONSISTENT_HASH,
                                new UpstreamSpec.ConsistentHash(UpstreamSpec.ConsistentHash.Type.HEADER, "X-Customer"),
                                new UpstreamSpec.SlowStart(Duration.ofSeconds(20))),
                        new UpstreamSpec.HealthCheck(
                                new UpstreamSpec.Active(
                                        "/up", Duration.ofSeconds(7), Duration.ofSeconds(3), 4, 5, List.of(200, 204)),
                                new UpstreamSpec.Passive(6, Duration.ofSeconds(8), 30, Duration.ofSeconds(11))),
                        new UpstreamSpec.CircuitBreaker(3, Duration.ofSeconds(4), 1, 10, 20, 30),
                        new UpstreamSpec.Retry(
                                4,
                                List.of("5xx", "connect-failure", "429"),
                                new UpstreamSpec.PerRetry(
                                        Duration.ofSeconds(2),
                                        new UpstreamSpec.BackOff(Duration.ofMillis(5), Duration.ofMillis(50)))),
                        new UpstreamSpec.RetryBudget(5, 1),
                        new UpstreamSpec.Timeout(Duration.ofSeconds(2), Duration.ofSeconds(3), Duration.ofSeconds(4))));
        assertThat(settings)
                .isEqualTo(new UpstreamSettings(
                        "orders",
                        new Transport(Transport.Protocol.HTTP1, tls),
                        new Origin.DnsServices("_http._tcp.orders", Duration.ofSeconds(9)),
                        new Balancing(
                                Balancing.Method.CONSISTENT_HASH,
                                new Balancing.HashOn(Balancing.HashOn.Of.HEADER, "x-customer"),
                                Duration.ofSeconds(20)),
                        new ActiveCheck(
                                new Probe.Http("/up", Set.of(200, 204)),
                                Duration.ofSeconds(7),
                                Duration.ofSeconds(3),
                                4,
                                5),
                        new PassiveCheck(6, Duration.ofSeconds(8), 30, Duration.ofSeconds(11)),
                        new BreakerSettings(3, Duration.ofSeconds(4), 1, true),
                        new UpstreamLimits(10, 20, 30),
                        new RetryPolicy(
                                4,
                                EnumSet.of(Condition.SERVER_ERROR, Condition.CONNECT_FAILURE, Condition.REFUSED_STREAM),
                                List.of(429),
                                Duration.ofSeconds(2),
                                Duration.ofMillis(5),
                                Duration.ofMillis(50)),
                        new RetryShare(5, 1),
                        new UpstreamTimeouts(Duration.ofSeconds(2), Duration.ofSeconds(3), Duration.ofSeconds(4))));
    }

    @Test
    void an_endpoint_is_asked_what_its_check_says() {
        assertThat(probe(UpstreamSpec.CheckType.HTTP, null)).isEqualTo(new Probe.Http("/", Set.of(200)));
        assertThat(probe(UpstreamSpec.CheckType.TCP, null)).isEqualTo(new Probe.Connect());
        assertThat(probe(UpstreamSpec.CheckType.GRPC, null)).isEqualTo(new Probe.Grpc(""));
        assertThat(probe(UpstreamSpec.CheckType.GRPC, new UpstreamSpec.Grpc("orders.v1.Orders")))
                .isEqualTo(new Probe.Grpc("orders.v1.Orders"));
    }

    private static Probe probe(UpstreamSpec.CheckType type, UpstreamSpec.Grpc grpc) {
        var active = new UpstreamSpec.Active(type, null, null, null, null, null, null, grpc, null);
        UpstreamSettings settings = UpstreamSettings.of(
                "orders",
                new UpstreamSpec(
                        UpstreamSpec.Protocol.GRPC,
                        PLAIN.endpoints(),
                        null,
                        null,
                        null,
                        null,
                        null,
                        new UpstreamSpec.HealthCheck(active, null),
                        null,
                        null,
                        null,
                        null));
        return settings.active().probe();
    }

    @Test
    void a_policy_on_the_upstream_has_the_last_word_on_retries_and_time() {
        UpstreamSpec.Retry retry = new UpstreamSpec.Retry(7, List.of("503"), null);
        PolicySpec policy = new PolicySpec(
                List.of(),
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                retry,
                new PolicySpec.Timeout(Duration.ofSeconds(77)));
        UpstreamSettings settings = UpstreamSettings.of("orders", PLAIN, policy, UpstreamTimeouts.DEFAULT);
        assertThat(settings.timeouts().request()).isEqualTo(Duration.ofSeconds(77));
        assertThat(settings.retry()).isEqualTo(RetryPolicy.of(retry));
    }

    @Test
    void a_rule_s_retry_has_codes_attempts_and_a_pause() {
        RetryPolicy policy =
                RetryPolicy.of(new RouteSpec.Retry(List.of(500, 409), 3, Duration.ofMillis(10)), Duration.ofSeconds(1));
        assertThat(policy)
                .isEqualTo(new RetryPolicy(
                        3,
                        EnumSet.of(Condition.CONNECT_FAILURE, Condition.REFUSED_STREAM, Condition.RESET),
                        List.of(500, 409),
                        Duration.ofSeconds(1),
                        Duration.ofMillis(10),
                        Duration.ofMillis(100)));
    }
}
