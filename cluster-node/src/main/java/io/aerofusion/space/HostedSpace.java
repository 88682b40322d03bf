package io.aerofusion.space;

import com.fasterxml.jackson.databind.JsonNode;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.security.Principal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A space as its entity holds it: the merged documents, and around them owner, members, schemas, quota and the devices that keep
 * tombstones alive. The rules live here, without Akka. Mutable, single-threaded, never handed out.
 */
final class HostedSpace {
    /** Sightings of a device are recorded once in this part of its lease: often enough for the lease, rare enough for the journal. */
    private static final int SIGHTINGS_PER_LEASE = 30;

    /** The device under which the space's own operations run; no device can have that name. */
    private static final String API_DEVICE = "~api";

    /** Where a space is: it never changes. */
    record Identity(String tenant, String space, String region, long epoch) {}

    /** What a device last said, as far as the journal knows. */
    record Sighting(String user, @Nullable Cursor cursor, long at) {}

    /** What becomes of a push. */
    sealed interface Verdict {
        record Refuse(SpaceNotice.PushReply reply) implements Verdict {}

        /**
         * It is dealt with.
         *
         * @param facts to persist; empty when everything was merged before, or rejected
         */
        record Merge(Decision decision, List<SpaceEvent> facts) implements Verdict {}
    }

    /** What becomes of a command of the API. */
    sealed interface Outcome {
        record Refuse(Space.Refused refused) implements Outcome {}

        record Persist(List<SpaceEvent> facts) implements Outcome {}
    }

    /**
     * Where a follower starts.
     *
     * @param reset why not at its cursor
     */
    record Start(@Nullable Cursor since, @Nullable ErrorCode reset) {}

    /** What stands around the documents. */
    record Settings(
            String owner,
            String title,
            boolean declared,
            String request,
            long createdAt,
            SortedMap<String, SpaceRight> members,
            long quotaDocuments,
            long quotaBytes,
            long version,
            boolean erased) {
        Settings with(SortedMap<String, SpaceRight> others) {
            return new Settings(
                    owner,
                    title,
                    declared,
                    request,
                    createdAt,
                    others,
                    quotaDocuments,
                    quotaBytes,
                    version + 1,
                    erased);
        }

        Settings with(long documents, long bytes) {
            return new Settings(
                    owner, title, declared, request, createdAt, members, documents, bytes, version + 1, erased);
        }

        Settings over() {
            return new Settings(
                    owner, title, declared, request, createdAt, members, quotaDocuments, quotaBytes, version + 1, true);
        }
    }

    private final Identity identity;
    private final EntityLimits limits;
    private final SpaceState documents;
    private final CollectionSchemas schemas;
    private final SortedMap<String, Sighting> devices = new TreeMap<>();
    /** What devices said since; newer than {@link #devices}, and forgotten in a restart. */
    private final Map<String, Cursor> seenSince = new HashMap<>();

