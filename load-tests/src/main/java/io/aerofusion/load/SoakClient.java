package io.aerofusion.load;

import io.aerofusion.load.SoakTally.Event;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * A client of a {@link GatewaySoak}: one kept connection to its home gateway, a request at each beat. It repeats nothing: a request that
 * was sent and not answered is lost. While its home is away it asks the next gateway, and goes home between two requests.
 */
final class SoakClient implements AutoCloseable {
    /** The response field in which a changing route says its version. */
    static final String VERSION = "x-version";

    private static final Duration STOP_MAX = Duration.ofSeconds(60);
    private static final int LARGE_EVERY = 10;
    private static final int BODY_EVERY = 3;

    /** Where a client sends its requests. */
    enum Target {
        /** Endpoints that stay: nothing may fail. The latencies are measured here, from the moment a request was due. */
        STEADY,
        /** One endpoint dies, one is slow: what may be repeated must not fail. */
        POOL
    }

    private final int home;
    private final Target target;
    private final Duration beat;
    private final IntFunction<InetSocketAddress> gateways;
    private final SoakPresence presence;
    private final SoakTally tally;
    private final String name;
    private final Thread thread = Thread.ofVirtual().unstarted(this::work);

    private volatile boolean running = true;
    private @Nullable SoakConnection connection;
    private int at;
    private int departuresThen;
    private long version;
    private long sent;

    SoakClient(
            int number,
            Target target,
            Duration beat,
            IntFunction<InetSocketAddress> gateways,
            SoakPresence presence,
            SoakTally tally) {
        this.home = number % presence.gateways();
        this.target = target;
        this.beat = beat;
        this.gateways = gateways;
        this.presence = presence;
        this.tally = tally;
        this.name = target + "-" + number;
    }

    void start() {
        thread.start();
    }

    private void work() {
        Waiting.pause(beat.multipliedBy(name.hashCode() & 7).dividedBy(8)); // not all at the same moment
        long due = System.nanoTime();
        while (running) {
            try {
                request(due);
            } catch (RuntimeException e) {
                tally.count(Event.FAILED_BY_GATEWAY, "a client gave up: " + e);
                return;
            }
            due = Math.max(due + beat.toNanos(), System.nanoTime() - beat.toNanos());
            long left = due - System.nanoTime();
            if (left > 0) {
                Waiting.pause(Duration.ofNanos(left));
            }
        }
    }

    private void request(long due) {
        SoakConnection open = connected();
        if (open == null) {
            return;
        }
        sent++;
        boolean post = target == Target.STEADY ? sent % BODY_EVERY == 0 : sent % LARGE_EVERY == 1;
        boolean put = !post && target == Target.POOL && sent % BODY_EVERY == 0;
        boolean large = !post && !put && sent % LARGE_EVERY == 0;
        String method = post ? "POST" : put ? "PUT" : "GET";
        String path = (target == Target.STEADY ? "/steady/" : "/pool/") + (large ? "large" : "small");
        String id = name + "-" + sent;
        String body = post || put ? ("body of " + id).repeat(20) : "";
        try {
            SoakConnection.Answer answer = open.exchange(method, path, id, body);
            judge(method, id, body, large, answer);
            if (target == Target.STEADY) {
                tally.latency(System.nanoTime() - due);
            }
            if (open.announcedEnd()) {
                drop();
                ended("with the announcement Connection: close");
            }
        } catch (IOException e) {
            drop();
            tally.count(Event.FAILED_BY_GATEWAY, method + " lost on an established connection: " + e + leaving());
        }
    }

    private String leaving() {
        return presence.departures(at) != departuresThen ? " (of a node that leaves)" : "";
    }

    private void judge(String method, String id, String body, boolean large, SoakConnection.Answer answer) {
        if (answer.status() != 200) {
            boolean endpoint = target == Target.POOL && method.equals("POST") && answer.status() == 502;
            tally.count(
                    endpoint ? Event.FAILED_BY_ENDPOINT : Event.FAILED_BY_GATEWAY,
                    method + " to " + target + " answered " + answer.status() + " " + code(answer.body()));
            return;
        }
        int length = large ? SoakUpstream.LARGE_BYTES : SoakUpstream.BODY_BYTES;
        boolean whole = body.isEmpty()
                ? answer.body().length() == length
                : answer.body().equals(body);
        if (!whole
                || !answer.field(SoakUpstream.ID.toLowerCase(java.util.Locale.ROOT))
                        .equals(id)) {
            tally.count(Event.FAILED_BY_GATEWAY, method + " got another answer than its own");
            return;
        }
        String told = answer.field(VERSION);
        long now = told.isEmpty() ? 0 : Long.parseLong(told);
        if (now < version) {
            tally.count(Event.FAILED_BY_GATEWAY, "a connection saw an older generation after a newer one");
        }
        version = Math.max(version, now);
        tally.answered();
    }

    private static String code(String problem) {
        int from = problem.indexOf("\"code\":\"");
        return from < 0 ? "" : problem.substring(from + 8, Math.max(from + 8, problem.indexOf('"', from + 8)));
    }

    /** The open connection, or a new one; null when nobody could be reached this time. */
    private @Nullable SoakConnection connected() {
        SoakConnection open = connection;
        if (open != null && at != home && presence.there(home)) {
            drop();
            open = null;
        }
        try {
            if (open != null && !open.ended()) {
                return open;
            }
            if (open != null) {
                drop();
                ended("between two requests");
            }
        } catch (IOException e) {
            drop();
            tally.count(Event.FAILED_BY_GATEWAY, "between two requests: " + e);
        }
        return connect();
    }

    private void ended(String how) {
        if (presence.departures(at) != departuresThen) {
            tally.count(Event.CLOSED_BY_LEAVING_NODE);
        } else {
            tally.count(Event.DROPPED, "a connection was closed " + how);
        }
    }

    private @Nullable SoakConnection connect() {
        for (int i = 0; i < presence.gateways(); i++) {
            int next = (home + i) % presence.gateways();
            int departures = presence.departures(next);
            boolean there = presence.there(next);
            try {
                SoakConnection opened = SoakConnection.open(gateways.apply(next));
                connection = opened;
                at = next;
                departuresThen = departures;
                version = 0; // another gateway may be a generation behind
                return opened;
            } catch (ConnectException refused) {
                if (there && presence.departures(next) == departures) {
                    tally.count(Event.FAILED_BY_GATEWAY, "a node that is there refuses connections");
                } else {
                    tally.count(Event.REFUSED_BY_ABSENT_NODE);
                }
            } catch (IOException e) {
                tally.count(Event.FAILED_BY_GATEWAY, "no connection: " + e);
            }
        }
        return null;
    }

    void stop() {
        running = false;
    }

    private void drop() {
        SoakConnection open = connection;
        connection = null;
        if (open != null) {
            open.close();
        }
    }

    /** Stops; returns when its last request is done. */
    @Override
    public void close() {
        stop();
        try {
            if (thread.getState() != Thread.State.NEW && !thread.join(STOP_MAX)) {
                throw new IllegalStateException(name + " does not end");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        drop();
    }
}
