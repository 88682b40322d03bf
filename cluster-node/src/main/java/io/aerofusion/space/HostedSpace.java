package io.aerofusion.space;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.security.Principal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A space as its entity holds it: the merged documents, and around them its charter, its schemas and the devices that keep
 * tombstones alive. The rules live here, without Akka. Mutable, single-threaded, never handed out.
 */
final class HostedSpace {
    /** The device under which the space's own operations run; no device can have that name. */
    private static final String API_DEVICE = "~api";

    /** Where a space is: it never changes. */
    record Identity(String tenant, String space, String region, long epoch) {}

    /** What becomes of a push. */
    sealed interface Verdict {
        record Refuse(SpaceNotice.PushReply reply) implements Verdict {}

        /**
         * It is dealt with.
         *
         * @param push as it is merged, see {@link SpaceDevices.Bearer}
         * @param facts to persist; empty when everything was merged before, or rejected
         */
        record Merge(Push push, Decision decision, List<SpaceEvent> facts) implements Verdict {}
    }

    /**
     * Where a follower starts.
     *
     * @param reset why not at its cursor
     */
    record Start(@Nullable Cursor since, @Nullable ErrorCode reset) {}

    private static final Comparator<Space.Held> HELD = Comparator.comparingLong(Space.Held::at)
            .thenComparing(Space.Held::device)
            .thenComparingLong(Space.Held::seq);

    private final Identity identity;
    private final EntityLimits limits;
    private final SpaceState documents;
    private final SpaceCharter charter;
    private final CollectionSchemas schemas;
    private final SpaceDevices devices;
    private final SortedMap<String, Long> purgedTo = new TreeMap<>();
    private long purgedAt;

    HostedSpace(Identity identity, EntityLimits limits) {
        this(
                identity,
                limits,
                new SpaceState(identity.tenant(), identity.space(), identity.region(), identity.epoch()));
    }

    HostedSpace(Identity identity, EntityLimits limits, SpaceState documents) {
        this.identity = identity;
        this.limits = limits;
        this.documents = documents;
        this.charter = new SpaceCharter(identity.tenant(), identity.space(), limits);
        this.schemas = new CollectionSchemas(limits);
        this.devices = new SpaceDevices(documents, limits);
    }

    /** A space as a snapshot holds it. */
    HostedSpace(Identity identity, EntityLimits limits, SpaceState documents, HostedSpaceCodec.Head head) {
        this(identity, limits, documents);
        charter.restore(head.settings());
        devices.restore(head.devices(), head.bearersOrNone());
        purgedTo.putAll(head.purgedTo());
        purgedAt = head.purgedAt();
        schemas.restore(head.schemas());
    }

    HostedSpaceCodec.Head head() {
        return new HostedSpaceCodec.Head(
                charter.settings(), devices.sightings(), purgedTo, schemas.all(), devices.bearers(), purgedAt);
    }

    SpaceCharter charter() {
        return charter;
    }

    Optional<Space.Refused> refusalToFollow(Principal by, String device) {
        return charter.refusal(by, SpaceRight.READ).or(() -> devices.refusal(by, device));
    }

    // --- pushes

    Verdict judge(Space.Push command, long now) {
        Push push = command.push();
        Principal by = command.by();
        Optional<Space.Refused> refusal = charter.refusal(by, SpaceRight.WRITE)
                .or(() -> devices.refusal(by, push.device()))
                .or(() -> refusalOf(push));
        if (refusal.isPresent()) {
            Space.Refused refused = refusal.get();
            return new Verdict.Refuse(
                    new SpaceNotice.PushRefused(identity.space(), push.firstSeq(), refused.code(), refused.detail()));
        }
        String name = devices.numberedOf(by, push.device());
        SpaceSettings ruled = pushSettings();
        Push numbered = push.as(name, documents.mergedOf(name), ruled);
        Decision decision = documents.decide(numbered, ruled, now);
        List<SpaceEvent> facts = new ArrayList<>();
        if (name.equals(push.device())) {
            devices.hasSeen(push.device(), push.base());
        }
        if (!decision.isEmpty()) {
            facts.addAll(devices.sighting(by, push.device(), now));
            facts.add(decision.facts());
        }
        return new Verdict.Merge(numbered, decision, facts);
    }

