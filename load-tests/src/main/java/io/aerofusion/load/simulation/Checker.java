package io.aerofusion.load.simulation;

import com.fasterxml.jackson.databind.JsonNode;
import io.aerofusion.client.DocumentKey;
import io.aerofusion.client.RejectedMutation;
import io.aerofusion.client.Replica;
import io.aerofusion.client.ReplicaEvent;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.space.Merged;
import io.aerofusion.space.Mutation;
import io.aerofusion.space.Operation;
import io.aerofusion.space.Quarantined;
import io.aerofusion.space.SpaceState;
import io.aerofusion.space.wire.Frame;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Watches a run from outside and throws when a promise is broken: a device that stands at a cursor holds exactly what the server held
 * there; every mutation has its effect once or is rejected; in the end all hold the same.
 */
final class Checker {
    /** What a run came to. */
    record Summary(int commits, int mutations, int rejected, int quarantined, int conflicts, int resets, int checks) {}

    private final World world;
    /** Cursor token -> hash of the server's state there. */
    private final Map<String, String> hashes = new HashMap<>();
    /** Device -> number -> what it wrote. */
    private final Map<String, TreeMap<Long, Mutation>> written = new TreeMap<>();

    private final Map<String, Long> acknowledged = new TreeMap<>();
    private final Map<String, Set<Long>> rejected = new TreeMap<>();
    private boolean lostCommits;
    private int conflicts;
    private int resets;
    private int checks;

    Checker(World world) {
        this.world = world;
    }

    // what the server does

    void reached(SpaceState state) {
        hashes.put(state.cursor().encode(), state.hash());
    }

    void restored(SpaceState before, SpaceState after) {
        equal("the hash after a restart", before.hash(), after.hash());
        equal("the cursor after a restart", before.cursor(), after.cursor());
        equal("the number of documents after a restart", before.documents(), after.documents());
    }

    void purged(String before, SpaceState state) {
        equal("the hash after a purge", before, state.hash());
        reached(state);
    }

    void backupRestored() {
        lostCommits = true;
    }

    void seen(String device, String cursor) {
        require(hashes.containsKey(cursor), device + " says it has seen a cursor that the server never had");
    }

    // what a device does

    void wrote(String device, long last, List<Mutation> mutations) {
        TreeMap<Long, Mutation> numbers = written.computeIfAbsent(device, name -> new TreeMap<>());
        long first = last - mutations.size() + 1;
        for (Mutation mutation : mutations) {
            require(numbers.put(first, mutation) == null, device + " gave out number " + first + " twice");
            world.note(device + " writes " + first + ": " + mutation);
            first++;
        }
    }

    void restarted(SimulatedDevice device) {
        standsWhereItSays(device, false);
    }

    /** A device has taken a frame in. */
    void took(SimulatedDevice device, Frame.FromServer frame) {
        world.note(device.name() + " takes " + frame);
        @Nullable String reached = switch (frame) {
            case Frame.Snap snap -> snap.last() ? snap.to() : null;
            case Frame.Delta delta -> delta.more() ? null : delta.to();
            case Frame.Ack ack -> ack.cursor();
            default -> null;
        };
        // a device that missed something may leave out what comes after it
        standsWhereItSays(
                device, reached != null && reached.equals(device.replica().cursor(SimulatedServer.SPACE)));
    }

    /** @param exactly false when the device may hold mutations of its own beyond its cursor */
    private void standsWhereItSays(SimulatedDevice device, boolean exactly) {
        Replica replica = device.replica();
        @Nullable String cursor = replica.cursor(SimulatedServer.SPACE);
        if (cursor == null || !replica.complete(SimulatedServer.SPACE)) {
            return;
        }
        @Nullable String there = hashes.get(cursor);
        if (there == null) {
            throw failure(device.name() + " stands at a cursor where the server never was");
        }
        if (exactly) {
            checks++;
            if (!there.equals(replica.hash(SimulatedServer.SPACE))) {
                throw failure(device.name() + " holds something else than the server held at its cursor"
                        + device.server()
                                .at(cursor)
                                .map(state -> difference(device, state))
                                .orElse(""));
            }
        }
    }

    /** What differs, for whoever looks into a failure. */
    private String difference(SimulatedDevice device, SpaceState state) {
        Set<DocumentKey> keys = new LinkedHashSet<>();
        written.values().forEach(all -> keys.addAll(keys(all)));
        Replica confirmed = device.confirmed();
        StringBuilder text = new StringBuilder();
        for (DocumentKey key : keys) {
            Optional<? extends JsonNode> here = confirmed.document(SimulatedServer.SPACE, key.collection(), key.id());
            Optional<JsonNode> there = state.document(key.collection(), key.id());
            if (!here.equals(there)) {
                text.append("\n  ")
                        .append(key)
                        .append("\n    device ")
                        .append(here)
                        .append("\n    server ")
                        .append(there);
            }
        }
        return text.toString();
    }

    private static Set<DocumentKey> keys(Map<Long, Mutation> mutations) {
        Set<DocumentKey> keys = new LinkedHashSet<>();
        mutations.values().forEach(mutation -> keys.add(new DocumentKey(mutation.collection(), mutation.id())));
        return keys;
    }

