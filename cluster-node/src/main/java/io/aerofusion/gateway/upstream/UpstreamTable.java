package io.aerofusion.gateway.upstream;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * All upstreams of the generation that is served, and what lives longer than a generation: an upstream whose settings are the same stays
 * the same object; of one whose settings changed the endpoints with their health, breakers and connections stay, unless its transport
 * changed too; endpoints that are gone are let drain and then released.
 */
public final class UpstreamTable implements AutoCloseable {
    /** How often the passing of time is noticed; breakers and ejections end so much late at most. */
    static final Duration TICK = Duration.ofMillis(100);

    private static final int TICKS_A_SECOND = (int) (1000 / TICK.toMillis());

    private final UpstreamServices services;
    private final List<Endpoint> draining = new ArrayList<>();
    private Map<String, Followed> followed = Map.of();
    private volatile Map<String, Upstream> upstreams = Map.of();
    private Timeline.@Nullable Scheduled nextTick;
    private int ticks;
    private boolean closed;

    /** An upstream with the source that tells its endpoints. */
    private final class Followed {
        private volatile Upstream upstream;
        private EndpointSource.@Nullable Subscription subscription;
        private boolean left;

        Followed(Upstream upstream) {
            this.upstream = upstream;
        }

        void open() {
            EndpointSource.Subscription opened =
                    services.sources().apply(upstream.settings().origin()).open(this::update);
            subscription = opened;
        }

        private void update(List<Target.Weighted> targets) {
            synchronized (UpstreamTable.this) {
                if (!left) {
                    draining.addAll(upstream.update(targets));
                }
            }
        }

        void leave() {
            left = true;
            if (subscription != null) {
                subscription.close();
            }
        }
    }

    public UpstreamTable(UpstreamServices services) {
        this.services = services;
        nextTick = services.timeline().schedule(TICK, this::tick);
    }

    /**
     * Makes these the upstreams.
     *
     * @return by name, for the requests of the new generation
     */
    public synchronized Map<String, Upstream> swap(Collection<UpstreamSettings> generation) {
        if (closed) {
            throw new IllegalStateException("The table is closed.");
        }
        Map<String, Followed> before = new HashMap<>(followed);
        Map<String, Followed> after = new HashMap<>();
        List<Followed> opened = new ArrayList<>();
        for (UpstreamSettings settings : generation) {
            Followed old = before.remove(settings.name());
            Followed now = old == null ? fresh(settings, new UpstreamLoad(), opened) : next(old, settings, opened);
            if (after.put(settings.name(), now) != null) {
                throw new IllegalArgumentException("Two upstreams are named " + settings.name());
            }
        }
        before.values().forEach(this::remove);
        followed = after;
        opened.forEach(Followed::open);
        Map<String, Upstream> byName = new HashMap<>();
        after.forEach((name, one) -> byName.put(name, one.upstream));
        upstreams = Map.copyOf(byName);
        return upstreams;
    }

    private Followed next(Followed old, UpstreamSettings settings, List<Followed> opened) {
        UpstreamSettings was = old.upstream.settings();
        if (was.equals(settings)) {
            return old;
        }
        if (!was.transport().equals(settings.transport())) {
            UpstreamLoad load = old.upstream.load();
            remove(old);
            return fresh(settings, load, opened);
        }
        Upstream upstream = new Upstream(settings, old.upstream.load(), services);
        old.upstream.retire();
        upstream.adopt(old.upstream);
        if (was.origin().equals(settings.origin())) {
            old.upstream = upstream;
            return old;
        }
        old.leave();
        Followed now = new Followed(upstream);
        opened.add(now);
        return now;
    }

    private Followed fresh(UpstreamSettings settings, UpstreamLoad load, List<Followed> opened) {
        Followed now = new Followed(new Upstream(settings, load, services));
        opened.add(now);
        return now;
    }

    private void remove(Followed old) {
        old.leave();
        draining.addAll(old.upstream.update(List.of()));
        old.upstream.retire();
    }

    /** The upstream of the present generation; null if there is none of the name. */
    public @Nullable Upstream get(String name) {
        return upstreams.get(name);
    }

    /** Completes when the endpoints of all upstreams are known, or when the time is over. */
    public CompletionStage<Void> known(Duration limit) {
        return CompletableFuture.allOf(upstreams.values().stream()
                        .map(upstream -> upstream.known().toCompletableFuture())
                        .toArray(CompletableFuture[]::new))
                .completeOnTimeout(null, limit.toNanos(), TimeUnit.NANOSECONDS);
    }

    /** All upstreams as they are now, by name. */
    public List<UpstreamState> states() {
        return upstreams.values().stream()
                .map(Upstream::state)
                .sorted(Comparator.comparing(UpstreamState::name))
                .toList();
    }

    /** How many endpoints left and still have requests. */
    public synchronized int draining() {
        return draining.size();
    }

    private void tick() {
        long nanos = services.timeline().nanos();
        List<Endpoint> released = new ArrayList<>();
        synchronized (this) {
            if (closed) {
                return;
            }
            nextTick = services.timeline().schedule(TICK, this::tick);
            boolean second = ++ticks % TICKS_A_SECOND == 0;
            for (Followed one : followed.values()) {
                one.upstream.tick(nanos);
                if (second) {
                    one.upstream.second();
                }
            }
            draining.removeIf(endpoint -> endpoint.active() == 0 && released.add(endpoint));
        }
        released.forEach(services.released());
    }

    /** Ends all work in the background; endpoints are released at once. */
    @Override
    public void close() {
        List<Endpoint> released;
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            if (nextTick != null) {
                nextTick.close();
            }
            followed.values().forEach(this::remove);
            followed = Map.of();
            upstreams = Map.of();
            released = List.copyOf(draining);
            draining.clear();
        }
        released.forEach(services.released());
    }
}
