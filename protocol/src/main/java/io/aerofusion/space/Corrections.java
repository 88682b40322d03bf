package io.aerofusion.space;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Finds where the outcome of a push differs from what its device sees after applying its own mutations. */
final class Corrections {
    private final SpaceState state;

    Corrections(SpaceState state) {
        this.state = state;
    }

    List<DocumentChange> of(Push push, Decision decision) {
        Set<Long> rejected = decision.rejections().stream().map(Rejection::seq).collect(Collectors.toSet());
        Map<DocumentKey, Assumed> assumed = new LinkedHashMap<>();
        for (int i = 0; i < push.mutations().size(); i++) {
            Mutation mutation = push.mutations().get(i);
            if (!rejected.contains(push.firstSeq() + i)) {
                assumed.computeIfAbsent(new DocumentKey(mutation.collection(), mutation.id()), key -> new Assumed())
                        .take(mutation);
            }
        }
        Knowledge before = push.base() == null
                ? new Knowledge(null, push.device(), push.firstSeq())
                : new Knowledge(push.base(), push.device(), push.firstSeq());
        List<DocumentChange> changes = new ArrayList<>();
        assumed.forEach((key, outcome) -> {
            Document document = state.stored(key.collection(), key.id());
            outcome.correction(document, before).ifPresent(changes::add);
        });
        return changes;
    }

    /** What the device believes of a document that it wrote to. */
    private static final class Assumed {
        private final Map<String, Optional<JsonNode>> values = new TreeMap<>();
        private final Set<String> merged = new TreeSet<>();
        private boolean wasDeleted;
        private boolean deleted;

        void take(Mutation mutation) {
            deleted = mutation.delete();
            if (deleted) {
                wasDeleted = true;
                values.clear();
                merged.clear();
                return;
            }
            mutation.set().forEach((path, value) -> assume(Path.canonical(path), value));
            mutation.unset().forEach(path -> values.put(Path.canonical(path), Optional.empty()));
            mutation.inc().keySet().forEach(path -> merged.add(Path.canonical(path)));
            mutation.add().keySet().forEach(path -> merged.add(Path.canonical(path)));
            mutation.remove().keySet().forEach(path -> merged.add(Path.canonical(path)));
            mutation.insert().keySet().forEach(path -> merged.add(Path.canonical(path)));
        }

        private void assume(String path, JsonNode value) {
            if (value.isObject() && !value.isEmpty()) {
                value.properties().forEach(member -> assume(Path.child(path, member.getKey()), member.getValue()));
            } else {
                values.put(path, Optional.of(Json.restored(value)));
            }
        }

        Optional<DocumentChange> correction(Document document, Knowledge before) {
            if (!document.isLive()) {
                return deleted
                        ? Optional.empty()
                        : Optional.of(DocumentChange.deleted(document.collection(), document.id()));
            }
            boolean unknownLife = document.removed().length > 0 && !document.isKnownLive(before);
            if (deleted || wasDeleted || unknownLife || document.tangled()) {
                return Optional.of(DocumentDelta.whole(document));
            }
            Set<String> wrong = new TreeSet<>(merged);
            values.forEach((path, value) -> {
                if (!value.equals(Optional.ofNullable(document.visible(path)))) {
                    wrong.add(path);
                }
            });
            return wrong.isEmpty() ? Optional.empty() : Optional.of(DocumentDelta.at(document, wrong));
        }
    }
}
