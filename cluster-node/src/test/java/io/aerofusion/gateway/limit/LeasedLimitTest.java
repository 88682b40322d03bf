package io.aerofusion.gateway.limit;

import static org.assertj.core.api.Assertions.assertThat;

import io.aerofusion.gateway.limit.LimitLeases.Ask;
import io.aerofusion.gateway.limit.LimitLeases.Lease;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.Test;

class LeasedLimitTest {
    private static final long MILLI = 1_000_000L;
    private static final int NODES = 3;
    private static final Rate RATE = new Rate(100, Duration.ofSeconds(1), 200);
    /** Waits for an answer as long as the test takes to deliver it. */
    private static final LeaseBounds PATIENT =
            new LeaseBounds(0.25, Duration.ofSeconds(1), Duration.ofHours(1), Duration.ofSeconds(1), 8);

    private static final int HELD_MAX = NODES * LeaseBounds.DEFAULT.leaseMax(RATE, NODES);

    private final AtomicLong nanos = new AtomicLong(123);
    private final LimitOwner owner = new LimitOwner(1024, nanos::get);
    private final LongAdder onShare = new LongAdder();
    private final Queue<Runnable> onTheWay = new ArrayDeque<>();
    private final Map<Rate, List<LeasedLimit>> turns = new HashMap<>();
    private boolean silent;
    private boolean failing;

    /** Answers when the test delivers. */
    private CompletionStage<Lease> ask(Ask ask) {
        if (failing) return CompletableFuture.failedFuture(new IllegalStateException("moving"));
        CompletableFuture<Lease> answer = new CompletableFuture<>();
        if (!silent) onTheWay.add(() -> answer.complete(owner.grant(ask)));
        return answer;
    }

    private void deliver() {
        for (Runnable next = onTheWay.poll(); next != null; next = onTheWay.poll()) next.run();
    }

    @Test
    void theNodesTogetherNeverPassMoreThanTheLimitAndWhatTheyHeld() {
        assertBound(1, 0.9);
    }

    /** Requests of all costs were charged with no more than a node may hold, so that 1,200 units passed a burst of 200. */
    @Test
    void theBoundHoldsWhateverRequestsCost() {
        assertBound(RATE.burst(), 0);
    }

    private void assertBound(int costMax, double mostlyGiven) {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        List<LeasedLimit> nodes = nodes(PATIENT);
        long start = nanos.get();
        List<Long> passedAt = new ArrayList<>();
        Map<CompletableFuture<Long>, Integer> waiting = new HashMap<>();
        for (int step = 0; step < 20_000; step++) {
            nanos.addAndGet(random.nextInt(3) * MILLI / 2);
            LeasedLimit node = nodes.get(random.nextInt(NODES));
            int cost = 1 + random.nextInt(costMax);
            long answer = node.take(RATE, "alice", cost);
            if (answer == LeasedLimit.ASK) {
                waiting.put(node.later(RATE, "alice", cost).toCompletableFuture(), cost);
            } else if (answer >= 0) {
                passedAt.addAll(Collections.nCopies(cost, nanos.get()));
            }
            if (random.nextInt(4) == 0) deliver();
            waiting.forEach((later, its) -> {
                if (later.getNow(-1L) >= 0) passedAt.addAll(Collections.nCopies(its, nanos.get()));
            });
            waiting.keySet().removeIf(CompletableFuture::isDone);
        }
        for (int from = 0; from < passedAt.size(); from += 37) {
            for (int to = from; to < passedAt.size(); to += 41) {
                double seconds = (passedAt.get(to) - passedAt.get(from)) / 1e9;
                assertThat(to - from + 1.0)
                        .as("seed %d, from %d to %d", seed, from, to)
                        .isLessThanOrEqualTo(RATE.burst() + RATE.requests() * seconds + HELD_MAX + 1);
            }
        }
        double all = RATE.burst() + RATE.requests() * (nanos.get() - start) / 1e9;
        assertThat(passedAt.size())
                .as("seed %d: and what is asked for is mostly given", seed)
                .isGreaterThan((int) (all * mostlyGiven));
    }

    @Test
    void aKeyThatIsUsedUpIsRefusedWithoutAskingUntilTheOwnerHasTokensAgain() {
        LeasedLimit node = nodes(PATIENT).getFirst();
        owner.grant(new Ask("global", "alice", RATE, 200, 1));
        assertThat(node.take(RATE, "alice", 1)).isEqualTo(LeasedLimit.ASK);
        CompletionStage<Long> first = node.later(RATE, "alice", 1);
        deliver();
        assertThat(first).isCompletedWithValue(-10 * MILLI);
        nanos.addAndGet(9 * MILLI);
        assertThat(node.take(RATE, "alice", 1)).isEqualTo(-MILLI);
        assertThat(onTheWay).isEmpty();
        nanos.addAndGet(MILLI);
        assertThat(node.take(RATE, "alice", 1)).isEqualTo(LeasedLimit.ASK);
        CompletionStage<Long> second = node.later(RATE, "alice", 1);
        deliver();
        assertThat(second.toCompletableFuture().getNow(-1L)).isPositive();
        assertThat(node.limitedCount()).isEqualTo(2);
        assertThat(node.passedCount()).isEqualTo(1);
    }

