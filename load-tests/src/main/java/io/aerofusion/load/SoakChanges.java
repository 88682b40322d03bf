package io.aerofusion.load;

import io.aerofusion.load.SoakTally.Event;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;

/**
 * Changes the configuration of the gateways while they work, in four lanes so that a slow commit does not lower the rate: weights, header
 * filters, routes that come and go, endpoints that come and go. Every change names its version in the lane's own route.
 */
final class SoakChanges implements AutoCloseable {
    private static final Duration AGAIN = Duration.ofMillis(50);
    private static final int TRIES_MAX = 400;
    private static final Duration STOP_MAX = Duration.ofSeconds(60);

    /** What a lane changes. */
    enum Lane {
        WEIGHTS(0),
        FILTERS(1),
        ROUTES(2),
        ENDPOINTS(3);

        final int number;

        Lane(int number) {
            this.number = number;
        }
    }

    private final SoakGateways gateways;
    private final SoakEndpoints endpoints;
    private final SoakReach reach;
    private final SoakTally tally;
    private final List<Thread> threads = new ArrayList<>();
    private final LongAdder published = new LongAdder();
    private final Latencies occasionally = new Latencies();
    private final Latencies inARow = new Latencies();
    private volatile Duration beat;
    private volatile boolean running = true;

    /** @param beat between two changes, over all lanes */
    SoakChanges(SoakGateways gateways, SoakEndpoints endpoints, SoakReach reach, SoakTally tally, Duration beat) {
        this.gateways = gateways;
        this.endpoints = endpoints;
        this.reach = reach;
        this.tally = tally;
        this.beat = beat;
        for (Lane lane : Lane.values()) {
            threads.add(Thread.ofVirtual().unstarted(() -> work(lane)));
        }
    }

    void start() {
        threads.forEach(Thread::start);
    }

    void every(Duration next) {
        beat = next;
    }

    private void work(Lane lane) {
        int lanes = Lane.values().length;
        pause(System.nanoTime() + beat.multipliedBy(lane.number).toNanos());
        long due = System.nanoTime();
        for (long version = 1; running; version++) {
            try {
                change(lane, version);
            } catch (RuntimeException e) {
                tally.count(Event.FAILED_BY_GATEWAY, "a lane of changes gave up: " + e);
                return;
            }
            long pace = beat.multipliedBy(lanes).toNanos();
            due = Math.max(due + pace, System.nanoTime() - pace);
            pause(due);
        }
    }

    /** In steps, because the beat may become quicker meanwhile. */
    private void pause(long due) {
        Duration then = beat;
        while (running && beat.equals(then) && System.nanoTime() < due) {
            Waiting.pause(AGAIN.compareTo(Duration.ofNanos(due - System.nanoTime())) < 0 ? AGAIN : left(due));
        }
    }

    private static Duration left(long due) {
        return Duration.ofNanos(Math.max(1, due - System.nanoTime()));
    }

    private void change(Lane lane, long version) {
        if (lane == Lane.ROUTES && version > 1) {
            remove(lane, version);
        }
        String change = switch (lane) {
            case WEIGHTS -> SoakEndpoints.poolRoute((int) (version * 7 % 100));
            case FILTERS -> SoakEndpoints.steadyRoute((int) version);
            case ROUTES -> SoakEndpoints.route(extra(version), "/" + extra(version), "", "{name: steady}");
            case ENDPOINTS -> endpoints.pool(version % 2 == 0);
        };
        Latencies of = tally.phase() == SoakTally.Phase.CHANGES ? inARow : occasionally;
        reach.begun(lane.number, version, of);
        String documents = change + "---\n" + lane(lane.number, version);
        persistently(lane, version, gateway -> gateways.publish(gateway, documents));
        published.increment();
    }

    private void remove(Lane lane, long version) {
        persistently(lane, version, gateway -> gateways.removeRoute(gateway, extra(version - 1)));
        published.increment();
    }

    private static String extra(long version) {
        return "extra-" + version;
    }

    /** A route without an upstream that answers with its version. */
    static String lane(int lane, long version) {
        return """
                kind: HTTPRoute
                metadata: {name: lane-%1$d}
                spec:
                  rules:
                    - matches: [{path: {type: Exact, value: /lanes/%1$d}}]
                      filters:
                        - type: RequestRedirect
                          requestRedirect: {path: {type: ReplaceFullPath, replaceFullPath: /%2$d}}
                """.formatted(lane, version);
    }

    @FunctionalInterface
    private interface Publication {
        void at(int gateway) throws IOException;
    }

    /** At one node after the other until one has taken it: an operator's tool would do the same. */
    private void persistently(Lane lane, long version, Publication publication) {
        String last = "";
        for (int i = 0; i < TRIES_MAX; i++) {
            try {
                publication.at((int) ((lane.number + version + i) % gateways.count()));
                return;
            } catch (IOException e) {
                last = e.toString();
                Waiting.pause(AGAIN);
            }
        }
        throw new IllegalStateException("no node took change " + version + " of " + lane + ": " + last);
    }

    long published() {
        return published.sum();
    }

    /** From the request that publishes a change until every gateway serves it, at ten a second. */
    Latencies inARow() {
        return inARow;
    }

    /** The same for the changes now and then. */
    Latencies occasionally() {
        return occasionally;
    }

    /** Makes no further change; returns when the last one is published. */
    @Override
    public void close() {
        running = false;
        threads.forEach(thread -> Waiting.end(thread, STOP_MAX));
    }
}
