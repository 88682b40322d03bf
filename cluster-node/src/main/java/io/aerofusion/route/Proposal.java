package io.aerofusion.route;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.aerofusion.platform.ErrorCode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What a change set would do to a configuration: the next generation, checked as a whole, or all reasons why it cannot be. Pure. */
sealed interface Proposal {
    /** Resources of one gateway; more are refused. */
    int RESOURCES_MAX = 20_000;
    /** Problems that are told at once. */
    int PROBLEMS_MAX = 500;

    /**
     * It can be published.
     *
     * @param changes empty when everything is as wanted already
     */
    record Valid(List<ResourceChange> changes, List<Difference> differences) implements Proposal {}

    /** It cannot. */
    record Refused(ErrorCode code, String detail, List<Problem> problems) implements Proposal {}

    /**
     * Works it out.
     *
     * @param check what is wrong with a generation as a whole
     */
    static Proposal of(Configuration before, ChangeSet set, Instant now, Function<Generation, List<Problem>> check) {
        Long ifGeneration = set.ifGeneration();
        if (ifGeneration != null && ifGeneration != before.generation()) {
            return refused(
                    ErrorCode.PRECONDITION_FAILED, "The newest generation is " + before.generation() + " by now.");
        }
        Draft draft = new Draft(before);
        for (ChangeSet.Wanted wanted : set.wanted()) {
            Optional<Refused> refusal = draft.put(wanted, now);
            if (refusal.isPresent()) {
                return refusal.get();
            }
        }
        for (ChangeSet.Removed removed : set.removed()) {
            Optional<Refused> refusal = draft.remove(removed);
            if (refusal.isPresent()) {
                return refusal.get();
            }
        }
        if (set.prune()) {
            draft.prune();
        }
        return draft.proposal(check);
    }

    private static Refused refused(ErrorCode code, String detail) {
        return new Refused(code, detail, List.of());
    }

    /** The next generation while it is being made. */
    final class Draft {
        private final Configuration before;
        private final NavigableMap<ResourceKey, Resource> wanted = new TreeMap<>();
        private final NavigableMap<ResourceKey, Configuration.Item> removed = new TreeMap<>();
        private final Set<ResourceKey> unread = new TreeSet<>();
        private final List<Problem> problems = new ArrayList<>();
        private boolean newAndInvalid;

        private Draft(Configuration before) {
            this.before = before;
        }

        private Optional<Refused> put(ChangeSet.Wanted put, Instant now) {
            JsonNode document = put.document();
            Optional<ResourceKey> key = Kind.of(document.path("kind").asText())
                    .map(kind -> new ResourceKey(
                            kind, document.path("metadata").path("name").asText()));
            Optional<Configuration.Item> stored = key.flatMap(before::find);
            if (key.isPresent()) {
                Optional<Refused> refusal = refusal(key.get(), stored, put.ifVersion());
                if (refusal.isPresent()) {
                    return refusal;
                }
            }
            JsonNode complete =
                    stored.map(item -> completed(document, item.document())).orElse(document);
            switch (ResourceCodec.read(complete, now)) {
                case ResourceCodec.Read.Valid valid -> {
                    ResourceKey read = new ResourceKey(
                            valid.resource().kind(), valid.resource().name());
                    if (wanted.put(read, valid.resource()) != null || unread.contains(read)) {
                        problems.add(Problem.of(
                                valid.resource(), "", Problem.DUPLICATE, "This resource is given more than once."));
                    }
                }
                case ResourceCodec.Read.Invalid invalid -> {
                    problems.addAll(invalid.problems());
                    newAndInvalid |= stored.isEmpty();
                    key.ifPresent(known -> unread.add(known));
                }
            }
            return Optional.empty();
        }

        /** What the document leaves to the stored one: when it was made, and secrets. */
        private static JsonNode completed(JsonNode document, JsonNode stored) {
            JsonNode complete = Secrets.restored(document, stored);
            if (complete.path("metadata") instanceof ObjectNode metadata && !metadata.has("createdAt")) {
                metadata.set("createdAt", stored.path("metadata").path("createdAt"));
            }
            return complete;
        }

