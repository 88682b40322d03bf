package io.aerofusion.load.simulation;

import io.aerofusion.platform.ErrorCode;
import io.aerofusion.space.Cursor;
import io.aerofusion.space.CursorCheck;
import io.aerofusion.space.Decision;
import io.aerofusion.space.DocumentChange;
import io.aerofusion.space.Merged;
import io.aerofusion.space.Page;
import io.aerofusion.space.Purged;
import io.aerofusion.space.Push;
import io.aerofusion.space.SpaceState;
import io.aerofusion.space.SpaceStateCodec;
import io.aerofusion.space.wire.Frame;
import io.aerofusion.space.wire.FrameCodec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The server as one space, a journal and sessions: the real merge core in the simplest surroundings that keep docs/protocol.md. It
 * crashes, comes back from its journal, and may come back from an older backup.
 */
final class SimulatedServer {
    static final String SPACE = "space";

    private static final String TENANT = "default";
    private static final String REGION = "local";
    /** How often a session asks its space twice, because the first answer was late. */
    private static final double ASKED_TWICE = 0.03;

    /** So short that devices overstay it. */
    static final long LEASE_MILLIS = 4 * 60_000;

    private final World world;
    private final Checker checker;
    private final Frame.Limits limits;
    private final int pageDocuments;
    private final int pageBytes;
    private final List<Entry> journal = new ArrayList<>();
    private final Map<String, Sighting> sightings = new TreeMap<>();
    private final List<Session> sessions = new ArrayList<>();
    private SpaceState state = new SpaceState(TENANT, SPACE, REGION, 1);
    private byte[] snapshot = SpaceStateCodec.write(state);
    private int inSnapshot;
    private boolean up = true;
    private int sessionsOpened;
    private long purgedUpTo;

    /** What the journal holds. */
    sealed interface Entry {
        record Commit(Merged facts) implements Entry {}

        record Purge(Purged purged) implements Entry {}
    }

    /** When a device was last heard of, and what it had stored then. */
    private record Sighting(long at, @Nullable Cursor stored) {}

    SimulatedServer(World world, Checker checker) {
        this.world = world;
        this.checker = checker;
        this.limits = new Frame.Limits(
                64 << 10, 64 << 10, world.between(1, 20), world.between(1, 4), 32, 4, world.between(500, 20_000));
        this.pageDocuments = world.between(1, 12);
        this.pageBytes = world.between(200, 4_000);
        checker.reached(state);
    }

    boolean up() {
        return up;
    }

    SpaceState state() {
        return state;
    }

    /** The facts of the journal, in their order. */
    List<Merged> facts() {
        List<Merged> facts = new ArrayList<>();
        for (Entry entry : journal) {
            if (entry instanceof Entry.Commit commit) {
                facts.add(commit.facts());
            }
        }
        return facts;
    }

    Session accept(Connection connection) {
        Session session = new Session(connection, ++sessionsOpened);
        sessions.add(session);
        return session;
    }

    /** Dies, with everything that was not committed. */
    void crash() {
        world.note("the server crashes");
        up = false;
        List<Session> lost = List.copyOf(sessions);
        sessions.clear();
        lost.forEach(session -> session.connection.closedByServer());
    }

    /** Comes back with everything that was committed: from the last snapshot and what the journal has after it. */
    void restart() {
        world.note("the server is back");
        SpaceState before = state;
        state = SpaceStateCodec.read(snapshot);
        replay(journal.subList(inSnapshot, journal.size()), state);
        up = true;
        checker.restored(before, state);
    }

    /** Comes back from a backup that lacks the latest commits. */
    void restoreBackup() {
        int kept = journal.size() - Math.min(journal.size(), world.between(1, 15));
        world.note("the server is back from a backup without the last " + (journal.size() - kept) + " entries");
        journal.subList(kept, journal.size()).clear();
        purgedUpTo = 0;
        state = new SpaceState(TENANT, SPACE, REGION, state.epoch() + 1);
        replay(journal, state);
        takeSnapshot();
        sightings.clear();
        up = true;
        checker.backupRestored();
        checker.reached(state);
    }

    void takeSnapshot() {
        snapshot = SpaceStateCodec.write(state);
        inSnapshot = journal.size();
    }

    private static void replay(List<Entry> entries, SpaceState state) {
        for (Entry entry : entries) {
            switch (entry) {
                case Entry.Commit commit -> state.apply(commit.facts());
                case Entry.Purge purge -> state.apply(purge.purged());
            }
        }
    }

    /** The state as it was at a cursor, out of the journal; empty when that is not in it any more. */
    Optional<SpaceState> at(String cursor) {
        SpaceState then = new SpaceState(TENANT, SPACE, REGION, state.epoch());
        for (int i = 0; i < journal.size() && !then.cursor().encode().equals(cursor); i++) {
            replay(journal.subList(i, i + 1), then);
        }
        return then.cursor().encode().equals(cursor) ? Optional.of(then) : Optional.empty();
    }

    /** Forgets tombstones that everybody within the lease has seen. */
    void purge() {
        if (!up) {
            return;
        }
        sightings.values().removeIf(sighting -> sighting.at() < world.now() - LEASE_MILLIS);
        long horizon = state.head(REGION);
        for (Sighting sighting : sightings.values()) {
            @Nullable Cursor stored = sighting.stored();
            horizon = Math.min(horizon, stored == null ? 0 : stored.number(REGION));
        }
        if (horizon > 0 && horizon > purgedUpTo) {
            purgedUpTo = horizon;
            world.note("purge up to " + horizon);
            Purged purged = new Purged(new TreeMap<>(Map.of(REGION, horizon)), world.now());
            String before = state.hash();
            state.apply(purged);
            journal.add(new Entry.Purge(purged));
            checker.purged(before, state);
        }
    }