    void event(String device, ReplicaEvent event) {
        switch (event) {
            case ReplicaEvent.Acknowledged done -> acknowledged.merge(device, done.upTo(), Math::max);
            case ReplicaEvent.Rejected one ->
                rejected.computeIfAbsent(device, name -> new HashSet<>())
                        .add(one.rejected().number());
            case ReplicaEvent.Conflicted one -> conflicts++;
            case ReplicaEvent.Restarted one -> resets++;
            case ReplicaEvent.Refused refused ->
                throw failure(device + " is refused: " + refused.code() + " " + refused.detail());
            case ReplicaEvent.Ended ended ->
                require(ended.reason() == ErrorCode.TIMEOUT, device + "'s session was ended: " + ended);
            case ReplicaEvent.Gone gone -> throw failure(device + " lost the space");
            default -> {
                // nothing that could be wrong by itself
            }
        }
    }

    // the end

    /** Everybody is connected, and had time. */
    void finish(SimulatedServer server, List<SimulatedDevice> devices) {
        for (SimulatedDevice device : devices) {
            Replica replica = device.replica();
            equal("what waits at " + device.name(), 0, replica.pending(SimulatedServer.SPACE));
            equal(
                    "the hash of " + device.name() + " at the end",
                    server.state().hash(),
                    replica.hash(SimulatedServer.SPACE));
        }
        Map<String, Set<Long>> committed = committed(server);
        for (SimulatedDevice device : devices) {
            account(device, committed.getOrDefault(device.name(), Set.of()), server.state());
        }
        requireTotals(server);
        requireQuarantineOnce(server.state());
        orderDoesNotMatter(server);
    }

    private Map<String, Set<Long>> committed(SimulatedServer server) {
        Map<String, Set<Long>> committed = new HashMap<>();
        for (Merged facts : server.facts()) {
            for (Operation operation : facts.operations()) {
                require(
                        committed
                                .computeIfAbsent(facts.device(), name -> new HashSet<>())
                                .add(operation.seq()),
                        "mutation " + operation.seq() + " of " + facts.device() + " was applied twice");
            }
        }
        return committed;
    }

    private void account(SimulatedDevice device, Set<Long> committed, SpaceState state) {
        Set<Long> told = rejected.getOrDefault(device.name(), Set.of());
        Set<Long> kept = new HashSet<>();
        for (RejectedMutation one : device.replica().rejections(SimulatedServer.SPACE)) {
            kept.add(one.number());
        }
        written.getOrDefault(device.name(), new TreeMap<>()).forEach((number, mutation) -> {
            String what = "mutation " + number + " of " + device.name();
            boolean done = committed.contains(number);
            boolean refused = told.contains(number);
            require(done || refused, what + " vanished: it was neither committed nor rejected");
            // a backup may bring back a time before it was committed, and then it is judged again
            require(done != refused || lostCommits, what + " was rejected and yet committed");
            equal(what + " among the rejections", refused, kept.contains(number));
            if (done) {
                requireMark(what, mutation, state);
            }
        });
    }

    private void requireMark(String what, Mutation mutation, SpaceState state) {
        @Nullable String mark = Workload.markOf(mutation);
        if (mark != null) {
            int found = state.document(mutation.collection(), mutation.id())
                    .map(document -> Workload.count(document, mark))
                    .orElse(0);
            equal("how often " + what + " shows in its document, which was committed and", 1, found);
        }
    }

    private void requireQuarantineOnce(SpaceState state) {
        Set<String> kept = new HashSet<>();
        for (Quarantined one : state.quarantine()) {
            require(kept.add(one.device() + ":" + one.seq()), one + " is in the quarantine twice");
        }
    }

    /** Counters hold what was committed, no more and no less. */
    private void requireTotals(SimulatedServer server) {
        Map<String, Long> totals = new TreeMap<>();
        for (Merged facts : server.facts()) {
            for (Operation operation : facts.operations()) {
                Mutation mutation = Objects.requireNonNull(
                        Objects.requireNonNull(written.get(facts.device())).get(operation.seq()),
                        "a fact that nobody wrote");
                mutation.inc().forEach((path, by) -> totals.merge(mutation.id(), by, Long::sum));
            }
        }
        totals.forEach((id, total) -> equal(
                "the counter of tally " + id,
                total,
                server.state()
                        .document(Workload.TALLIES, id)
                        .map(document -> document.path(Workload.COUNTER).longValue())
                        .orElse(0L)));
    }

    /** The facts of the whole run, shuffled, doubled and without the purges, give the same documents. */
    private void orderDoesNotMatter(SimulatedServer server) {
        List<Merged> shuffled = server.facts();
        shuffled.addAll(shuffled.subList(0, shuffled.size() / 2));
        Collections.shuffle(shuffled, world.random());
        SpaceState now = server.state();
        SpaceState again = new SpaceState(now.tenant(), now.space(), now.region(), now.epoch());
        shuffled.forEach(again::apply);
        equal("the hash of the facts in another order", now.hash(), again.hash());
    }

    Summary summary(SimulatedServer server) {
        int mutations = written.values().stream().mapToInt(Map::size).sum();
        int refused = rejected.values().stream().mapToInt(Set::size).sum();
        return new Summary(
                server.facts().size(),
                mutations,
                refused,
                server.state().quarantine().size(),
                conflicts,
                resets,
                checks);
    }

    private void require(boolean holds, String otherwise) {
        if (!holds) {
            throw failure(otherwise);
        }
    }

    private void equal(String what, Object expected, Object actual) {
        if (!expected.equals(actual)) {
            throw failure(what + " is " + actual + " instead of " + expected);
        }
    }

    private AssertionError failure(String what) {
        return new AssertionError(what);
    }
}
