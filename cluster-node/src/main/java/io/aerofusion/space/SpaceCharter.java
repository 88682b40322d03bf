package io.aerofusion.space;

import static io.aerofusion.space.SpaceOutcome.persist;
import static io.aerofusion.space.SpaceOutcome.refuse;
import static io.aerofusion.space.SpaceOutcome.stale;

import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.security.Principal;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Whose a space is, who may do what in it and how much it may hold. Mutable, part of its {@link HostedSpace}. */
final class SpaceCharter {
    /** Part of the snapshot's format, see {@link HostedSpaceCodec.Head}. */
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

    private final String tenant;
    private final String space;
    private final EntityLimits limits;
    private @Nullable Settings settings;

    SpaceCharter(String tenant, String space, EntityLimits limits) {
        this.tenant = tenant;
        this.space = space;
        this.limits = limits;
    }

    /** As a snapshot holds it; null before the space was created. */
    void restore(@Nullable Settings saved) {
        settings = saved;
    }

    @Nullable Settings settings() {
        return settings;
    }

    /** Of a space that there is. */
    Settings born() {
        if (settings == null) {
            throw new IllegalStateException("the space was never created");
        }
        return settings;
    }

    /** Why somebody may not; a space that one may not see looks like one that does not exist. */
    Optional<Space.Refused> refusal(Principal by, SpaceRight needed) {
        if (settings != null && settings.erased()) {
            return Optional.of(new Space.Refused(ErrorCode.ERASED, "The space's owner was erased."));
        }
        SpaceRight right = rightOf(by);
        if (right == null) {
            return Optional.of(
                    new Space.Refused(ErrorCode.SPACE_NOT_FOUND, "There is no space " + space + " that you may see."));
        }
        return right.includes(needed)
                ? Optional.empty()
                : Optional.of(new Space.Refused(
                        ErrorCode.FORBIDDEN,
                        "This needs the right to " + needed.name().toLowerCase(Locale.ROOT) + "."));
    }

    private @Nullable SpaceRight rightOf(Principal by) {
        if (settings == null || !by.tenant().equals(tenant)) {
            return null;
        }
        return settings.owner().equals(by.user()) || by.is(Principal.Role.ADMIN)
                ? SpaceRight.MANAGE
                : settings.members().get(by.user());
    }

    SpaceOutcome create(Space.Create command, long now) {
        if (settings == null) {
            return persist(new SpaceEvent.Created(
                    command.by().user(),
                    command.title(),
                    command.declared(),
                    command.request(),
                    command.by().actor(),
                    now));
        }
        if (!settings.owner().equals(command.by().user())) {
            return refuse(ErrorCode.ALREADY_EXISTS, "The name is taken.");
        }
        // The same request again: it was made by it.
        return settings.request().equals(command.request())
                ? persist()
                : refuse(ErrorCode.ALREADY_EXISTS, "You have a space of this name already.");
    }

    SpaceOutcome setMember(Space.SetMember command, long now) {
        return guarded(command.by(), SpaceRight.MANAGE, command.version(), around -> {
            SpaceRight right = command.right();
            if (right == null) {
                return around.members().containsKey(command.user())
                        ? persist(new SpaceEvent.MemberRemoved(
                                command.user(), command.by().actor(), now))
                        : persist();
            }
            if (command.user().equals(around.owner())) {
                return refuse(ErrorCode.INVALID_REQUEST, "The owner has all rights already.");
            }
            if (around.members().size() >= limits.membersMax()
                    && !around.members().containsKey(command.user())) {
                return refuse(ErrorCode.INVALID_REQUEST, "A space has at most " + limits.membersMax() + " members.");
            }
            return right == around.members().get(command.user())
                    ? persist()
                    : persist(new SpaceEvent.MemberSet(
                            command.user(), right, command.by().actor(), now));
        });
    }

    SpaceOutcome dismiss(Space.Dismiss command, long now) {
        return settings != null && settings.members().containsKey(command.user())
                ? persist(new SpaceEvent.MemberRemoved(command.user(), command.by(), now))
                : persist();
    }

    SpaceOutcome setQuota(Space.SetQuota command, long now) {
        if (!command.by().operates()) {
            return refusal(command.by(), SpaceRight.READ)
                    .<SpaceOutcome>map(SpaceOutcome.Refuse::new)
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

    /** A change to a space that there is. */
    interface Change {
        SpaceOutcome of(Settings around);
    }

    /** A change by who has the right, made to the version that was meant. */
    SpaceOutcome guarded(Principal by, SpaceRight needed, @Nullable Long version, Change change) {
        Optional<Space.Refused> refusal = refusal(by, needed);
        if (refusal.isPresent()) {
            return new SpaceOutcome.Refuse(refusal.get());
        }
        Settings around = born();
        return version != null && version != around.version() ? stale(around.version()) : change.of(around);
    }

    List<SpaceEvent> erase(String by, long now) {
        return settings == null || settings.erased() ? List.of() : List.of(new SpaceEvent.Erased(by, now));
    }

    void apply(SpaceEvent.Created created) {
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

    void apply(SpaceEvent.MemberSet set) {
        SortedMap<String, SpaceRight> members = new TreeMap<>(born().members());
        members.put(set.user(), set.right());
        settings = born().with(members);
    }

    void apply(SpaceEvent.MemberRemoved removed) {
        SortedMap<String, SpaceRight> members = new TreeMap<>(born().members());
        members.remove(removed.user());
        settings = born().with(members);
    }

    void apply(SpaceEvent.QuotaSet set) {
        settings = born().with(set.documents(), set.bytes());
    }

    void apply(SpaceEvent.Erased erased) {
        settings = born().over();
    }

    /** Something else that the space's version stands for has changed. */
    void changed() {
        settings = born().with(born().members());
    }
}