    private void saw(String device, @Nullable Cursor stored) {
        @Nullable Sighting known = sightings.get(device);
        @Nullable Cursor latest = stored != null || known == null ? stored : known.stored();
        sightings.put(device, new Sighting(world.now(), latest));
    }

    private enum Phase {
        NOT_FOLLOWING,
        LIVE,
        BEHIND
    }

    /** One connection's side of the protocol. */
    final class Session {
        private final Connection connection;
        private final int number;
        private String device = "";
        private Phase phase = Phase.NOT_FOLLOWING;
        private @Nullable String cursor;
        private boolean snapping;
        private long credit;

        private Session(Connection connection, int number) {
            this.connection = connection;
            this.number = number;
            this.credit = limits.creditBytes();
        }

        void closed() {
            sessions.remove(this);
        }

        void received(Frame.FromDevice frame) {
            switch (frame) {
                case Frame.Hello hello -> {
                    device = hello.device();
                    saw(device, null);
                    send(new Frame.Welcome("s" + number, "node", world.now(), limits, LEASE_MILLIS, 30_000));
                }
                case Frame.Sub sub -> {
                    cursor = sub.cursor();
                    snapping = cursor == null;
                    follow();
                }
                case Frame.Push push -> push(push);
                case Frame.Credit more -> {
                    credit = Math.min(credit + more.bytes(), limits.creditBytes());
                    if (phase == Phase.BEHIND) {
                        catchUp();
                    }
                }
                case Frame.Unsub unsub -> phase = Phase.NOT_FOLLOWING;
                case Frame.Leave leave -> closed();
                case Frame.Seen seen -> {
                    checker.seen(device, seen.cursor());
                    Cursor stored = Cursor.decode(seen.cursor());
                    if (state.check(stored) == CursorCheck.USABLE) {
                        saw(device, stored);
                    }
                }
                case Frame.Announce announce -> throw new AssertionError("nobody announces here");
                case Frame.Report report -> throw new AssertionError("nobody has a twin here");
            }
        }

        /** Sends the next page from the cursor on; page after page, as long as there is credit. */
        private void follow() {
            @Nullable Cursor from = cursor == null ? null : Cursor.decode(cursor);
            if (from != null && state.check(from) != CursorCheck.USABLE) {
                send(new Frame.Reset(SPACE, ErrorCode.CURSOR_EXPIRED));
                from = null;
                snapping = true;
            }
            Page page = state.changes(from, Set.of(), pageDocuments, pageBytes);
            String to = page.to().encode();
            if (snapping || cursor == null) {
                sendData(new Frame.Snap(SPACE, to, page.changes(), !page.more()));
            } else {
                sendData(new Frame.Delta(SPACE, cursor, to, page.changes(), page.more(), null));
            }
            cursor = to;
            snapping = snapping && page.more();
            phase = page.more() ? Phase.BEHIND : Phase.LIVE;
            if (page.more()) {
                // the next page is asked for: other commits come between
                world.after(world.between(0, 20), this::catchUp);
            }
        }

        private void catchUp() {
            if (phase == Phase.BEHIND && credit > 0 && sessions.contains(this)) {
                follow();
            }
        }

        private void push(Frame.Push frame) {
            @Nullable String base = frame.base();
            Push push =
                    new Push(device, frame.firstSeq(), base == null ? null : Cursor.decode(base), frame.mutations());
            if (world.chance(ASKED_TWICE)) {
                // the answer to the first time is lost between space and session
                merge(push);
            }
            String before = state.cursor().encode();
            Decision decision = merge(push);
            if (!decision.rejections().isEmpty()) {
                send(new Frame.Rej(SPACE, decision.rejections()));
            }
            if (!decision.conflicts().isEmpty()) {
                send(new Frame.Conflicts(SPACE, decision.conflicts()));
            }
            boolean upToDate = phase == Phase.LIVE && before.equals(cursor);
            if (upToDate) {
                cursor = state.cursor().encode();
            }
            send(new Frame.Ack(
                    SPACE,
                    decision.ackedUpTo(),
                    "committed",
                    upToDate ? cursor : null,
                    state.corrections(push, decision),
                    decision.restamps()));
        }

        private Decision merge(Push push) {
            saw(device, null);
            Decision decision = state.decide(push, Workload.SETTINGS, world.now());
            if (!decision.isEmpty()) {
                Cursor before = state.cursor();
                state.apply(decision.facts());
                journal.add(new Entry.Commit(decision.facts()));
                world.note("commit " + journal.size() + ": " + device + " from " + push.firstSeq() + ", "
                        + decision.operations().size() + " of "
                        + push.mutations().size());
                checker.reached(state);
                tellOthers(decision.facts(), before);
            }
            return decision;
        }

        private void tellOthers(Merged facts, Cursor before) {
            List<DocumentChange> changes = state.changesOf(facts, before);
            String from = before.encode();
            String to = state.cursor().encode();
            for (Session other : sessions) {
                if (other != this && other.phase == Phase.LIVE) {
                    other.committed(from, to, changes);
                }
            }
        }

        private void committed(String from, String to, List<DocumentChange> changes) {
            if (!from.equals(cursor)) {
                follow();
            } else if (credit > 0) {
                sendData(new Frame.Delta(SPACE, from, to, changes, false, null));
                cursor = to;
            } else {
                phase = Phase.BEHIND;
            }
        }

        private void send(Frame.FromServer frame) {
            connection.toDevice(FrameCodec.encode(frame));
        }

        private void sendData(Frame.FromServer frame) {
            byte[] message = FrameCodec.encode(frame);
            credit -= message.length;
            connection.toDevice(message);
        }
    }
}