    private Optional<Space.Refused> refusalOf(Push push) {
        if (push.mutations().size() > limits.pushMutationsMax()) {
            return Optional.of(new Space.Refused(
                    ErrorCode.BATCH_TOO_LARGE, "A push holds at most " + limits.pushMutationsMax() + " mutations."));
        }
        if (push.base() != null && documents.check(push.base()) == CursorCheck.FOREIGN) {
            return Optional.of(
                    new Space.Refused(ErrorCode.BAD_CURSOR, "The push's base is a cursor of another space."));
        }
        if (push.firstSeq() < 1 || push.firstSeq() > Json.INTEGER_MAX - limits.pushMutationsMax()) {
            return Optional.of(new Space.Refused(ErrorCode.SEQUENCE_CONFLICT, "Mutation numbers run from 1 to 2^53."));
        }
        return Optional.empty();
    }

    SpaceNotice.Pushed pushed(Push push, Decision decision, Cursor before) {
        return new SpaceNotice.Pushed(
                identity.space(),
                push.firstSeq(),
                decision.ackedUpTo(),
                before.encode(),
                documents.cursor().encode(),
                decision.rejections(),
                decision.conflicts(),
                documents.corrections(push, decision),
                decision.restamps());
    }

    private SpaceSettings pushSettings() {
        SpaceCharter.Settings around = charter.born();
        return schemas.settings(around.declared(), around.quotaDocuments(), around.quotaBytes());
    }

    // --- devices and tombstones

    /** The event that a device was here, when it is time for one. */
    List<SpaceEvent> sighting(Principal by, String device, long now) {
        return devices.sighting(by, device, now);
    }

    /** The event that a device is about to be told what is here from a cursor on, when it is time for one. */
    List<SpaceEvent> told(Principal by, String device, @Nullable String token, long now) {
        start(token, device);
        return devices.told(by, device, now);
    }

    List<SpaceEvent> seen(Space.Seen command, long now) {
        return refusalToFollow(command.by(), command.device()).isPresent()
                ? List.of()
                : devices.seen(command.by(), command.device(), command.cursor(), now);
    }

    /** The event that drops what every device within its lease has seen, when there is something to gain. */
    List<SpaceEvent> purge(long now) {
        SortedMap<String, Long> horizon = devices.horizon(now);
        boolean higher = charter.settings() != null
                && horizon.entrySet().stream()
                        .anyMatch(reached -> reached.getValue() > purgedTo.getOrDefault(reached.getKey(), 0L));
        return higher && (devices.anyLapsed(now) || documents.wouldForget(horizon))
                ? List.of(new Purged(horizon, now))
                : List.of();
    }

    /** The same for a space that nobody uses just now, which its timer may never find awake. */
    List<SpaceEvent> purgeAtRest(long now) {
        return now - purgedAt >= limits.purgeInterval().toMillis() ? purge(now) : List.of();
    }

    // --- reading

    /** Where somebody starts to read; a device that names a cursor has stored what is before it. */
    Start start(@Nullable String token, @Nullable String device) {
        if (token == null) {
            return new Start(null, null);
        }
        Cursor cursor;
        try {
            cursor = Cursor.decode(token);
        } catch (IllegalArgumentException e) {
            return new Start(null, ErrorCode.BAD_CURSOR);
        }
        return switch (documents.check(cursor)) {
            case USABLE -> {
                if (device != null) {
                    devices.hasStored(device, cursor);
                }
                yield new Start(cursor, null);
            }
            case FOREIGN -> new Start(null, ErrorCode.BAD_CURSOR);
            // Ahead: the space was restored from a backup that is older than the cursor.
            case EXPIRED, AHEAD -> new Start(null, ErrorCode.CURSOR_EXPIRED);
        };
    }

