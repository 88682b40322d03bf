package io.aerofusion.gateway.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/** A table of upstreams on a fake timeline, whose endpoints a test tells and whose probes it answers. */
final class Bench implements Prober {
    static final String NAME = "orders";

    final FakeTimeline timeline = new FakeTimeline();
    final long seed = Long.getLong("upstream.seed", System.nanoTime());
    final Random random = new Random(seed);
    final List<Endpoint> released = new ArrayList<>();
    final Map<Target, CompletionStage<Integer>> health = new HashMap<>();
    final Set<Target> down = new HashSet<>();
    final List<Target> reaches = new ArrayList<>();
    final List<Target> probes = new ArrayList<>();
    final Map<Origin, Consumer<List<Target.Weighted>>> listeners = new HashMap<>();
    final Dice dice = bound -> {
        synchronized (random) {
            return random.nextInt(bound);
        }
    };
    final UpstreamTable table =
            new UpstreamTable(new UpstreamServices(timeline, dice, this, origin -> source(origin), released::add));

    private EndpointSource source(Origin origin) {
        return listener -> {
            listeners.put(origin, listener);
            return () -> listeners.remove(origin, listener);
        };
    }

    @Override
    public CompletionStage<Boolean> probe(Transport transport, Target target, Probe probe, Duration timeout) {
        probes.add(target);
        return health.getOrDefault(target, CompletableFuture.completedStage(200))
                .thenApply(status -> probe instanceof Probe.Http get && get.expects(status));
    }

    @Override
    public CompletionStage<Void> reach(Target target, Duration timeout) {
        reaches.add(target);
        return down.contains(target)
                ? CompletableFuture.failedStage(new IOException("refused"))
                : CompletableFuture.completedStage(null);
    }

    static UpstreamSettings settings() {
        return UpstreamSettings.of(NAME, new Origin.Service(NAME, null));
    }

    /** An upstream with these weights of endpoints 10.0.0.1, 10.0.0.2, ... */
    Upstream upstream(UnaryOperator<UpstreamSettings> change, int... weights) {
        UpstreamSettings settings = change.apply(settings());
        Upstream upstream = table.swap(List.of(settings)).get(NAME);
        tell(settings, weights);
        return upstream;
    }

    void tell(UpstreamSettings settings, int... weights) {
        List<Target.Weighted> targets = new ArrayList<>();
        for (int i = 0; i < weights.length; i++) {
            targets.add(new Target.Weighted(target(i + 1), weights[i]));
        }
        listeners.get(settings.origin()).accept(targets);
    }

    static Target target(int number) {
        try {
            InetAddress address = InetAddress.getByAddress(new byte[] {10, 0, (byte) (number >> 8), (byte) number});
            return new Target("orders.test", address, 8080);
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    static Endpoint endpoint(Upstream upstream, int number) {
        return Arrays.stream(upstream.members())
                .filter(e -> e.target().equals(target(number)))
                .findFirst()
                .orElseThrow();
    }

    static UpstreamCall call(Upstream upstream) {
        return call(upstream, HashKey.NONE);
    }

    static UpstreamCall call(Upstream upstream, long key) {
        Admission admission = upstream.begin(key, true);
        assertThat(admission).isInstanceOf(UpstreamCall.class);
        return (UpstreamCall) admission;
    }

    /** Makes a call that is answered so and over; where it went. */
    static Endpoint answered(Upstream upstream, int status) {
        UpstreamCall call = call(upstream);
        call.answered(status);
        call.end();
        return call.endpoint();
    }

    /** Makes calls until one met this endpoint, whose answer that was; the others are answered 200. */
    static void answeredBy(Upstream upstream, int number, int status) {
        for (int i = 0; i < 10_000; i++) {
            UpstreamCall call = call(upstream);
            boolean there = call.endpoint().target().equals(target(number));
            call.answered(there ? status : 200);
            call.end();
            if (there) {
                return;
            }
        }
        throw new AssertionError("Nothing went to endpoint " + number);
    }

    /** Shares of so many calls, each over before the next, by the endpoints' numbers. */
    static Map<Target, Integer> spread(Upstream upstream, int calls) {
        Map<Target, Integer> counts = new HashMap<>();
        for (int i = 0; i < calls; i++) {
            counts.merge(answered(upstream, 200).target(), 1, Integer::sum);
        }
        return counts;
    }

    static UpstreamSettings with(UpstreamSettings settings, Balancing balancing) {
        return with(settings, change -> change.balancing = balancing);
    }

    static UpstreamSettings with(UpstreamSettings settings, Balancing.Method method) {
        Balancing before = settings.balancing();
        return with(settings, new Balancing(method, before.hashOn(), before.slowStart()));
    }

    static UpstreamSettings with(UpstreamSettings settings, ActiveCheck active) {
        return with(settings, change -> change.active = active);
    }

    static UpstreamSettings with(UpstreamSettings settings, PassiveCheck passive) {
        return with(settings, change -> change.passive = passive);
    }

    static UpstreamSettings with(UpstreamSettings settings, BreakerSettings breaker) {
        return with(settings, change -> change.breaker = breaker);
    }

    static UpstreamSettings with(UpstreamSettings settings, UpstreamLimits limits) {
        return with(settings, change -> change.limits = limits);
    }

    static UpstreamSettings with(UpstreamSettings settings, RetryPolicy retry, RetryShare share) {
        return with(settings, change -> {
            change.retry = retry;
            change.retryShare = share;
        });
    }

    static UpstreamSettings with(UpstreamSettings settings, Origin origin) {
        return with(settings, change -> change.origin = origin);
    }

    static UpstreamSettings with(UpstreamSettings settings, Transport transport) {
        return with(settings, change -> change.transport = transport);
    }

    private static UpstreamSettings with(UpstreamSettings settings, Consumer<Change> made) {
        Change change = new Change(settings);
        made.accept(change);
        return change.settings();
    }

    /** Settings on their way to others. */
    private static final class Change {
        private final UpstreamSettings from;
        private Transport transport;
        private Origin origin;
        private Balancing balancing;
        private ActiveCheck active;
        private PassiveCheck passive;
        private BreakerSettings breaker;
        private UpstreamLimits limits;
        private RetryPolicy retry;
        private RetryShare retryShare;

        Change(UpstreamSettings from) {
            this.from = from;
            transport = from.transport();
            origin = from.origin();
            balancing = from.balancing();
            active = from.active();
            passive = from.passive();
            breaker = from.breaker();
            limits = from.limits();
            retry = from.retry();
            retryShare = from.retryShare();
        }

        UpstreamSettings settings() {
            return new UpstreamSettings(
                    from.name(),
                    transport,
                    origin,
                    balancing,
                    active,
                    passive,
                    breaker,
                    limits,
                    retry,
                    retryShare,
                    from.timeouts());
        }
    }
}