    /** Who waited went on before the tokens were there, and asked a second time. */
    @Test
    void theOwnerIsAskedOnceForWhatItGives() {
        List<Ask> asked = new ArrayList<>();
        LimitLeases counting = ask -> {
            asked.add(ask);
            return ask(ask);
        };
        LeasedLimit node = new LeasedLimit("global", 1024, PATIENT, nanos::get, () -> NODES, counting, onShare);
        CompletionStage<Long> waiting = node.later(RATE, "alice", 1);
        deliver();
        assertThat(waiting.toCompletableFuture().getNow(-1L)).isNotNegative();
        assertThat(asked).hasSize(1);
    }

    @Test
    void aLeaseThatIsNotSpentInTimeIsLost() {
        LeasedLimit node = nodes(PATIENT).getFirst();
        node.later(RATE, "alice", 1);
        deliver();
        assertThat(node.take(RATE, "alice", 1)).isNotNegative();
        nanos.addAndGet(PATIENT.life().toNanos() + MILLI);
        assertThat(node.take(RATE, "alice", 1)).isEqualTo(LeasedLimit.ASK);
    }

    @Test
    void whenTheOwnerIsSilentANodeGoesOnWithItsShare() throws Exception {
        LeaseBounds quick =
                new LeaseBounds(0.25, Duration.ofSeconds(1), Duration.ofMillis(1), Duration.ofSeconds(1), 8);
        LeasedLimit node = nodes(quick).getFirst();
        silent = true;
        long first = node.later(RATE, "alice", 1).toCompletableFuture().get(60, TimeUnit.SECONDS);
        assertThat(first).isNotNegative();
        int passed = 1;
        for (int i = 0; i < 300; i++) if (node.take(RATE, "alice", 1) >= 0) passed++;
        assertThat(passed).isEqualTo(RATE.burst() / NODES);
        assertThat(onShare.sum()).isEqualTo(301);
    }

    @Test
    void anOwnerThatWasSilentIsAskedAgainLater() {
        LeasedLimit node = nodes(PATIENT).getFirst();
        failing = true;
        assertThat(node.later(RATE, "alice", 1).toCompletableFuture().getNow(-1L))
                .isNotNegative();
        failing = false;
        assertThat(node.take(RATE, "alice", 1)).as("still by its share").isNotNegative();
        nanos.addAndGet(PATIENT.silence().toNanos());
        assertThat(node.take(RATE, "alice", 1)).isEqualTo(LeasedLimit.ASK);
        CompletionStage<Long> again = node.later(RATE, "alice", 1);
        deliver();
        assertThat(again.toCompletableFuture().getNow(-1L)).isNotNegative();
        assertThat(onShare.sum()).isEqualTo(2);
    }

    @Test
    void anOwnerThatFailsIsAsGoodAsASilentOne() {
        LimitLeases broken = ask -> {
            throw new IllegalStateException("no shard");
        };
        LeasedLimit node =
                new LeasedLimit("global", 1024, LeaseBounds.DEFAULT, nanos::get, () -> NODES, broken, onShare);
        assertThat(node.later(RATE, "alice", 1).toCompletableFuture().getNow(-1L))
                .isNotNegative();
        assertThat(onShare.sum()).isEqualTo(1);
    }

    @Test
    void notMoreThanABoundedNumberOfRequestsWait() {
        LeasedLimit node = nodes(PATIENT).getFirst();
        List<CompletableFuture<Long>> waiting = new ArrayList<>();
        for (int i = 0; i < 8; i++) waiting.add(node.later(RATE, "alice", 1).toCompletableFuture());
        assertThat(node.later(RATE, "alice", 1).toCompletableFuture().getNow(0L))
                .isNegative();
        assertThat(onTheWay).as("asked once for all").hasSize(1);
        deliver();
        assertThat(waiting).allMatch(later -> later.getNow(-1L) >= 0);
    }

    @Test
    void theOwnerGivesPartOfWhatIsWantedWhenItHasNotAll() {
        assertThat(owner.grant(new Ask("l", "k", RATE, 150, 1))).isEqualTo(new Lease(150, 50, 0));
        assertThat(owner.grant(new Ask("l", "k", RATE, 150, 1))).isEqualTo(new Lease(50, 0, 0));
        assertThat(owner.grant(new Ask("l", "k", RATE, 150, 1))).isEqualTo(new Lease(0, 0, 10 * MILLI));
        nanos.addAndGet(25 * MILLI);
        assertThat(owner.grant(new Ask("l", "k", RATE, 150, 1))).isEqualTo(new Lease(2, 0, 0));
        assertThat(owner.grant(new Ask("l", "other", RATE, 1, 1)).tokens()).isEqualTo(1);
    }

