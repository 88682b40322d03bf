package io.aerofusion.space;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.aerofusion.platform.ErrorCode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Turns one push into facts: validates, settles causality and policies, and tells rejections and conflicts. It sees the state
 * with the push's own accepted mutations on top and changes nothing.
 */
final class Ingress {
    private final SpaceState state;
    private final Push push;
    private final SpaceSettings settings;
    private final long now;
    private final @Nullable Cursor base;
    private final HybridClock clock;

    private final Map<String, Document> overlay = new HashMap<>();
    private final List<Operation> operations = new ArrayList<>();
    private final List<Rejection> rejections = new ArrayList<>();
    private final List<Conflict> conflicts = new ArrayList<>();
    private final SortedMap<Long, Long> restamps = new TreeMap<>();
    private SeqSet merged;
    private long number;
    private int documents;
    private long bytes;

    Ingress(SpaceState state, Push push, SpaceSettings settings, long now) {
        this.state = state;
        this.push = push;
        this.settings = settings;
        this.now = now;
        Cursor given = push.base();
        // What an unusable base has seen is unknown: then nothing counts as seen, which costs conflicts but loses
        // nothing.
        this.base = given != null && given.space() == state.cursor().space() && given.epoch() == state.epoch()
                ? given
                : null;
        this.clock = new HybridClock(state.hlc());
        this.merged = state.mergedOf(push.device());
        this.number = state.head(state.region());
        this.documents = state.documents();
        this.bytes = state.approximateBytes();
    }

    Decision decide() {
        SeqSet seen = SeqSet.EMPTY;
        for (int i = 0; i < push.mutations().size(); i++) {
            long seq = push.firstSeq() + i;
            seen = seen.with(seq);
            if (merged.contains(seq)) {
                continue;
            }
            try {
                accept(seq, push.mutations().get(i));
            } catch (RejectedException e) {
                rejections.add(e.rejection(seq));
            }
        }
        return new Decision(
                new Merged(state.region(), push.device(), now, operations, List.of(), conflicts.size()),
                rejections,
                conflicts,
                restamps,
                push.firstSeq() + push.mutations().size() - 1,
                seen);
    }

    private void accept(long seq, Mutation mutation) throws RejectedException {
        requireNames(mutation);
        String key = mutation.collection() + '\n' + mutation.id();
        Document document = overlay.get(key);
        if (document == null) {
            document = state.stored(mutation.collection(), mutation.id());
        }
        MutationIngress ingress = new MutationIngress(
                document, mutation, push.device(), seq, base, settings.rules(mutation.collection()), settings.limits());
        ingress.settleStamp(stampOf(mutation));
        Operation operation = ingress.operation(number + 1);
        Origin origin = new Origin(state.region(), operation.number(), push.device(), seq, operation.hlc());
        Document next = document.merge(operation, origin);
        if (!mutation.delete()) {
            requireRoom(document, next);
            requireValid(document, next);
        }
        number = operation.number();
        clock.observe(operation.hlc());
        overlay.put(key, next);
        merged = merged.with(seq);
        documents += (next.isLive() ? 1 : 0) - (document.isLive() ? 1 : 0);
        bytes += (next.isLive() ? next.weight() : 0) - (document.isLive() ? document.weight() : 0);
        operations.add(operation);
        conflicts.addAll(ingress.conflicts(next));
        if (isAhead(mutation)) {
            restamps.put(seq, operation.hlc());
        }
    }

    private long stampOf(Mutation mutation) {
        return mutation.at() == 0 || isAhead(mutation)
                ? Math.max(clock.last() + 1, HybridClock.ofMillis(now))
                : mutation.at();
    }

    private boolean isAhead(Mutation mutation) {
        return Long.compareUnsigned(
                        mutation.at(),
                        HybridClock.ofMillis(now + settings.limits().clockAheadMillisMax()))
                > 0;
    }

    private void requireNames(Mutation mutation) throws RejectedException {
        requireName(mutation.collection(), "collection");
        requireName(mutation.id(), "document id");
        if (settings.declaredOnly() && !settings.collections().containsKey(mutation.collection())) {
            throw new RejectedException(ErrorCode.COLLECTION_UNKNOWN, mutation.collection(), "", null);
        }
    }

    private void requireName(String name, String what) throws RejectedException {
        if (name.isEmpty() || name.length() > settings.limits().nameLengthMax()) {
            throw new RejectedException(
                    ErrorCode.INVALID_REQUEST,
                    "a " + what + " has 1 to " + settings.limits().nameLengthMax() + " characters",
                    "",
                    null);
        }
        try {
            Json.requireWellFormed(name);
        } catch (Json.InvalidValueException e) {
            throw new RejectedException(e.code(), what + ": " + e.detail(), "", null);
        }
    }

    private void requireRoom(Document before, Document next) throws RejectedException {
        if (next.weight() > settings.limits().documentBytesMax() && next.weight() > before.weight()) {
            throw new RejectedException(
                    ErrorCode.DOCUMENT_TOO_LARGE,
                    "at most " + settings.limits().documentBytesMax() + " bytes",
                    "",
                    null);
        }
        boolean appears = next.isLive() && !before.isLive();
        boolean grows = appears || next.weight() > before.weight();
        if (appears && documents >= settings.limits().documentsMax()) {
            throw new RejectedException(
                    ErrorCode.QUOTA_EXCEEDED, "at most " + settings.limits().documentsMax() + " documents", "", null);
        }
        if (grows && bytes + next.weight() - before.weight() > settings.limits().bytesMax()) {
            throw new RejectedException(
                    ErrorCode.QUOTA_EXCEEDED, "at most " + settings.limits().bytesMax() + " bytes", "", null);
        }
    }

    private void requireValid(Document before, Document next) throws RejectedException {
        if (!next.isLive()) {
            return;
        }
        ObjectNode result = next.json();
        List<SpaceSettings.Violation> violations = settings.check().check(next.collection(), result);
        if (!violations.isEmpty()) {
            SpaceSettings.Violation first = violations.getFirst();
            JsonNode held =
                    first.path().isEmpty() ? (before.isLive() ? before.json() : null) : before.visible(first.path());
            throw new RejectedException(ErrorCode.SCHEMA_VIOLATION, first.message(), first.path(), held);
        }
    }
}
