package io.aerofusion.gateway.upstream;

import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.handler.ssl.SslContext;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.InetSocketAddress;
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
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * All upstreams of the generation that is served, and what lives longer than a generation: an upstream whose settings are the same stays
 * the same object; of one whose settings changed the endpoints with their health, breakers and connections stay, unless its transport
 * changed too; endpoints that are gone are let drain and then released.
 */
public final class UpstreamTable implements AutoCloseable {
    /** How often the passing of time is noticed; breakers and ejections end so much late at most. */
    static final Duration TICK = Duration.ofMillis(100);

    /**
     * An endpoint that left is released this long after at the earliest: until then requests of the generation before may still come, for
     * the next one is served only when its endpoints are known.
     */
    static final Duration RELEASE_AFTER = Duration.ofSeconds(3);

    private static final int TICKS_A_SECOND = (int) (1000 / TICK.toMillis());

    /** The thread of the background gets so long to end. */
    private static final Duration CLOSE_MAX = Duration.ofSeconds(2);

    private final UpstreamServices services;
    private final Runnable atEnd;
    private final List<Leaving> draining = new ArrayList<>();
    private volatile Map<String, Followed> followed = Map.of();
    private volatile Map<String, Upstream> upstreams = Map.of();
    private Timeline.@Nullable Scheduled nextTick;
    private int ticks;
    private boolean closed;

    /** An endpoint that left, and when. */
    private record Leaving(Endpoint endpoint, long nanos) {}

    /** An upstream with the source that tells its endpoints. */
    private final class Followed {
        private volatile Upstream upstream;
        private volatile EndpointSource.@Nullable Subscription subscription;
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
                    drain(upstream.update(targets));
                }
            }
        }

        UpstreamState state() {
            EndpointSource.Subscription source = subscription;
            return upstream.state(source == null ? "" : source.failure());
        }

        void leave() {
            left = true;
            EndpointSource.Subscription source = subscription;
            if (source != null) {
                source.close();
            }
        }
    }

    /** A table whose time, probes and sources are the caller's. */
    public UpstreamTable(UpstreamServices services) {
        this(services, () -> {});
    }

    private UpstreamTable(UpstreamServices services, Runnable atEnd) {
        this.services = services;
        this.atEnd = atEnd;
        nextTick = services.timeline().schedule(TICK, this::tick);
    }

    /**
     * A table with a thread of its own for real time, DNS and health checks; both end with it.
     *
     * @param discovery for upstreams with a service name
     * @param platform where the platform's own API is, and how each is spoken to
     * @param tls the context for a transport that has TLS; with ALPN if it speaks HTTP/2
     * @param released told, on the table's thread, of each endpoint that left and has no request any more
     * @param nameServers who is asked for names, in this order; empty for those of the system
     */
    public static UpstreamTable start(
            ServiceLookup discovery,
            EndpointSource platform,
            Function<Transport, SslContext> tls,
            Consumer<Endpoint> released,
            List<InetSocketAddress> nameServers) {
        EventLoopGroup group = new MultiThreadIoEventLoopGroup(
                1, new DefaultThreadFactory("gateway-upstreams", true), NioIoHandler.newFactory());
        EventLoop loop = group.next();
        Timeline timeline = Timeline.of(loop);
        NettyDnsLookup dns = new NettyDnsLookup(loop, nameServers);
        UpstreamServices services = new UpstreamServices(
                timeline,
                Dice.FAIR,
                new NettyProber(loop, tls),
                new EndpointSources(dns, discovery, platform, timeline, Dice.FAIR),
                released);
        return new UpstreamTable(services, () -> {
            dns.close();
            group.shutdownGracefully(0, CLOSE_MAX.toMillis(), TimeUnit.MILLISECONDS);
        });
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
        drain(old.upstream.retireAll());
    }

    private void drain(List<Endpoint> left) {
        long nanos = services.timeline().nanos();
        for (Endpoint endpoint : left) {
            draining.add(new Leaving(endpoint, nanos));
        }
    }

    /** The upstream of the present generation; null if there is none of the name. */
    public @Nullable Upstream get(String name) {
        return upstreams.get(name);
    }

    /**
     * Completes when the endpoints of all upstreams are known, or when the time is over; maybe within the table's lock, so that what follows
     * must not wait for anybody who uses the table.
     */
    public CompletionStage<Void> known(Duration limit) {
        return CompletableFuture.allOf(upstreams.values().stream()
                        .map(upstream -> upstream.known().toCompletableFuture())
                        .toArray(CompletableFuture[]::new))
                .completeOnTimeout(null, limit.toNanos(), TimeUnit.NANOSECONDS);
    }

    /** All upstreams as they are now, by name. */
    public List<UpstreamState> states() {
        return followed.values().stream()
                .map(Followed::state)
                .sorted(Comparator.comparing(UpstreamState::name))
                .toList();
    }

    /** How many endpoints left and are not released yet. */
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
            draining.removeIf(left -> left.endpoint.active() == 0
                    && nanos - left.nanos >= RELEASE_AFTER.toNanos()
                    && released.add(left.endpoint));
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
            released = draining.stream().map(Leaving::endpoint).toList();
            draining.clear();
        }
        released.forEach(services.released());
        atEnd.run();
    }
}
