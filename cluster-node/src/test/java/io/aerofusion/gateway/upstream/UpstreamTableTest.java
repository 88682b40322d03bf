package io.aerofusion.gateway.upstream;

import static io.aerofusion.gateway.upstream.Bench.answered;
import static io.aerofusion.gateway.upstream.Bench.call;
import static io.aerofusion.gateway.upstream.Bench.endpoint;
import static io.aerofusion.gateway.upstream.Bench.target;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class UpstreamTableTest {
    private static final List<Failure> FAILURES = List.of(Failure.values());

    private final Bench bench = new Bench();

    @Test
    void equal_settings_leave_an_upstream_alone() {
        Upstream before = bench.upstream(s -> s, 1, 1);
        assertThat(bench.table.swap(List.of(Bench.settings())).get(Bench.NAME)).isSameAs(before);
        assertThat(bench.table.get(Bench.NAME)).isSameAs(before);
    }

    @Test
    void other_settings_keep_endpoints_with_health_breaker_and_counts() {
        Upstream before = bench.upstream(s -> s, 1, 1);
        for (int i = 0; i < 5; i++) {
            Bench.answeredBy(before, 1, 503);
        }
        long requests = before.state().requests();
        UpstreamSettings changed = Bench.with(Bench.settings(), Balancing.Method.ROUND_ROBIN);
        Upstream after = bench.table.swap(List.of(changed)).get(Bench.NAME);
        assertThat(after).isNotSameAs(before);
        assertThat(after.members()).containsExactly(before.members());
        assertThat(endpoint(after, 1).breaker.phase()).isEqualTo(BreakerPhase.OPEN);
        assertThat(after.state().requests()).isEqualTo(requests);
        assertThat(Bench.spread(after, 20)).containsOnlyKeys(target(2));
        bench.tell(changed, 1, 1, 1);
        assertThat(after.members()).as("the source goes on").hasSize(3);
    }

    @Test
    void another_origin_keeps_the_endpoints_that_both_name() {
        Upstream before = bench.upstream(s -> s, 1, 1);
        Endpoint kept = endpoint(before, 1);
        Endpoint gone = endpoint(before, 2);
        UpstreamSettings moved = Bench.with(Bench.settings(), new Origin.Service("elsewhere", null));
        Upstream after = bench.table.swap(List.of(moved)).get(Bench.NAME);
        assertThat(after.members()).as("until the new source tells").containsExactly(kept, gone);
        bench.tell(moved, 1);
        assertThat(after.members()).containsExactly(kept);
        assertThat(gone.removed()).isTrue();
        assertThat(bench.listeners).as("the old source is closed").hasSize(1);
    }

    @Test
    void another_transport_begins_with_new_endpoints() {
        Upstream before = bench.upstream(s -> s, 1);
        Endpoint old = endpoint(before, 1);
        UpstreamSettings http2 = Bench.with(Bench.settings(), new Transport(Transport.Protocol.HTTP2, null));
        Upstream after = bench.table.swap(List.of(http2)).get(Bench.NAME);
        bench.tell(http2, 1);
        assertThat(endpoint(after, 1)).isNotSameAs(old);
        bench.timeline.advance(UpstreamTable.RELEASE_AFTER.plus(UpstreamTable.TICK));
        assertThat(bench.released).containsExactly(old);
    }

    @Test
    void a_removed_endpoint_is_released_when_its_last_request_is_over() {
        Upstream upstream = bench.upstream(s -> s, 1, 1);
        Endpoint second = endpoint(upstream, 2);
        UpstreamCall call = call(upstream);
        while (call.endpoint() != second) {
            call.end();
            call = call(upstream);
        }
        bench.tell(upstream.settings(), 1);
        assertThat(second.removed()).isTrue();
        assertThat(Bench.spread(upstream, 50)).containsOnlyKeys(target(1));
        bench.timeline.advance(Duration.ofSeconds(5));
        assertThat(bench.released).isEmpty();
        assertThat(bench.table.draining()).isEqualTo(1);
        call.answered(200);
        call.end();
        bench.timeline.advance(UpstreamTable.TICK);
        assertThat(bench.released).containsExactly(second);
        assertThat(bench.table.draining()).isZero();
    }

    @Test
    void a_removed_upstream_ends_its_calls_and_is_gone() {
        Upstream upstream = bench.upstream(s -> s, 1);
        UpstreamCall call = call(upstream);
        assertThat(bench.table.swap(List.of())).isEmpty();
        assertThat(bench.listeners).isEmpty();
        assertThat(Bench.answered(upstream, 200))
                .as("a request of the generation before, which is served until the next is ready")
                .isSameAs(call.endpoint());
        call.answered(200);
        call.end();
        bench.timeline.advance(UpstreamTable.RELEASE_AFTER.minusMillis(1));
        assertThat(bench.released).isEmpty();
        bench.timeline.advance(UpstreamTable.TICK);
        assertThat(bench.released).hasSize(1);
        assertThat(bench.released.getFirst().removed()).isTrue();
        assertThat(bench.table.states()).isEmpty();
    }

    @Test
    void calls_of_the_generation_before_still_count() {
        Upstream before = bench.upstream(s -> s, 1);
        List<UpstreamCall> calls = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            calls.add(call(before));
        }
        Upstream after = bench.table
                .swap(List.of(Bench.with(Bench.settings(), Balancing.Method.LEAST_REQUEST)))
                .get(Bench.NAME);
        assertThat(after.state().active()).isEqualTo(5);
        calls.forEach(call -> {
            call.failed(Failure.CONNECT);
            call.end();
        });
        assertThat(after.state().active()).isZero();
        assertThat(after.begin(HashKey.NONE, true))
                .as("the breaker that they opened")
                .isEqualTo(Refusal.BREAKER_OPEN);
    }

    /** Its calls go on while the next generation takes over: nobody would have let in again what they threw out. */
    @Test
    void what_the_generation_before_throws_out_comes_back_where_the_next_one_does_not_look() {
        Upstream before = bench.upstream(s -> ejecting(s, Balancing.Method.ROUND_ROBIN), 1, 1);
        UpstreamSettings trusting = Bench.with(Bench.settings(), Balancing.Method.ROUND_ROBIN);
        Upstream after = bench.table.swap(List.of(trusting)).get(Bench.NAME);
        Endpoint endpoint = endpoint(after, 1);
        for (int i = 0; i < 5; i++) {
            Bench.answeredBy(before, 1, 500);
        }
        assertThat(endpoint.wellReputed()).isFalse();
        bench.timeline.advance(UpstreamTable.TICK);
        assertThat(endpoint.wellReputed()).isTrue();
    }

    @Test
    void limits_refuse_and_give_back() {
        Upstream upstream = bench.upstream(s -> Bench.with(s, new UpstreamLimits(2, 1, 3)), 1);
        Endpoint endpoint = endpoint(upstream, 1);
        List<UpstreamCall> calls = List.of(call(upstream), call(upstream), call(upstream));
        assertThat(upstream.begin(HashKey.NONE, true)).isEqualTo(Refusal.TOO_MANY_REQUESTS);
        calls.getFirst().end();
        calls.getFirst().end();
        assertThat(call(upstream)).as("ending twice gives back once").isNotNull();
        assertThat(upstream.begin(HashKey.NONE, true)).isEqualTo(Refusal.TOO_MANY_REQUESTS);
        assertThat(endpoint.tryConnect(false)).isTrue();
        assertThat(endpoint.tryConnect(false)).isTrue();
        assertThat(endpoint.tryConnect(false)).isFalse();
        assertThat(endpoint.tryConnect(true)).as("a loop's first").isTrue();
        assertThat(upstream.state().connections()).isEqualTo(3);
        endpoint.connectionClosed();
        endpoint.connectionClosed();
        assertThat(endpoint.tryConnect(false)).isTrue();
        assertThat(upstream.tryWait()).isTrue();
        assertThat(upstream.tryWait()).isFalse();
        upstream.waitEnded();
        assertThat(upstream.tryWait()).isTrue();
        assertThat(upstream.state().refused()).isEqualTo(3);
    }

    @Test
    void endpoints_beyond_the_bound_are_left_out() {
        Upstream upstream = bench.upstream(s -> s, new int[EndpointSet.ENDPOINTS_MAX + 5]);
        assertThat(upstream.members()).hasSize(EndpointSet.ENDPOINTS_MAX);
        assertThat(upstream.begin(HashKey.NONE, true)).as("weights are 0").isEqualTo(Refusal.NO_ENDPOINT);
    }

    /** Calls of an earlier generation do not tell; the numbers alone said that nothing had changed. */
    @Test
    void that_one_comes_and_another_goes_is_noticed() {
        UpstreamLoad load = new UpstreamLoad();
        Endpoint[] members = {new Endpoint(target(1), load), new Endpoint(target(2), load)};
        for (Endpoint member : members) {
            member.told(new Target.Weighted(member.target(), 1));
        }
        open(members[0].breaker);
        EndpointSet set = EndpointSet.of(members, null, Balancing.DEFAULT, load, Dice.FAIR);
        assertThat(set.outdated()).isFalse();
        open(members[1].breaker);
        assertThat(set.outdated()).isTrue();
        members[0].breaker.recoverNow();
        assertThat(set.outdated()).isTrue();
    }

    private static void open(Breaker breaker) {
        BreakerSettings settings = Bench.settings().breaker();
        while (!breaker.isOpen()) {
            breaker.failed(breaker.acquire(settings), settings, 0, false);
        }
    }

    /** A call that opens a breaker makes the set anew on its own thread, while the source tells that a weight is 0 now. */
    @ParameterizedTest
    @EnumSource(Balancing.Method.class)
    void a_set_can_be_made_while_its_weights_change(Balancing.Method method) throws Exception {
        Balancing balancing = Bench.with(Bench.settings(), method).balancing();
        UpstreamLoad load = new UpstreamLoad();
        Endpoint endpoint = new Endpoint(target(1), load);
        Endpoint other = new Endpoint(target(2), load);
        endpoint.told(new Target.Weighted(target(1), 1));
        EndpointRing ring =
                method == Balancing.Method.CONSISTENT_HASH ? new EndpointRing(new Endpoint[] {endpoint}) : null;
        AtomicBoolean over = new AtomicBoolean();
        try (ExecutorService source = Executors.newSingleThreadExecutor()) {
            Future<?> told = source.submit(() -> {
                for (int i = 0; !over.get(); i++) {
                    endpoint.told(new Target.Weighted(target(1), i & 1));
                    other.told(new Target.Weighted(target(2), i & 2, i & 4));
                }
            });
            try {
                for (int i = 0; i < 50_000; i++) {
                    EndpointSet set =
                            EndpointSet.of(new Endpoint[] {endpoint, other}, ring, balancing, load, Dice.FAIR);
                    for (EndpointSet.Level level : set.levels()) {
                        assertThat(level.eligible()).contains(level.balancer().pick(i));
                    }
                }
            } finally {
                over.set(true);
            }
            told.get(60, TimeUnit.SECONDS);
        }
    }

    /** Threads call and fail at random while generations, endpoints and time move: in the end nothing is under way and nothing leaks. */
    @Test
    void counts_are_right_whatever_happens_at_the_same_time() throws Exception {
        long seed = Long.getLong("upstream.seed", System.nanoTime());
        System.out.println("-Dupstream.seed=" + seed);
        Upstream first = bench.upstream(s -> ejecting(s, Balancing.Method.POWER_OF_TWO_CHOICES), 1, 1, 1);
        List<Endpoint> ever = new ArrayList<>(List.of(first.members()));
        ExecutorService threads = Executors.newFixedThreadPool(3);
        CountDownLatch over = new CountDownLatch(1);
        List<Future<Integer>> callers = new ArrayList<>();
        for (int t = 0; t < 3; t++) {
            Random random = new Random(seed + t);
            callers.add(threads.submit(() -> makeCalls(random, over)));
        }
        Random random = new Random(seed - 1);
        List<Balancing.Method> methods = List.of(Balancing.Method.values());
        for (int i = 0; i < 300; i++) {
            UpstreamSettings settings = ejecting(Bench.settings(), methods.get(random.nextInt(methods.size())));
            bench.table.swap(List.of(settings));
            int[] weights = new int[1 + random.nextInt(5)];
            for (int w = 0; w < weights.length; w++) {
                weights[w] = random.nextInt(4);
            }
            bench.tell(settings, weights);
            for (Endpoint endpoint : bench.table.get(Bench.NAME).members()) {
                if (!ever.contains(endpoint)) {
                    ever.add(endpoint);
                }
            }
            bench.timeline.advance(Duration.ofMillis(random.nextInt(3_000)));
        }
        over.countDown();
        int calls = 0;
        for (Future<Integer> caller : callers) {
            calls += caller.get(60, TimeUnit.SECONDS);
        }
        threads.shutdown();
        assertThat(threads.awaitTermination(60, TimeUnit.SECONDS)).isTrue();
        bench.timeline.advance(Duration.ofSeconds(1_000));
        Upstream last = bench.table.get(Bench.NAME);
        assertThat(calls).isPositive();
        assertThat(last.state().active()).isZero();
        assertThat(ever).allMatch(endpoint -> endpoint.active() == 0);
        assertThat(last.members()).noneMatch(endpoint -> endpoint.breaker.isOpen() || !endpoint.wellReputed());
        bench.table.swap(List.of());
        bench.timeline.advance(UpstreamTable.RELEASE_AFTER.plus(UpstreamTable.TICK));
        assertThat(bench.table.draining()).isZero();
        assertThat(bench.released).doesNotHaveDuplicates().containsExactlyInAnyOrderElementsOf(ever);
        assertThat(ever).allMatch(Endpoint::removed);
    }

    private int makeCalls(Random random, CountDownLatch over) {
        int calls = 0;
        while (over.getCount() > 0) {
            Upstream upstream = bench.table.get(Bench.NAME);
            if (upstream != null
                    && upstream.begin(random.nextInt(100), random.nextBoolean()) instanceof UpstreamCall call) {
                calls++;
                do {
                    if (random.nextInt(4) > 0) {
                        call.answered(random.nextBoolean() ? 200 : 503);
                    } else {
                        call.failed(FAILURES.get(random.nextInt(FAILURES.size())));
                    }
                } while (call.retry() != null);
                call.end();
            }
        }
        return calls;
    }

    private static UpstreamSettings ejecting(UpstreamSettings settings, Balancing.Method method) {
        return Bench.with(
                Bench.with(settings, method), new PassiveCheck(5, Duration.ofSeconds(30), 50, Duration.ofSeconds(3)));
    }

    @Test
    void an_upstream_that_nobody_can_tell_holds_up_nothing_for_long() {
        Upstream upstream = bench.table.swap(List.of(Bench.settings())).get(Bench.NAME);
        bench.timeline.advance(Duration.ofMillis(1_900));
        assertThat(upstream.known().toCompletableFuture()).isNotDone();
        bench.timeline.advance(Duration.ofMillis(200));
        assertThat(upstream.known().toCompletableFuture()).isDone();
        assertThat(upstream.begin(HashKey.NONE, true)).isEqualTo(Refusal.NO_ENDPOINT);
    }

    @Test
    void is_known_when_the_source_has_told() {
        UpstreamSettings settings = Bench.settings();
        Upstream upstream = bench.table.swap(List.of(settings)).get(Bench.NAME);
        assertThat(upstream.known().toCompletableFuture()).isNotDone();
        assertThat(upstream.begin(HashKey.NONE, true)).isEqualTo(Refusal.NO_ENDPOINT);
        bench.tell(settings);
        assertThat(upstream.known().toCompletableFuture()).isDone();
        assertThat(bench.table.known(Duration.ofSeconds(30)).toCompletableFuture())
                .isDone();
        bench.tell(settings, 1);
        assertThat(answered(upstream, 200).target()).isEqualTo(target(1));
    }
}