    private final SortedMap<String, Long> purgedTo = new TreeMap<>();
    private @Nullable Settings settings;

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
        this.schemas = new CollectionSchemas(limits);
    }

    /** A space as a snapshot holds it. */
    HostedSpace(Identity identity, EntityLimits limits, SpaceState documents, HostedSpaceCodec.Head head) {
        this(identity, limits, documents);
        settings = head.settings();
        devices.putAll(head.devices());
        purgedTo.putAll(head.purgedTo());
        schemas.restore(head.schemas());
    }

    HostedSpaceCodec.Head head() {
        return new HostedSpaceCodec.Head(settings, devices, purgedTo, schemas.all());
    }

    // --- who may

    /** Why somebody may not; a space that one may not see looks like one that does not exist. */
    Optional<Space.Refused> refusal(Principal by, SpaceRight needed) {
        if (settings != null && settings.erased()) {
            return Optional.of(new Space.Refused(ErrorCode.ERASED, "The space's owner was erased."));
        }
        SpaceRight right = rightOf(by);
        if (right == null) {
            return Optional.of(new Space.Refused(
                    ErrorCode.SPACE_NOT_FOUND, "There is no space " + identity.space() + " that you may see."));
        }
        return right.includes(needed)
                ? Optional.empty()
                : Optional.of(new Space.Refused(
                        ErrorCode.FORBIDDEN,
                        "This needs the right to " + needed.name().toLowerCase(java.util.Locale.ROOT) + "."));
    }

    private @Nullable SpaceRight rightOf(Principal by) {
        if (settings == null || !by.tenant().equals(identity.tenant())) {
            return null;
        }
        return settings.owner().equals(by.user()) || by.is(Principal.Role.ADMIN)
                ? SpaceRight.MANAGE
                : settings.members().get(by.user());
    }

    Optional<Space.Refused> refusalToFollow(Principal by, String device) {
        return refusal(by, SpaceRight.READ).or(() -> refusalOfDevice(by, device));
    }

    private Optional<Space.Refused> refusalOfDevice(Principal by, String device) {
        Sighting known = devices.get(device);
        if (known == null) {
            return devices.size() < limits.devicesMax()
                    ? Optional.empty()
                    : Optional.of(new Space.Refused(ErrorCode.RATE_LIMITED, "The space knows too many devices."));
        }
        // Mutation numbers belong to the device: somebody else's would be taken for repetitions. A credential proves
        // whose it is.
        return known.user().equals(by.user()) || device.equals(by.device())
                ? Optional.empty()
                : Optional.of(new Space.Refused(
                        ErrorCode.DEVICE_UNKNOWN, "Another user's device of this name uses the space."));
    }

    // --- pushes

    Verdict judge(Space.Push command, long now) {
        Push push = command.push();
        Principal by = command.by();
        Optional<Space.Refused> refusal = refusal(by, SpaceRight.WRITE)
                .or(() -> refusalOfDevice(by, push.device()))
                .or(() -> refusalOf(push));
        if (refusal.isPresent()) {
            Space.Refused refused = refusal.get();
            return new Verdict.Refuse(
                    new SpaceNotice.PushRefused(identity.space(), push.firstSeq(), refused.code(), refused.detail()));
        }
        Decision decision = documents.decide(push, pushSettings(), now);
        List<SpaceEvent> facts = new ArrayList<>();
        if (!decision.isEmpty()) {
            facts.addAll(sighting(by, push.device(), now));
            facts.add(decision.facts());
        }
        return new Verdict.Merge(decision, facts);
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
        Settings around = born();
        return schemas.settings(around.declared(), around.quotaDocuments(), around.quotaBytes());
    }

    // --- devices and tombstones

    /** The event that a device was here, when it is time for one. */
    List<SpaceEvent> sighting(Principal by, String device, long now) {
        Sighting known = devices.get(device);
        boolean recent = known != null
                && known.user().equals(by.user())
                && now - known.at() < limits.lease().toMillis() / SIGHTINGS_PER_LEASE;
        if (recent) {
            return List.of();
        }
        return List.of(new SpaceEvent.DeviceSeen(device, by.user(), cursorOf(device), now));
    }

    List<SpaceEvent> seen(Space.Seen command, long now) {
        if (refusalToFollow(command.by(), command.device()).isPresent()
                || !devices.containsKey(command.device())
                || documents.check(command.cursor()) != CursorCheck.USABLE) {
            return List.of();
        }
        hasStored(command.device(), command.cursor());
        return sighting(command.by(), command.device(), now);
    }

    /** Whoever asks from a cursor on has stored what is before it; in the middle of a page it has not. */
    private void hasStored(String device, Cursor cursor) {
        if (cursor.progress().isEmpty()) {
            seenSince.put(device, cursor);
        }
    }

    private @Nullable Cursor cursorOf(String device) {
        Cursor soft = seenSince.get(device);
        Sighting known = devices.get(device);
        return soft != null || known == null ? soft : known.cursor();
    }

    /** The event that drops what every device within its lease has seen, when there is something to gain. */
    List<SpaceEvent> purge(long now) {
        SortedMap<String, Long> horizon = new TreeMap<>(documents.cursor().numbers());
        devices.forEach((device, sighting) -> {
            if (now - sighting.at() < limits.lease().toMillis()) {
                Cursor seen = cursorOf(device);
                horizon.replaceAll((region, number) -> Math.min(number, seen == null ? 0 : seen.number(region)));
            }
        });
        boolean gains = settings != null
                && horizon.entrySet().stream()
                        .anyMatch(reached -> reached.getValue() > purgedTo.getOrDefault(reached.getKey(), 0L));
        return gains ? List.of(new Purged(horizon, now)) : List.of();
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
                    hasStored(device, cursor);
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

    Space.Reply done() {
        return new Space.Done(documents.cursor().encode());
    }

    SpaceState documents() {
        return documents;
    }

    Space.View view() {
        Settings around = born();
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
                devices.size(),
                documents.cursor().encode(),
                around.version(),
                around.createdAt());
    }

    // --- changing what stands around the documents

    Outcome create(Space.Create command, long now) {
        if (settings == null) {
            return new Outcome.Persist(List.of(new SpaceEvent.Created(
                    command.by().user(),
                    command.title(),
                    command.declared(),
                    command.request(),
                    command.by().actor(),
                    now)));
        }
        if (!settings.owner().equals(command.by().user())) {
            return refuse(ErrorCode.ALREADY_EXISTS, "The name is taken.");
        }
        // The same request again: it was made by it.
        return settings.request().equals(command.request())
                ? new Outcome.Persist(List.of())
                : refuse(ErrorCode.ALREADY_EXISTS, "You have a space of this name already.");
    }

    Outcome setMember(Space.SetMember command, long now) {
        return guarded(command.by(), SpaceRight.MANAGE, command.version(), around -> {
            SpaceRight right = command.right();
            if (right == null) {
                return around.members().containsKey(command.user())
                        ? persist(new SpaceEvent.MemberRemoved(
                                command.user(), command.by().actor(), now))
                        : persistNothing();
            }
            if (command.user().equals(around.owner())) {
                return refuse(ErrorCode.INVALID_REQUEST, "The owner has all rights already.");
            }
            if (around.members().size() >= limits.membersMax()
                    && !around.members().containsKey(command.user())) {
                return refuse(ErrorCode.INVALID_REQUEST, "A space has at most " + limits.membersMax() + " members.");
            }
            return right == around.members().get(command.user())
                    ? persistNothing()
                    : persist(new SpaceEvent.MemberSet(
                            command.user(), right, command.by().actor(), now));
        });
    }

    Outcome dismiss(Space.Dismiss command, long now) {
        return settings != null && settings.members().containsKey(command.user())
                ? persist(new SpaceEvent.MemberRemoved(command.user(), command.by(), now))
                : persistNothing();
    }

    Outcome setQuota(Space.SetQuota command, long now) {
        if (!command.by().operates()) {
            return refusal(command.by(), SpaceRight.READ)
                    .<Outcome>map(Outcome.Refuse::new)
                    .orElseGet(() -> refuse(ErrorCode.FORBIDDEN, "Operators set quotas."));
        }
        if (settings == null) {
            return refuse(ErrorCode.SPACE_NOT_FOUND, "There is no such space.");
        }
        if (command.version() != null && command.version() != settings.version()) {
            return stale(settings.version());
        }
        return persist(new SpaceEvent.QuotaSet(
                command.documents(), command.bytes(), command.by().actor(), now));
    }

    Outcome setSchema(Space.SetSchema command, long now) {
        return guarded(command.by(), SpaceRight.MANAGE, null, around -> {
            long current = schemas.version(command.collection());
            if (command.version() != null && command.version() != current) {
                return stale(current);
            }
            Optional<String> fault = schemas.fault(command.collection(), command.schema());
            if (fault.isPresent()) {
                return refuse(ErrorCode.SCHEMA_INVALID, fault.get());
            }
            return persist(new SpaceEvent.SchemaSet(
                    command.collection(), command.schema(), command.by().actor(), now));
        });
    }

    /** Sets a queued path for good; only what is queued can be resolved, so a repetition changes nothing that came later. */
    Outcome resolve(Space.ResolveConflict command, long now) {
        Optional<Space.Refused> refusal = refusal(command.by(), SpaceRight.WRITE);
        if (refusal.isPresent()) {
            return new Outcome.Refuse(refusal.get());
        }
        String path;
        try {
            path = Path.canonical(command.path());
        } catch (IllegalArgumentException e) {
            return refuse(ErrorCode.INVALID_REQUEST, "The path is a member's name or a JSON Pointer.");
        }
        boolean queued = documents.queueOf(command.collection(), command.id()).stream()
                .anyMatch(conflict -> conflict.path().equals(path));
        if (!queued) {
            return refuse(ErrorCode.NOT_FOUND, "Nothing waits at this path (any more).");
        }
        JsonNode value = command.value();
        Mutation mutation = new Mutation(
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
        SpaceEvent resolved = new SpaceEvent.ConflictResolved(
                command.collection(), command.id(), path, command.by().actor(), now);
        return ownOperation(mutation, List.of(resolved), now);
    }

    /** Applies a mutation in quarantine on what is there now, or drops it. */
    Outcome decide(Space.DecideQuarantine command, long now) {
        Optional<Space.Refused> refusal = refusal(command.by(), SpaceRight.MANAGE);
        if (refusal.isPresent()) {
            return new Outcome.Refuse(refusal.get());
        }
        Optional<Quarantined> held = documents.quarantine().stream()
                .filter(one -> one.seq() == command.seq() && one.device().equals(command.device()))
                .findFirst();
        if (held.isEmpty()) {
            return refuse(ErrorCode.NOT_FOUND, "This change is not in quarantine (any more).");
        }
        SpaceEvent decided = new SpaceEvent.QuarantineDecided(
                command.device(), command.seq(), command.accept(), command.by().actor(), now);
        return command.accept() ? ownOperation(held.get().mutation(), List.of(decided), now) : persist(decided);
    }

    /** An operation by the space itself, made in full knowledge of the present. */
    private Outcome ownOperation(Mutation mutation, List<SpaceEvent> together, long now) {
        long seq = documents.mergedOf(API_DEVICE).max() + 1;
        Decision decision =
                documents.decide(new Push(API_DEVICE, seq, documents.cursor(), List.of(mutation)), pushSettings(), now);
        if (!decision.rejections().isEmpty()) {
            Rejection rejection = decision.rejections().getFirst();
            return refuse(rejection.code(), rejection.detail());
        }
        List<SpaceEvent> facts = new ArrayList<>(together);
        facts.add(decision.facts());
        return new Outcome.Persist(facts);
    }

    List<SpaceEvent> erase(String by, long now) {
        return settings == null || settings.erased() ? List.of() : List.of(new SpaceEvent.Erased(by, now));
    }

    private interface Change {
        Outcome of(Settings around);
    }

    private Outcome guarded(Principal by, SpaceRight needed, @Nullable Long version, Change change) {
        Optional<Space.Refused> refusal = refusal(by, needed);
        if (refusal.isPresent()) {
            return new Outcome.Refuse(refusal.get());
        }
        Settings around = born();
        return version != null && version != around.version() ? stale(around.version()) : change.of(around);
    }

    private static Outcome stale(long version) {
        return refuse(ErrorCode.PRECONDITION_FAILED, "Its version is " + version + " now.");
    }

    private static Outcome refuse(ErrorCode code, String detail) {
        return new Outcome.Refuse(new Space.Refused(code, detail));
    }

    private static Outcome persist(SpaceEvent fact) {
        return new Outcome.Persist(List.of(fact));
    }

    private static Outcome persistNothing() {
        return new Outcome.Persist(List.of());
    }

    // --- events

    HostedSpace apply(SpaceEvent event) {
        switch (event) {
            case Merged merged -> {
                documents.apply(merged);
            }
            case SpaceEvent.Created created -> {
                settings = new Settings(
                        created.owner(),
                        created.title(),
                        created.declared(),
                        created.request(),
                        created.at(),
                        new TreeMap<>(),
                        limits.quotaDocuments(),
                        limits.quotaBytes(),
                        1,
                        false);
            }
            case SpaceEvent.MemberSet set -> {
                SortedMap<String, SpaceRight> members = new TreeMap<>(born().members());
                members.put(set.user(), set.right());
                settings = born().with(members);
            }
            case SpaceEvent.MemberRemoved removed -> {
                SortedMap<String, SpaceRight> members = new TreeMap<>(born().members());
                members.remove(removed.user());
                settings = born().with(members);
            }
            case SpaceEvent.SchemaSet set -> {
                schemas.set(set.collection(), set.schema());
                settings = born().with(born().members());
            }
            case SpaceEvent.QuotaSet set -> settings = born().with(set.documents(), set.bytes());
            case SpaceEvent.DeviceSeen seen ->
                devices.put(seen.device(), new Sighting(seen.user(), seen.cursor(), seen.at()));
            case Purged purged -> {
                documents.apply(purged);
                purgedTo.putAll(purged.horizon());
                devices.values()
                        .removeIf(sighting ->
                                purged.at() - sighting.at() >= limits.lease().toMillis());
                seenSince.keySet().retainAll(devices.keySet());
            }
            case SpaceEvent.QuarantineDecided decided -> {
                if (decided.accepted()) {
                    documents.accept(decided.device(), decided.seq());
                } else {
                    documents.discard(decided.device(), decided.seq());
                }
            }
            case SpaceEvent.ConflictResolved resolved -> {} // by the Merged beside it
            case SpaceEvent.Erased erased -> settings = born().over();
        }
        return this;
    }

    private Settings born() {
        if (settings == null) {
            throw new IllegalStateException("the space was never created");
        }
        return settings;
    }
}
