package io.aerofusion.space;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
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
        private final SortedMap<String, Optional<JsonNode>> values = new TreeMap<>();
        private final Set<String> replaced = new TreeSet<>();
        private final Set<String> merged = new TreeSet<>();
        private boolean wasDeleted;
        private boolean deleted;

        void take(Mutation mutation) {
            deleted = mutation.delete();
            if (deleted) {
                wasDeleted = true;
                values.clear();
                replaced.clear();
                merged.clear();
                return;
            }
            mutation.unset().forEach(path -> assumeUnset(Path.canonical(path)));
            mutation.set().forEach((path, value) -> assume(Path.canonical(path), value));
            mutation.inc().keySet().forEach(path -> merged.add(Path.canonical(path)));
            mutation.add().keySet().forEach(path -> merged.add(Path.canonical(path)));
            mutation.remove().keySet().forEach(path -> merged.add(Path.canonical(path)));
            mutation.insert().keySet().forEach(path -> merged.add(Path.canonical(path)));
        }

        private void assume(String path, JsonNode value) {
            if (value.isObject() && !value.isEmpty()) {
                value.properties().forEach(member -> assume(Path.child(path, member.getKey()), member.getValue()));
            } else {
                if (!value.isObject()) { // {} hides nothing
                    forgetBeneath(path);
                }
                forgetAbove(path, false);
                assume(path, Optional.of(Json.restored(value)));
            }
        }

        private void assumeUnset(String path) {
            forgetBeneath(path);
            forgetAbove(path, true);
            assume(path, Optional.empty());
        }

        private void assume(String path, Optional<JsonNode> value) {
            values.put(path, value);
            replaced.add(path);
        }

        /** What an earlier mutation of the push set beneath the path is gone from the device: if it is still here, it has to be told. */
        private void forgetBeneath(String path) {
            String first = Path.prefixOfChildren(path);
            String beyond = first.substring(0, first.length() - 1) + (char) ('/' + 1);
            values.subMap(first, beyond).clear();
        }

        /** So are the values that it set in the way of the path, and, if that was taken away, objects that it set empty and that may be so again. */
        private void forgetAbove(String path, boolean unset) {
            for (String above = path; Path.isNested(above); ) {
                above = Path.parent(above);
                Optional<JsonNode> known = values.get(above);
                if (known != null && known.isPresent() && known.get().isObject() == unset) {
                    values.remove(above);
                }
            }
        }

        Optional<DocumentChange> correction(Document document, Knowledge before) {
            if (!document.isLive()) {
                return deleted
                        ? Optional.empty()
                        : Optional.of(DocumentChange.deleted(document.collection(), document.id()));
            }
            // The device may have learnt since its base that the document was deleted, or that another life began.
            boolean otherLife =
                    document.removed().length > 0 || (document.born() != null && !before.covers(document.born()));
            if (deleted || wasDeleted || otherLife || document.tangled()) {
                return Optional.of(DocumentDelta.whole(document));
            }
            Set<String> wrong = new TreeSet<>(merged);
            values.forEach((path, value) -> {
                if (!value.equals(Optional.ofNullable(document.visible(path)))) {
                    wrong.add(path);
                }
            });
            replaced.forEach(path -> addWhatIsLeft(document, path, wrong));
            return wrong.isEmpty() ? Optional.empty() : Optional.of(DocumentDelta.at(document, wrong));
        }

        /** The device let go of what was beneath the path, of objects left empty, and of values that stood in the way of it. */
        private void addWhatIsLeft(Document document, String replacedPath, Set<String> wrong) {
            for (Cell below : document.beneath(replacedPath)) {
                Optional<JsonNode> visible = Optional.ofNullable(document.visible(below.path()));
                if (visible.isPresent() && !visible.equals(values.get(below.path()))) {
                    wrong.add(below.path());
                }
            }
            for (String above = replacedPath; Path.isNested(above); ) {
                above = Path.parent(above);
                Optional<JsonNode> visible = Optional.ofNullable(document.visible(above));
                if (visible.isPresent() && !visible.equals(values.get(above))) {
                    wrong.add(above);
                }
            }
        }
    }
}
