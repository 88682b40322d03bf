package io.aerofusion.load;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** What the clients of a {@link GatewaySoak} met, by cause. Thread-safe. */
final class SoakTally {
    private static final int EXAMPLES_MAX = 20;

    /** What happens to the gateways while a request is made. */
    enum Phase {
        WARM_UP("while it warms up"),
        CALM("before any change"),
        CHANGES("during the changes"),
        DEATHS("while an endpoint dies and returns"),
        RESTART("while a node restarts, too");

        final String words;

        Phase(String words) {
            this.words = words;
        }
    }

    /** Something other than an answered request. */
    enum Event {
        /** Nobody else can be blamed for it: none may happen. */
        FAILED_BY_GATEWAY("failed, caused by the gateway"),
        /** A connection or WebSocket closed without a word though its node stays: none may happen. */
        DROPPED("connections dropped by a node that stays"),
        /** Not to be repeated by anybody, and on its way to the endpoint that died: the answer is 502. */
        FAILED_BY_ENDPOINT("failed, caused by the endpoint that died (POST)"),
        /** Nobody listens while the node is away: the client asked the next one. */
        REFUSED_BY_ABSENT_NODE("connections refused by a node that is away"),
        /** The node that leaves ended the connection with an answer or between two. */
        CLOSED_BY_LEAVING_NODE("connections ended by a node that leaves"),
        WEBSOCKET_CLOSED_BY_LEAVING_NODE("WebSockets ended by a node that leaves");

        final String words;

        Event(String words) {
            this.words = words;
        }
    }

    private final Map<Event, LongAdder> events = new EnumMap<>(Event.class);
    private final Map<Phase, Latencies> latencies = new EnumMap<>(Phase.class);
    private final Map<String, LongAdder> examples = new ConcurrentHashMap<>();
    private final LongAdder answered = new LongAdder();
    private final LongAdder echoed = new LongAdder();
    private volatile Phase phase = Phase.WARM_UP;

    SoakTally() {
        for (Event event : Event.values()) {
            events.put(event, new LongAdder());
        }
        for (Phase each : Phase.values()) {
            latencies.put(each, new Latencies());
        }
    }

    void enter(Phase next) {
        phase = next;
    }

    Phase phase() {
        return phase;
    }

    void answered() {
        answered.increment();
    }

    void echoed() {
        echoed.increment();
    }

    void latency(long nanos) {
        Latencies of = latencies.get(phase);
        if (of != null) {
            of.record(nanos);
        }
    }

    void count(Event event) {
        LongAdder of = events.get(event);
        if (of != null) {
            of.increment();
        }
    }

    /** Counts what must not happen, and keeps what it was, up to {@value #EXAMPLES_MAX} different ones. */
    void count(Event event, String what) {
        count(event);
        String example = event + ", " + phase.words + ": " + what;
        if (examples.size() < EXAMPLES_MAX || examples.containsKey(example)) {
            examples.computeIfAbsent(example, each -> new LongAdder()).increment();
        }
    }

    long of(Event event) {
        LongAdder of = events.get(event);
        return of == null ? 0 : of.sum();
    }

    long requests() {
        return answered.sum();
    }

    long echoes() {
        return echoed.sum();
    }

    Latencies latencies(Phase of) {
        return latencies.getOrDefault(of, new Latencies());
    }

    /** What the counted events were, the number of each in front. */
    List<String> examples() {
        List<String> lines = new ArrayList<>();
        examples.forEach((what, times) -> lines.add(times.sum() + " x " + what));
        lines.sort(null);
        return lines;
    }
}
