package io.aerofusion.load;

import io.aerofusion.load.SoakConnection.Answer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Asks every gateway which version of each lane of changes it serves, and so learns when a change has reached all of them. While one of
 * them is away nothing is measured, but the change must reach it, too.
 */
final class SoakReach implements AutoCloseable {
    private static final Duration LOOK = Duration.ofMillis(2);
    private static final Duration STOP_MAX = Duration.ofSeconds(30);

    private record Change(int lane, long version) {}

    private record Under(long begun, Latencies of, AtomicInteger reached) {}

    private final IntFunction<InetSocketAddress> gateways;
    private final SoakPresence presence;
    private final AtomicLongArray wanted;
    private final List<AtomicLongArray> served = new ArrayList<>();
    private final Map<Change, Under> under = new ConcurrentHashMap<>();
    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean running = true;

    SoakReach(int lanes, IntFunction<InetSocketAddress> gateways, SoakPresence presence) {
        this.gateways = gateways;
        this.presence = presence;
        wanted = new AtomicLongArray(lanes);
        for (int i = 0; i < presence.gateways(); i++) {
            int gateway = i;
            served.add(new AtomicLongArray(lanes));
            threads.add(Thread.ofVirtual().unstarted(() -> ask(gateway)));
        }
    }

    void start() {
        threads.forEach(Thread::start);
    }

    /** A change is about to be published; the time until it is served everywhere counts there. */
    void begun(int lane, long version, Latencies of) {
        if (presence.allThere()) {
            under.put(new Change(lane, version), new Under(System.nanoTime(), of, new AtomicInteger()));
        }
        wanted.set(lane, version);
    }

    /** A gateway leaves: what did not reach it yet is not measured. */
    void gatewayLeaves() {
        under.clear();
    }

    private void ask(int gateway) {
        SoakConnection open = null;
        while (running) {
            for (int lane = 0; lane < wanted.length(); lane++) {
                if (served.get(gateway).get(lane) < wanted.get(lane)) {
                    open = ask(gateway, lane, open);
                }
            }
            Waiting.pause(LOOK);
        }
        if (open != null) {
            open.close();
        }
    }

    private @Nullable SoakConnection ask(int gateway, int lane, @Nullable SoakConnection kept) {
        SoakConnection open = kept;
        try {
            open = kept == null ? SoakConnection.open(gateways.apply(gateway)) : kept;
            Answer answer = open.exchange("GET", "/lanes/" + lane, "", "");
            String location = answer.field("location");
            if (answer.status() == 302) {
                seen(gateway, lane, Long.parseLong(location.substring(location.lastIndexOf('/') + 1)));
            }
            if (!open.announcedEnd()) {
                return open;
            }
        } catch (IOException away) { // the clients judge whether it may be
            Waiting.pause(LOOK);
        }
        if (open != null) {
            open.close();
        }
        return null;
    }

    private void seen(int gateway, int lane, long version) {
        long before = served.get(gateway).getAndSet(lane, version);
        long now = System.nanoTime();
        for (long each = before + 1; each <= version; each++) {
            Change change = new Change(lane, each);
            Under measured = under.get(change);
            if (measured != null && measured.reached().incrementAndGet() == presence.gateways()) {
                measured.of().record(now - measured.begun());
                under.remove(change);
            }
        }
    }

    /** Whether every gateway serves the last version of every lane. */
    boolean everywhere() {
        for (int lane = 0; lane < wanted.length(); lane++) {
            for (AtomicLongArray of : served) {
                if (of.get(lane) < wanted.get(lane)) {
                    return false;
                }
            }
        }
        return true;
    }

    @Override
    public void close() {
        running = false;
        threads.forEach(thread -> Waiting.end(thread, STOP_MAX));
    }
}