    Space.Reply readChanges(@Nullable String since, List<String> collections, int documentsMax) {
        Start start = start(since, null);
        if (start.reset() == ErrorCode.BAD_CURSOR) {
            return new Space.Refused(ErrorCode.BAD_CURSOR, "The cursor is not one of this space.");
        }
        Page page = documents.changes(
                start.since(),
                Set.copyOf(collections),
                Math.min(documentsMax, limits.pageDocumentsMax()),
                limits.pageBytesMax());
        return new Space.Changed(page.changes(), page.to().encode(), page.more(), start.reset() != null);
    }

    Space.Reply readDocument(String collection, String id) {
        return new Space.Document(documents.document(collection, id).orElse(null));
    }

    Space.Reply readHash() {
        return new Space.Hash(documents.hash(), documents.cursor().encode(), documents.documents());
    }

    Space.Reply readSchema(String collection) {
        return schemas.read(collection)
                .<Space.Reply>map(schema -> schema)
                .orElseGet(() -> new Space.Refused(ErrorCode.NOT_FOUND, "The collection has no schema."));
    }

    /** A part of what is in quarantine, in the order in which it came. */
    List<Quarantined> quarantine(Space.@Nullable Held after, int max) {
        return documents.quarantine().stream()
                .sorted(Comparator.comparing(HostedSpace::held, HELD))
                .filter(one -> after == null || HELD.compare(held(one), after) > 0)
                .limit(max)
                .toList();
    }

    private static Space.Held held(Quarantined one) {
        return new Space.Held(one.at(), one.device(), one.seq());
    }

    Space.Reply done() {
        return new Space.Done(documents.cursor().encode());
    }

    SpaceState documents() {
        return documents;
    }

    Space.View view() {
        SpaceCharter.Settings around = charter.born();
        return new Space.View(
                identity.space(),
                around.owner(),
                around.title(),
                around.declared(),
                around.members(),
                schemas.versions(),
                around.quotaDocuments(),
                around.quotaBytes(),
                documents.documents(),
                documents.approximateBytes(),
                documents.keptDocuments() - documents.documents(),
                documents.keptBytes() - documents.approximateBytes(),
                devices.size(),
                documents.cursor().encode(),
                around.version(),
                around.createdAt());
    }

    // --- changing what stands around the documents

    SpaceOutcome setSchema(Space.SetSchema command, long now) {
        return charter.guarded(command.by(), SpaceRight.MANAGE, null, around -> {
            long current = schemas.version(command.collection());
            if (command.version() != null && command.version() != current) {
                return SpaceOutcome.stale(current);
            }
            Optional<String> fault = schemas.fault(command.collection(), command.schema());
            if (fault.isPresent()) {
                return SpaceOutcome.refuse(ErrorCode.SCHEMA_INVALID, fault.get());
            }
            return SpaceOutcome.persist(new SpaceEvent.SchemaSet(
                    command.collection(), command.schema(), command.by().actor(), now));
        });
    }

    /** Sets a queued path for good; only what is queued can be resolved, so a repetition changes nothing that came later. */
    SpaceOutcome resolve(Space.ResolveConflict command, long now) {
        Optional<Space.Refused> refusal = charter.refusal(command.by(), SpaceRight.WRITE);
        if (refusal.isPresent()) {
            return new SpaceOutcome.Refuse(refusal.get());
        }
        String path;
        try {
            path = command.path().isEmpty() ? "" : Path.canonical(command.path());
        } catch (IllegalArgumentException e) {
            return SpaceOutcome.refuse(ErrorCode.INVALID_REQUEST, "The path is a member's name or a JSON Pointer.");
        }
        boolean queued = documents.queueOf(command.collection(), command.id()).stream()
                .anyMatch(conflict -> conflict.path().equals(path));
        if (!queued) {
            return SpaceOutcome.refuse(ErrorCode.NOT_FOUND, "Nothing waits at this path (any more).");
        }
        Mutation mutation;
        if (!path.isEmpty()) {
            mutation = choice(command, path);
        } else if (command.value() == null) {
            mutation = Mutation.delete(command.collection(), command.id(), 0);
        } else if (command.value() instanceof ObjectNode chosen) {
            mutation = DocumentChoice.of(
                    documents.stored(command.collection(), command.id()),
                    chosen,
                    pushSettings().rules(command.collection()));
        } else {
            return SpaceOutcome.refuse(ErrorCode.INVALID_REQUEST, "A document is an object, or nothing.");
        }
        SpaceEvent resolved = new SpaceEvent.ConflictResolved(
                command.collection(), command.id(), path, command.by().actor(), now);
        return ownOperation(mutation, List.of(resolved), now);
    }

