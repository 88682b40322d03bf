package io.aerofusion.gateway.upstream;

import static io.aerofusion.gateway.upstream.Bench.call;
import static io.aerofusion.gateway.upstream.Bench.spread;
import static io.aerofusion.gateway.upstream.Bench.target;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class BalancerTest {
    private static final Balancing HASH = new Balancing(
            Balancing.Method.CONSISTENT_HASH,
            new Balancing.HashOn(Balancing.HashOn.Of.HEADER, "X-Customer"),
            Duration.ZERO);

    private final Bench bench = new Bench();

    @BeforeEach
    void tell_the_seed() {
        System.out.println("-Dupstream.seed=" + bench.seed);
    }

    @ParameterizedTest
    @EnumSource(Balancing.Method.class)
    void an_idle_upstream_sees_the_weights(Balancing.Method method) {
        Upstream upstream = bench.upstream(s -> Bench.with(s, method), 1, 3, 6, 0);
        Map<Target, Integer> counts = spread(upstream, 20_000);
        assertThat(counts.get(target(1))).isCloseTo(2_000, within(300));
        assertThat(counts.get(target(2))).isCloseTo(6_000, within(500));
        assertThat(counts.get(target(3))).isCloseTo(12_000, within(500));
        assertThat(counts).as("weight 0 gets nothing").hasSize(3);
    }

    @Test
    void round_robin_takes_exact_turns_and_interleaves() {
        Upstream upstream = bench.upstream(s -> Bench.with(s, Balancing.Method.ROUND_ROBIN), 2, 4, 2);
        List<Target> order = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            order.add(Bench.answered(upstream, 200).target());
        }
        assertThat(order).filteredOn(target(2)::equals).hasSize(4);
        assertThat(order).filteredOn(target(1)::equals).hasSize(2);
        for (int i = 0; i < 8; i++) {
            assertThat(List.of(order.get(i), order.get((i + 1) % 8), order.get((i + 2) % 8)))
                    .as("never three times in a row")
                    .isNotEqualTo(List.of(target(2), target(2), target(2)));
        }
    }

    @Test
    void round_robin_rounds_weights_that_would_need_too_long_an_order() {
        Upstream upstream = bench.upstream(s -> Bench.with(s, Balancing.Method.ROUND_ROBIN), 999_983, 1, 500_009);
        Map<Target, Integer> counts = spread(upstream, Balancer.RoundRobin.TURNS_MAX);
        assertThat(counts.get(target(1))).isCloseTo(2_731, within(10));
        assertThat(counts.get(target(2))).isBetween(1, 2);
    }

    @Test
    void least_request_takes_the_least_loaded_in_proportion_to_its_weight() {
        Upstream upstream = bench.upstream(s -> Bench.with(s, Balancing.Method.LEAST_REQUEST), 1, 2, 1);
        for (int i = 0; i < 400; i++) {
            call(upstream);
        }
        assertThat(Bench.endpoint(upstream, 1).active()).isCloseTo(100, within(2));
        assertThat(Bench.endpoint(upstream, 2).active()).isCloseTo(200, within(2));
        assertThat(Bench.endpoint(upstream, 3).active()).isCloseTo(100, within(2));
    }

    @Test
    void two_choices_keep_the_fullest_near_the_average_where_one_would_not() {
        int[] weights = new int[50];
        Arrays.fill(weights, 1);
        Upstream upstream = bench.upstream(s -> s, weights);
        for (int i = 0; i < 5_000; i++) {
            call(upstream);
        }
        int fullest = Arrays.stream(upstream.members())
                .mapToInt(Endpoint::active)
                .max()
                .orElseThrow();
        assertThat(fullest).as("of an average of 100").isLessThanOrEqualTo(105);
    }

    @Test
    void two_choices_avoid_a_slow_endpoint() {
        Upstream upstream = bench.upstream(s -> s, 1, 1, 1, 1);
        Deque<UpstreamCall> slow = new ArrayDeque<>();
        int there = 0;
        for (int i = 0; i < 4_000; i++) {
            UpstreamCall call = call(upstream);
            if (call.endpoint().target().equals(target(1))) {
                there++;
                slow.add(call);
            } else {
                call.end();
            }
            if (i % 40 == 0 && !slow.isEmpty()) {
                slow.remove().end();
            }
        }
        assertThat(there).as("not much more than the hundred that it can end").isLessThan(400);
    }

    @Test
    void a_key_keeps_its_endpoint_and_only_the_keys_of_a_removed_one_move() {
        Upstream upstream = bench.upstream(s -> Bench.with(s, HASH), 1, 1, 1, 1, 1, 1, 1, 1, 1, 1);
        Map<Integer, Target> before = owners(upstream);
        assertThat(owners(upstream)).isEqualTo(before);
        Target gone = target(4);
        List<Target.Weighted> rest = new ArrayList<>();
        for (int i = 1; i <= 10; i++) {
            if (!target(i).equals(gone)) {
                rest.add(new Target.Weighted(target(i), 1));
            }
        }
        bench.listeners.get(upstream.settings().origin()).accept(rest);
        Map<Integer, Target> after = owners(upstream);
        before.forEach((key, owner) -> {
            if (!owner.equals(gone)) {
                assertThat(after.get(key)).as("key " + key).isEqualTo(owner);
            }
        });
        assertThat(after.values()).doesNotContain(gone);
    }

    @Test
    void shares_on_the_ring_are_near_the_weights() {
        Upstream upstream = bench.upstream(s -> Bench.with(s, HASH), 1, 1, 2);
        Map<Target, Integer> counts = new HashMap<>();
        owners(upstream).values().forEach(owner -> counts.merge(owner, 1, Integer::sum));
        assertThat(counts.get(target(3))).isCloseTo(1_000, within(250));
        assertThat(counts.get(target(1))).isCloseTo(500, within(200));
    }

    @Test
    void the_keys_of_an_endpoint_that_is_out_are_spread_within_their_neighbours_load_and_come_back() {
        Upstream upstream = bench.upstream(
                s -> Bench.with(
                        Bench.with(s, HASH), new PassiveCheck(1, Duration.ofSeconds(30), 50, Duration.ofSeconds(10))),
                1,
                1,
                1,
                1);
        Map<Integer, Target> before = owners(upstream);
        int key = before.entrySet().stream()
                .filter(e -> e.getValue().equals(target(2)))
                .findFirst()
                .orElseThrow()
                .getKey();
        UpstreamCall failing = call(upstream, HashKey.of("customer-" + key));
        failing.answered(500);
        failing.end();
        Map<Target, Integer> counts = new HashMap<>();
        List<UpstreamCall> hot = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            UpstreamCall call = call(upstream, HashKey.of("customer-" + key));
            hot.add(call);
            counts.merge(call.endpoint().target(), 1, Integer::sum);
        }
        assertThat(counts).doesNotContainKey(target(2));
        assertThat(counts.values()).as("nobody over 5/4 of a third").allMatch(count -> count <= 126);
        hot.forEach(UpstreamCall::end);
        bench.timeline.advance(Duration.ofSeconds(31));
        assertThat(owners(upstream)).isEqualTo(before);
    }

    @Test
    void requests_without_the_key_go_anywhere() {
        Upstream upstream = bench.upstream(s -> Bench.with(s, HASH), 1, 1, 1);
        assertThat(spread(upstream, 1_000)).hasSize(3);
    }

    @Test
    void an_endpoint_that_joins_starts_slowly() {
        UpstreamSettings slow = Bench.with(
                Bench.settings(),
                new Balancing(Balancing.Method.ROUND_ROBIN, Balancing.DEFAULT.hashOn(), Duration.ofSeconds(60)));
        Upstream upstream = bench.upstream(s -> slow, 1);
        assertThat(upstream.state().endpoints().getFirst().warm())
                .as("the first need not")
                .isEqualTo(100);
        bench.tell(slow, 1, 1);
        assertThat(spread(upstream, 10_000).get(target(2))).isBetween(200, 1_200);
        bench.timeline.advance(Duration.ofSeconds(30));
        assertThat(upstream.state().endpoints().getLast().warm()).isBetween(49, 51);
        assertThat(spread(upstream, 10_000).get(target(2))).isBetween(2_000, 4_200);
        bench.timeline.advance(Duration.ofSeconds(31));
        assertThat(spread(upstream, 10_000).get(target(2))).isCloseTo(5_000, within(2));
    }

    private static Map<Integer, Target> owners(Upstream upstream) {
        Map<Integer, Target> owners = new HashMap<>();
        for (int i = 0; i < 2_000; i++) {
            UpstreamCall call = call(upstream, HashKey.of("customer-" + i));
            call.end();
            owners.put(i, call.endpoint().target());
        }
        return owners;
    }
}
