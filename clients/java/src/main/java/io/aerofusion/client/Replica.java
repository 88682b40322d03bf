package io.aerofusion.client;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.space.Mutation;
import io.aerofusion.space.Path;
import io.aerofusion.space.wire.Frame;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * All that a device does to stay in sync, as a state machine: local changes, frames and readings of an injected clock go in; frames
 * and events come out. It has no threads and no sockets, so the same code runs on a phone, behind a WebSocket and in a simulation.
 *
 * <p>The one who drives it calls {@link #connected}, hands over every frame ({@link #received}), and after each call takes frames
 * with {@link #nextFrame} as long as the transport can carry them, and events with {@link #nextEvent}. {@link #tick} says when to
 * look again although nothing happened. {@link ReplicaEvent.Ended} and {@link ReplicaEvent.Disconnected} mean that the transport is
 * to be closed, if it is open, and that it helps to come back.
 *
 * <p>Reads and writes work on the store alone and never wait for a server. What was written is stored before the call returns and
 * is sent, in order and with the same numbers, until the server has acknowledged it; so it takes effect exactly once. Not
 * thread-safe. After an exception from the store the replica is to be dropped and made anew from the store.
 */
public final class Replica {
    /** The version of the sync protocol that is spoken. */
    public static final int PROTOCOL = 1;

    /** The longest pause that a server's {@code slow} is believed. */
    static final long SLOW_MS_MAX = 300_000;

    private final String device;
    private final Store store;
    private final HybridClock clock;
    private final InstantSource wall;
    private final RandomGenerator random;
    private final Supplier<@Nullable String> traceparents;
    private final Map<String, SpaceSession> spaces = new LinkedHashMap<>();
    private final Map<String, Map<String, JsonNode>> presence = new LinkedHashMap<>();
    private final TwinCopy twin;
    private final Deque<ReplicaEvent> events = new ArrayDeque<>();
    private final Deque<Frame.FromDevice> outbox = new ArrayDeque<>();
    /** The spaces that were asked for in this session, also those that were closed again. */
    private final Set<String> followed = new HashSet<>();

    private Frame.@Nullable Welcome welcome;
    private @Nullable String session;
    private boolean open;
    private long helloAt;
    private long sentAt;
    private long slowUntil;
    private long creditUsed;

    /** @param traceparents gives each push its W3C trace context; null for none */
    public Replica(
            String device,
            Store store,
            InstantSource wall,
            RandomGenerator random,
            Supplier<@Nullable String> traceparents) {
        this.device = device;
        this.store = store;
        this.wall = wall;
        this.random = random;
        this.traceparents = traceparents;
        clock = new HybridClock(wall);
        twin = new TwinCopy(store);
    }

    public Replica(String device, Store store, InstantSource wall, RandomGenerator random) {
        this(device, store, wall, random, () -> null);
    }

    public String device() {
        return device;
    }

    // the application's side

    /**
     * Holds a space from now on, and follows it whenever there is a session.
     *
     * @param collections what to hold of it; empty for all. Another choice than before loads the space anew; a session in which
     *     the former choice was followed ends for it, because what the server still sends does not say which choice it answers.
     */
    public void open(String space, List<String> collections) {
        SpaceSession known = spaces.get(space);
        SpaceSession held = known == null ? stored(space) : known;
        boolean other = held.contents().choose(List.copyOf(collections));
        spaces.put(space, held);
        if (other && followed.contains(space)) {
            disconnected();
        }
    }

    private SpaceSession stored(String space) {
        SpaceContents contents = new SpaceContents(device, space, store, clock);
        return new SpaceSession(space, contents, events::add, bound -> random.nextLong(bound));
    }

    /** A replica made anew from the store, without a session, that holds the same spaces: to go on with after the store failed. */
    Replica anew() {
        Replica fresh = new Replica(device, store, wall, random, traceparents);
        fresh.session = session;
        fresh.clock.observe(clock.last());
        fresh.clock.correctBy(clock.correctionMillis());
        spaces.forEach((name, known) -> {
            SpaceSession held = fresh.stored(name);
            if (known.announced() != null) {
                held.announce(known.announced());
            }
            fresh.spaces.put(name, held);
        });
        return fresh;
    }

    public void open(String space) {
        open(space, List.of());
    }

    /** Stops following a space; what is stored of it stays. */
    public void close(String space) {
        if (spaces.remove(space) != null && welcome != null) {
            outbox.add(new Frame.Unsub(space));
        }
        presence.remove(space);
    }

    /** The spaces that are open. */
    public Collection<String> spaces() {
        return List.copyOf(spaces.keySet());
    }

    /**
     * Makes changes, all or none of them. Their {@code at} is given by the replica's clock.
     *
     * @return the number of the last one in the space
     * @throws QueueFullException when too many wait already
     * @throws IllegalStateException when the device lost its access to the space
     */
    public long mutate(String space, List<Mutation> mutations) {
        SpaceSession target = session(space);
        ErrorCode gone = target.gone();
        if (gone != null) {
            throw new IllegalStateException("the device has no access to space " + space + ": " + gone.title());
        }
        long last = target.contents().append(mutations);
        List<DocumentKey> touched = mutations.stream()
                .map(mutation -> new DocumentKey(mutation.collection(), mutation.id()))
                .distinct()
                .toList();
        events.add(new ReplicaEvent.Changed(space, touched, true));
        return last;
    }

    public long mutate(String space, Mutation mutation) {
        return mutate(space, List.of(mutation));
    }

    /** The document as the application should show it: the confirmed state with the device's own changes. */
    public Optional<ObjectNode> document(String space, String collection, String id) {
        return Optional.ofNullable(session(space).contents().document(new DocumentKey(collection, id)))
                .map(LocalDocument::value);
    }

    /** The keys of a list's elements in their order, to insert after them or remove them. */
    public List<String> listKeys(String space, String collection, String id, String path) {
        LocalDocument document = session(space).contents().document(new DocumentKey(collection, id));
        return document == null ? List.of() : document.keys().getOrDefault(Path.canonical(path), List.of());
    }

    /**
     * Visits every document as the application should show it. The visitor does not call the replica.
     *
     * @param collection null for all collections
     */
    public void documents(String space, @Nullable String collection, BiConsumer<DocumentKey, ObjectNode> visitor) {
        session(space).contents().documents(collection, visitor);
    }

    /** How many mutations wait for their acknowledgement. */
    public int pending(String space) {
        return session(space).contents().queue().size();
    }

    /** The number of the oldest mutation that waits; {@link Long#MAX_VALUE} when none does. */
    public long oldestPending(String space) {
        var queue = session(space).contents().queue();
        return queue.isEmpty() ? Long.MAX_VALUE : queue.firstKey();
    }

    /** The number of the newest mutation that waits; 0 when none does. */
    public long newestPending(String space) {
        var queue = session(space).contents().queue();
        return queue.isEmpty() ? 0 : queue.lastKey();
    }

    public Collection<RejectedMutation> rejections(String space) {
        return session(space).contents().rejections();
    }

    public void dismissRejection(String space, long number) {
        session(space).contents().dismissRejection(number);
    }

    public Collection<ConflictNotice> conflicts(String space) {
        return session(space).contents().conflicts();
    }

    public void dismissConflict(String space, long number) {
        session(space).contents().dismissConflict(number);
    }

    /** The opaque cursor up to which the space is here; null for nothing. */
    public @Nullable String cursor(String space) {
        return session(space).contents().cursor();
    }

    /** Whether the confirmed state stands at a point that the server had, with nothing missing before it. */
    public boolean complete(String space) {
        return session(space).contents().complete();
    }

    /**
     * Hash of the confirmed state; equal to the server's when the space is complete, nothing is pending and all collections are
     * held. The first call reads every document, later ones only what changed.
     */
    public String hash(String space) {
        return session(space).contents().hash();
    }

    /** What other devices announced in the space, by device. */
    public Map<String, JsonNode> presence(String space) {
        return Map.copyOf(presence.getOrDefault(space, Map.of()));
    }

    /** Tells the others who follow the space something that lasts as long as the session; null takes it back. */
    public void announce(String space, @Nullable JsonNode state) {
        session(space).announce(state);
    }

    /** The desired twin as last heard; null before the first time. */
    public @Nullable JsonNode desired() {
        return twin.desired();
    }

    /** Changes the device's reported twin by a JSON merge patch (RFC 7396); it is sent when there is a session. */
    public void report(JsonNode patch) {
        twin.report(patch);
    }

    /** Whether the server has accepted the device in this session. */
    public boolean welcomed() {
        return welcome != null;
    }

    /** What to add to the device's clock to get the server's, in ms, as of the last welcome. */
    public long clockCorrectionMillis() {
        return clock.correctionMillis();
    }

    /** The heartbeat that the server asks for, in ms; 0 outside of a session. */
    public long heartbeatMillis() {
        return welcome == null ? 0 : welcome.heartbeatMillis();
    }

    // the transport's side

    /**
     * A transport to a server is open.
     *
     * @param token the bearer token; "" when the transport has already presented it
     */
    public void connected(String token) {
        disconnected();
        open = true;
        helloAt = wall.millis();
        outbox.add(new Frame.Hello(device, token, PROTOCOL, helloAt, session, traceparents.get()));
    }

    /** The transport is gone, and with it whatever was not answered. */
    public void disconnected() {
        if (open) {
            events.add(new ReplicaEvent.Disconnected());
        }
        open = false;
        welcome = null;
        slowUntil = 0;
        creditUsed = 0;
        outbox.clear();
        presence.clear();
        followed.clear();
        twin.disconnected();
        spaces.values().forEach(SpaceSession::disconnected);
    }

    /** The device is about to close the session in an orderly way. */
    public void leave(String reason) {
        if (open) {
            outbox.add(new Frame.Leave(reason));
        }
    }

    /** The next frame to send, if there is one and it may be sent now. */
    public Optional<Frame.FromDevice> nextFrame() {
        long now = wall.millis();
        Frame.FromDevice next = outbox.poll();
        Frame.Welcome accepted = welcome;
        if (next == null && accepted != null) {
            next = nextControl(now);
            next = next == null ? nextPush(accepted.limits(), now) : next;
            next = next == null && now >= heartbeatDue(accepted) ? new Frame.Credit(0) : next;
        }
        if (next != null) {
            sentAt = now;
        }
        return Optional.ofNullable(next);
    }

    private Frame.@Nullable FromDevice nextControl(long now) {
        for (SpaceSession space : spaces.values()) {
            Frame.Sub sub = space.nextSub(now);
            if (sub != null) {
                followed.add(sub.space());
                return sub;
            }
            Frame.FromDevice frame = space.nextAnnounce();
            frame = frame == null ? space.nextSeen(now) : frame;
            if (frame != null) {
                return frame;
            }
        }
        JsonNode report = twin.nextReport(now);
        return report == null ? null : new Frame.Report(report);
    }

    private Frame.@Nullable Push nextPush(Frame.Limits limits, long now) {
        int inFlight = spaces.values().stream().mapToInt(SpaceSession::inFlight).sum();
        if (now < slowUntil || inFlight >= limits.pushesInFlight()) {
            return null;
        }
        for (SpaceSession space : spaces.values()) {
            Frame.Push push = space.nextPush(limits, now, traceparents);
            if (push != null) {
                return push;
            }
        }
        return null;
    }

    /** The device lets itself be heard a little more often than the server asks for, because frames take time. */
    private long heartbeatDue(Frame.Welcome accepted) {
        return sentAt + Math.max(1, accepted.heartbeatMillis() * 3 / 4);
    }

    /**
     * Takes in a frame.
     *
     * @param bytes size of its message, for flow control
     */
    public void received(Frame.FromServer frame, int bytes) {
        if (!open) {
            return;
        }
        switch (frame) {
            case Frame.Welcome accepted -> welcomed(accepted);
            case Frame.Snap snap -> {
                use(bytes);
                in(snap.space(), space -> space.received(snap));
            }
            case Frame.Delta delta -> {
                use(bytes);
                in(delta.space(), space -> space.received(delta));
            }
            case Frame.Reset reset -> in(reset.space(), space -> space.received(reset));
            case Frame.Ack ack -> in(ack.space(), space -> space.received(ack));
            case Frame.Rej rej -> in(rej.space(), space -> space.received(rej));
            case Frame.Conflicts met -> in(met.space(), space -> space.received(met));
            case Frame.Gone gone -> in(gone.space(), space -> space.received(gone));
            case Frame.Presence other -> present(other);
            case Frame.Reported reported -> {
                JsonNode patch = twin.reported(reported.number());
                if (patch != null && reported.refused() != null) {
                    events.add(new ReplicaEvent.ReportRefused(patch, reported.refused()));
                }
            }
            case Frame.Desired desired -> {
                if (twin.desired(desired.version(), desired.desired())) {
                    events.add(new ReplicaEvent.TwinDesired(desired.version(), desired.desired()));
                }
            }
            case Frame.Slow slow -> slowUntil = wall.millis() + Math.clamp(slow.retryAfterMillis(), 0, SLOW_MS_MAX);
            case Frame.Failure failure -> failed(failure);
            case Frame.Bye bye -> ended(bye);
        }
    }

    /** Looks after what is overdue. Returns the time to call it again, in ms since the epoch, or {@link Long#MAX_VALUE}. */
    public long tick() {
        long now = wall.millis();
        long next = now < slowUntil ? slowUntil : Long.MAX_VALUE;
        if (welcome != null) {
            next = Math.min(next, heartbeatDue(welcome));
            next = Math.min(next, twin.tick(now));
            for (SpaceSession space : spaces.values()) {
                next = Math.min(next, space.tick(now));
            }
        }
        return next;
    }

    /** The next thing the application should hear of. */
    public Optional<ReplicaEvent> nextEvent() {
        return Optional.ofNullable(events.poll());
    }

    private void welcomed(Frame.Welcome accepted) {
        long now = wall.millis();
        clock.correctBy(accepted.serverTime() - (helloAt + now) / 2);
        welcome = accepted;
        session = accepted.session();
        events.add(new ReplicaEvent.Connected(accepted.session(), accepted.node()));
    }

    /** When a push was the reason, coming back helps: it will be sent in smaller parts. */
    private void ended(Frame.Bye bye) {
        boolean overContent = SpaceSession.CONTENT.contains(bye.reason());
        if (overContent) {
            long now = wall.millis();
            spaces.values().stream().filter(space -> space.inFlight() > 0).forEach(space -> space.ended(bye, now));
        }
        long retryAfter = overContent ? Math.max(0, bye.retryAfterMillis()) : bye.retryAfterMillis();
        events.add(new ReplicaEvent.Ended(bye.reason(), bye.detail(), retryAfter));
    }

    /** A failure that names no space is about a frame that could not be read: whoever waits for an answer asks again. */
    private void failed(Frame.Failure failure) {
        long now = wall.millis();
        if (failure.space() != null) {
            in(failure.space(), space -> space.received(failure, now));
        } else {
            spaces.values().stream()
                    .filter(space -> space.inFlight() > 0)
                    .forEach(space -> space.received(failure, now));
        }
    }

    /** A space that was closed meanwhile ignores what still comes for it. */
    private void in(String space, Consumer<SpaceSession> step) {
        SpaceSession known = spaces.get(space);
        if (known != null) {
            step.accept(known);
        }
    }

    /** Gives the server room again when half of what it was granted is used up. */
    private void use(int bytes) {
        creditUsed += bytes;
        if (welcome != null && creditUsed * 2 >= welcome.limits().creditBytes()) {
            outbox.add(new Frame.Credit(creditUsed));
            creditUsed = 0;
        }
    }

    private void present(Frame.Presence other) {
        if (!spaces.containsKey(other.space()) || other.device().equals(device)) {
            return;
        }
        Map<String, JsonNode> known = presence.computeIfAbsent(other.space(), space -> new LinkedHashMap<>());
        if (other.state() == null) {
            known.remove(other.device());
        } else {
            known.put(other.device(), other.state());
        }
        events.add(new ReplicaEvent.Presence(other.space(), other.device(), other.state()));
    }

    private SpaceSession session(String space) {
        SpaceSession known = spaces.get(space);
        if (known == null) {
            throw new IllegalStateException("space " + space + " is not open");
        }
        return known;
    }
}