    @Test
    void theOwnerGivesNothingThatIsOfNoUse() {
        owner.grant(new Ask("l", "k", RATE, 150, 1));
        assertThat(owner.grant(new Ask("l", "k", RATE, 100, 60))).isEqualTo(new Lease(0, 50, 100 * MILLI));
        assertThat(owner.grant(new Ask("l", "k", RATE, 100, 50))).isEqualTo(new Lease(50, 0, 0));
    }

    @Test
    void whatCostsMoreThanANodeMayHoldIsChargedAsAWhole() {
        assertThat(passed(RATE, 100, 20)).isEqualTo(2);
        nanos.addAndGet(999 * MILLI);
        assertThat(passed(RATE, 100, 20)).isZero();
        nanos.addAndGet(MILLI);
        assertThat(passed(RATE, 100, 20)).isEqualTo(1);
        assertThat(passed(new Rate(1, Duration.ofHours(1), 12), 5, 20)).isEqualTo(2);
        assertThat(passed(new Rate(1, Duration.ofHours(1), 10), 99, 20))
                .as("more than the burst is the burst")
                .isEqualTo(1);
    }

    @Test
    void aRequestThatCostsTooMuchForNowDoesNotHoldUpACheapOne() {
        LeasedLimit node = nodes(PATIENT).getFirst();
        owner.grant(new Ask("global", "alice", RATE, 150, 1));
        CompletionStage<Long> dear = node.later(RATE, "alice", 100);
        deliver();
        assertThat(dear).isCompletedWithValue(-500 * MILLI);
        assertThat(node.take(RATE, "alice", 100)).as("without asking").isEqualTo(-500 * MILLI);
        assertThat(node.take(RATE, "alice", 1)).isEqualTo(LeasedLimit.ASK);
        CompletionStage<Long> cheap = node.later(RATE, "alice", 1);
        deliver();
        assertThat(cheap.toCompletableFuture().getNow(-1L)).isNotNegative();
    }

    @Test
    void whatCostsMoreThanTheShareWaitsForTheOwner() {
        LeasedLimit node = nodes(PATIENT).getFirst();
        failing = true;
        assertThat(node.later(RATE, "alice", 100))
                .isCompletedWithValue(-PATIENT.silence().toNanos());
        assertThat(node.later(RATE, "alice", RATE.burst() / NODES)
                        .toCompletableFuture()
                        .getNow(-1L))
                .as("what the share has is given")
                .isNotNegative();
        assertThat(onShare.sum()).isEqualTo(2);
    }

    @Test
    void whatTheOwnerGaveTooLateOrInPartIsKeptForOthers() throws Exception {
        LeaseBounds quick =
                new LeaseBounds(0.25, Duration.ofSeconds(1), Duration.ofMillis(1), Duration.ofSeconds(1), 8);
        LeasedLimit node = nodes(quick).getFirst();
        assertThat(node.later(RATE, "alice", 100).toCompletableFuture().get(60, TimeUnit.SECONDS))
                .isNegative();
        deliver();
        assertThat(node.take(RATE, "alice", 16)).isNotNegative();
        LimitLeases earlier = ask -> CompletableFuture.completedFuture(new Lease(10, 0, 0));
        LeasedLimit other = new LeasedLimit("global", 1024, PATIENT, nanos::get, () -> NODES, earlier, onShare);
        assertThat(other.later(RATE, "alice", 100)).isCompletedWithValue(-900 * MILLI);
        assertThat(other.take(RATE, "alice", 10)).isNotNegative();
    }

    /** How many of so many requests pass, at a key of their own, when the nodes take turns. */
    private int passed(Rate rate, int cost, int requests) {
        List<LeasedLimit> nodes = turns.computeIfAbsent(rate, key -> nodes(PATIENT));
        int passed = 0;
        for (int i = 0; i < requests; i++) {
            LeasedLimit node = nodes.get(i % NODES);
            long answer = node.take(rate, rate.toString(), cost);
            if (answer == LeasedLimit.ASK) {
                CompletionStage<Long> later = node.later(rate, rate.toString(), cost);
                deliver();
                answer = later.toCompletableFuture().getNow(-1L);
            }
            if (answer >= 0) passed++;
        }
        return passed;
    }

    @Test
    void limitsOutliveAGenerationThatStillNamesThem() {
        Limits limits = new Limits(64, nanos::get, () -> 1, this::ask);
        Limit kept = limits.local("a");
        limits.local("b");
        limits.retain(java.util.Set.of("a"));
        assertThat(limits.local("a")).isSameAs(kept);
        assertThat(limits.leased("g")).isSameAs(limits.leased("g"));
    }

    private List<LeasedLimit> nodes(LeaseBounds bounds) {
        List<LeasedLimit> nodes = new ArrayList<>();
        for (int i = 0; i < NODES; i++)
            nodes.add(new LeasedLimit("global", 1024, bounds, nanos::get, () -> NODES, this::ask, onShare));
        return nodes;
    }
}