        private Optional<Refused> remove(ChangeSet.Removed remove) {
            ResourceKey key = new ResourceKey(remove.kind(), remove.name());
            Optional<Configuration.Item> stored = before.find(key);
            if (stored.isEmpty()) {
                return Optional.of(refused(ErrorCode.NOT_FOUND, "There is no " + key + "."));
            }
            removed.put(key, stored.get());
            return refusal(key, stored, remove.ifVersion());
        }

        private void prune() {
            before.items().forEach((key, item) -> {
                if (!wanted.containsKey(key) && !unread.contains(key)) {
                    removed.put(key, item);
                }
            });
        }

        private static Optional<Refused> refusal(
                ResourceKey key, Optional<Configuration.Item> stored, @Nullable Long ifVersion) {
            if (ifVersion == null) {
                return Optional.empty();
            }
            if (ifVersion == ChangeSet.ABSENT) {
                return stored.map(item -> refused(ErrorCode.ALREADY_EXISTS, "There is a " + key + " already."));
            }
            long version = stored.map(Configuration.Item::version).orElse(ChangeSet.ABSENT);
            if (version == ifVersion) {
                return Optional.empty();
            }
            return Optional.of(refused(
                    ErrorCode.PRECONDITION_FAILED,
                    stored.isEmpty()
                            ? "There is no " + key + " any more."
                            : key + " has the ETag \"" + version + "\" now."));
        }

        private Proposal proposal(Function<Generation, List<Problem>> check) {
            List<ResourceChange> changes = new ArrayList<>();
            List<Difference> differences = new ArrayList<>();
            NavigableMap<ResourceKey, Resource> next = new TreeMap<>();
            before.items().forEach((key, item) -> read(key, item, next));
            wanted.forEach((key, resource) -> {
                next.put(key, resource);
                JsonNode document = ResourceCodec.write(resource);
                Optional<Configuration.Item> stored = before.find(key);
                if (stored.isEmpty() || !Difference.same(stored.get().document(), document)) {
                    long previous = stored.map(Configuration.Item::version).orElse(ChangeSet.ABSENT);
                    changes.add(new ResourceChange(key.kind(), key.name(), document, previous));
                    differences.add(Difference.of(
                            key, stored.map(Configuration.Item::document).orElse(null), document));
                }
            });
            removed.forEach((key, item) -> {
                next.remove(key);
                changes.add(new ResourceChange(key.kind(), key.name(), null, item.version()));
                differences.add(Difference.of(key, item.document(), null));
            });
            if (next.size() > RESOURCES_MAX) {
                return refused(ErrorCode.QUOTA_EXCEEDED, "A gateway holds " + RESOURCES_MAX + " resources at most.");
            }
            List<Problem> whole = check.apply(new Generation(before.generation() + 1, List.copyOf(next.values())));
            for (Problem problem : whole) {
                // What refers to a resource that is given but cannot be read does not dangle.
                boolean unknown = newAndInvalid && problem.code().equals(Problem.DANGLING_REFERENCE);
                if (!unknown && !grewOld(problem, changes)) {
                    problems.add(problem);
                }
            }
            return problems.isEmpty()
                    ? new Valid(changes, differences)
                    : new Refused(
                            ErrorCode.CONFIGURATION_INVALID,
                            problems.size() == 1
                                    ? problems.getFirst().toString()
                                    : problems.size() + " things are wrong with it.",
                            problems.stream().limit(PROBLEMS_MAX).toList());
        }

        /** A certificate that expired since it was published is shown on anyway: it must not keep all else from being changed. */
        private static boolean grewOld(Problem problem, List<ResourceChange> changes) {
            return problem.code().equals(Problem.EXPIRED_CERTIFICATE)
                    && changes.stream()
                            .noneMatch(change -> change.kind().label().equals(problem.kind())
                                    && change.name().equals(problem.name()));
        }

        private void read(ResourceKey key, Configuration.Item item, NavigableMap<ResourceKey, Resource> next) {
            if (wanted.containsKey(key) || removed.containsKey(key)) {
                return;
            }
            try {
                next.put(key, item.resource());
            } catch (IllegalArgumentException e) {
                problems.add(new Problem(
                        key.kind().label(),
                        key.name(),
                        "",
                        Problem.MALFORMED,
                        "It was stored by an older version and cannot be read any more: write it anew."));
            }
        }
    }
}
