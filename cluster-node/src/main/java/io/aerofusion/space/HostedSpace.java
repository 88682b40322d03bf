package io.aerofusion.space;

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
            long version) {}

    private final Identity identity;
    private final EntityLimits limits;
    private final SpaceState documents;
    private final CollectionSchemas schemas;
    private final SortedMap<String, Sighting> devices = new TreeMap<>();
    /** What devices said since; newer than {@link #devices}, and forgotten in a restart. */
    private final Map<String, Cursor> seenSince = new HashMap<>();

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

    // --- who may

    /** Why somebody may not; a space that one may not see looks like one that does not exist. */
    Optional<Space.Refused> refusal(Principal by, SpaceRight needed) {
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
        // Mutation numbers belong to the device: somebody else's would be taken for repetitions.
        return known.user().equals(by.user())
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
                List.of(),
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
        if (known != null && now - known.at() < limits.lease().toMillis() / SIGHTINGS_PER_LEASE) {
            return List.of();
        }
        return List.of(new SpaceEvent.DeviceSeen(device, by.user(), cursorOf(device), now));
    }

    List<SpaceEvent> seen(Space.Seen command, long now) {
        Sighting known = devices.get(command.device());
        if (known == null
                || !known.user().equals(command.by().user())
                || documents.check(command.cursor()) != CursorCheck.USABLE) {
            return List.of();
        }
        seenSince.put(command.device(), command.cursor());
        return sighting(command.by(), command.device(), now);
    }

    private @Nullable Cursor cursorOf(String device) {
        Cursor soft = seenSince.get(device);
        Sighting known = devices.get(device);
        return soft != null || known == null ? soft : known.cursor();
    }

    // --- reading

    Start start(@Nullable String token) {
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
            case USABLE -> new Start(cursor, null);
            case FOREIGN -> new Start(null, ErrorCode.BAD_CURSOR);
            // Ahead: the space was restored from a backup that is older than the cursor.
            case EXPIRED, AHEAD -> new Start(null, ErrorCode.CURSOR_EXPIRED);
        };
    }

    Space.Reply readChanges(@Nullable String since, List<String> collections, int documentsMax) {
        Start start = start(since);
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
                        1);
            }
            case SpaceEvent.MemberSet set -> {
                SortedMap<String, SpaceRight> members = new TreeMap<>(born().members());
                members.put(set.user(), set.right());
                settings = with(members);
            }
            case SpaceEvent.MemberRemoved removed -> {
                SortedMap<String, SpaceRight> members = new TreeMap<>(born().members());
                members.remove(removed.user());
                settings = with(members);
            }
            case SpaceEvent.SchemaSet set -> {
                schemas.set(set.collection(), set.schema());
                settings = with(born().members());
            }
            case SpaceEvent.QuotaSet set -> {
                Settings around = with(born().members());
                settings = new Settings(
                        around.owner(),
                        around.title(),
                        around.declared(),
                        around.request(),
                        around.createdAt(),
                        around.members(),
                        set.documents(),
                        set.bytes(),
                        around.version());
            }
            case SpaceEvent.DeviceSeen seen ->
                devices.put(seen.device(), new Sighting(seen.user(), seen.cursor(), seen.at()));
        }
        return this;
    }

    private Settings with(SortedMap<String, SpaceRight> members) {
        Settings old = born();
        return new Settings(
                old.owner(),
                old.title(),
                old.declared(),
                old.request(),
                old.createdAt(),
                members,
                old.quotaDocuments(),
                old.quotaBytes(),
                old.version() + 1);
    }

    private Settings born() {
        if (settings == null) {
            throw new IllegalStateException("the space was never created");
        }
        return settings;
    }
}
