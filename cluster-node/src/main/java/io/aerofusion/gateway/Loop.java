package io.aerofusion.gateway;

import io.aerofusion.gateway.usage.NearTallies;
import io.aerofusion.gateway.usage.Tally;
import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What one event loop has to itself: its clock, its deadlines, its client connections and its connections to upstreams.
 * Everything a request touches lives here, so nothing on its way needs a lock.
 */
public final class Loop {
    /** How often deadlines are looked at. */
    public static final long SWEEP_MS = 50;

    /** For so long a draining HTTP/1.1 connection without a request may still bring one: it may be under way already. */
    public static final Duration DRAIN_GRACE = Duration.ofSeconds(1);

    private static final DateTimeFormatter DATE = DateTimeFormatter.ofPattern(
                    "EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    private static final Logger LOG = LoggerFactory.getLogger(Loop.class);

    private final EventLoop eventLoop;
    private final Gateway gateway;
    private final Set<Draining> clients = new HashSet<>();
    private final UpstreamPools pools;

    private final int index;
    private final NearTallies consumers;
    private long seed;

    private Deadline[] deadlines = new Deadline[256];
    private int deadlineCount;
    private boolean draining;
    private long coarseNow;
    private long dateSecond = Long.MIN_VALUE;
    private byte[] dateLine = new byte[0];

    Loop(EventLoop eventLoop, Gateway gateway, int index) {
        this.index = index;
        this.consumers = new NearTallies(gateway.traffic().consumers());
        this.seed = ThreadLocalRandom.current().nextLong();
        this.eventLoop = eventLoop;
        this.gateway = gateway;
        this.coarseNow = gateway.settings().ticker().getAsLong();
        this.pools = new UpstreamPools(this);
        renewDate();
    }

    void start() {
        eventLoop.scheduleAtFixedRate(this::sweepAndGoOn, SWEEP_MS, SWEEP_MS, TimeUnit.MILLISECONDS);
    }

    public EventLoop eventLoop() {
        return eventLoop;
    }

    public GatewaySettings settings() {
        return gateway.settings();
    }

    public GatewayCounters counters() {
        return gateway.counters();
    }

    public Gateway gateway() {
        return gateway;
    }

    /** The connections of this loop to upstreams. */
    UpstreamPools pools() {
        return pools;
    }

    /** Its place among the gateway's loops. */
    int index() {
        return index;
    }

    /** What a consumer's requests are counted by. */
    Tally consumer(String name) {
        return consumers.of(name);
    }

    /** 64 random bits for what must be rare but is no secret (SplitMix64: Steele, Lea, Flood 2014). */
    long random() {
        seed += 0x9e3779b97f4a7c15L;
        long mixed = (seed ^ (seed >>> 30)) * 0xbf58476d1ce4e5b9L;
        mixed = (mixed ^ (mixed >>> 27)) * 0x94d049bb133111ebL;
        return mixed ^ (mixed >>> 31);
    }

    /** Nanoseconds now. */
    public long now() {
        return settings().ticker().getAsLong();
    }

    /** Nanoseconds at the last sweep: good enough for deadlines of seconds, and free. */
    public long coarseNow() {
        return coarseNow;
    }

    /** A deadline, which takes part in the sweeps until it is closed. */
    public Deadline deadline(Expiring owner) {
        var deadline = new Deadline(this, owner);
        if (deadlineCount == deadlines.length) deadlines = Arrays.copyOf(deadlines, deadlineCount * 2);
        deadline.index = deadlineCount;
        deadlines[deadlineCount++] = deadline;
        return deadline;
    }

    void forget(Deadline deadline) {
        int index = deadline.index;
        if (index < 0) return;
        Deadline last = deadlines[--deadlineCount];
        deadlines[index] = last;
        last.index = index;
        deadline.index = -1;
        deadline.at = Deadline.NONE;
    }

    /** A task that throws is not run again, and without sweeps nothing here would time out: what fails costs only itself. */
    private void sweepAndGoOn() {
        try {
            sweep();
        } catch (RuntimeException defect) {
            LOG.error("A sweep failed; what it did not get to is done by the next", defect);
        }
    }

    private void sweep() {
        coarseNow = now();
        renewDate();
        for (int i = deadlineCount - 1; i >= 0; i--) {
            if (i >= deadlineCount) continue;
            Deadline deadline = deadlines[i];
            if (deadline.at == Deadline.NONE || deadline.at - coarseNow > 0) continue;
            deadline.at = Deadline.NONE;
            deadline.owner.expired(coarseNow);
        }
        pools.sweep(coarseNow);
    }

    /** A client connection that takes part in draining. */
    public void opened(Draining client) {
        clients.add(client);
        if (draining) eventLoop.execute(client::drain);
    }

    public void closed(Draining client) {
        clients.remove(client);
    }

    int clients() {
        return clients.size();
    }

    /** Tells every connection to end after what it is doing. */
    void drain() {
        draining = true;
        for (Draining client : new ArrayList<>(clients)) client.drain();
    }

    void closeAll() {
        for (Draining client : new ArrayList<>(clients)) client.close();
        pools.close();
    }

    /** Writes the Date field's line. */
    public void writeDate(ByteBuf out) {
        out.writeBytes(dateLine);
    }

    /** The Date field's value. */
    public String date() {
        return new String(dateLine, 6, dateLine.length - 8, StandardCharsets.US_ASCII);
    }

    private void renewDate() {
        Instant now = settings().clock().instant();
        if (now.getEpochSecond() == dateSecond) return;
        dateSecond = now.getEpochSecond();
        dateLine = ("date: " + DATE.format(now) + "\r\n").getBytes(StandardCharsets.US_ASCII);
    }
}