    private static Mutation choice(Space.ResolveConflict command, String path) {
        JsonNode value = command.value();
        return new Mutation(
                command.collection(),
                command.id(),
                0,
                value == null ? Map.of() : Map.of(path, value),
                value == null ? List.of(path) : List.of(),
                false,
                Map.of(),
                Map.of(),
                Map.of(),
                Map.of());
    }

    /** Applies a mutation in quarantine on what is there now, or drops it. */
    SpaceOutcome decide(Space.DecideQuarantine command, long now) {
        Optional<Space.Refused> refusal = charter.refusal(command.by(), SpaceRight.MANAGE);
        if (refusal.isPresent()) {
            return new SpaceOutcome.Refuse(refusal.get());
        }
        Optional<Quarantined> held = documents.quarantine().stream()
                .filter(one -> one.seq() == command.seq() && one.device().equals(command.device()))
                .findFirst();
        if (held.isEmpty()) {
            return SpaceOutcome.refuse(ErrorCode.NOT_FOUND, "This change is not in quarantine (any more).");
        }
        SpaceEvent decided = new SpaceEvent.QuarantineDecided(
                command.device(), command.seq(), command.accept(), command.by().actor(), now);
        return command.accept()
                ? ownOperation(held.get().mutation(), List.of(decided), now)
                : SpaceOutcome.persist(decided);
    }

    /** An operation by the space itself, made in full knowledge of the present. */
    private SpaceOutcome ownOperation(Mutation mutation, List<SpaceEvent> together, long now) {
        long seq = documents.mergedOf(API_DEVICE).max() + 1;
        Decision decision =
                documents.decide(new Push(API_DEVICE, seq, documents.cursor(), List.of(mutation)), pushSettings(), now);
        if (!decision.rejections().isEmpty()) {
            Rejection rejection = decision.rejections().getFirst();
            return SpaceOutcome.refuse(rejection.code(), rejection.detail());
        }
        List<SpaceEvent> facts = new ArrayList<>(together);
        facts.add(decision.facts());
        return new SpaceOutcome.Persist(facts);
    }

    // --- events

    HostedSpace apply(SpaceEvent event) {
        switch (event) {
            case Merged merged -> documents.apply(merged);
            case SpaceEvent.SchemaSet set -> {
                schemas.set(set.collection(), set.schema());
                charter.changed();
            }
            case SpaceEvent.DeviceSeen seen -> devices.apply(seen);
            case Purged purged -> {
                documents.apply(purged);
                purgedTo.putAll(purged.horizon());
                purgedAt = purged.at();
                devices.apply(purged);
            }
            case SpaceEvent.QuarantineDecided decided -> {
                if (decided.accepted()) {
                    documents.accept(decided.device(), decided.seq());
                } else {
                    documents.discard(decided.device(), decided.seq());
                }
            }
            case SpaceEvent.ConflictResolved resolved -> {} // by the Merged beside it
            case SpaceEvent.Created created -> charter.apply(created);
            case SpaceEvent.MemberSet set -> charter.apply(set);
            case SpaceEvent.MemberRemoved removed -> charter.apply(removed);
            case SpaceEvent.QuotaSet set -> charter.apply(set);
            case SpaceEvent.Erased erased -> charter.apply(erased);
        }
        return this;
    }
}
