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
    /** The highest number a push may begin with: what every JSON reader keeps exactly. */
    private static final long SEQ_MAX = Json.INTEGER_MAX;

    private final SpaceState state;
    private final Push push;
    private final SpaceSettings settings;
    private final SpaceLimits limits;
    private final long now;
    private final @Nullable Cursor base;
    private final boolean expired;
    private final HybridClock clock;

    private final Map<String, Document> overlay = new HashMap<>();
    private final List<Operation> operations = new ArrayList<>();
    private final List<Quarantined> quarantined = new ArrayList<>();
    private final List<Rejection> rejections = new ArrayList<>();
    private final List<Conflict> conflicts = new ArrayList<>();
    private final SortedMap<Long, Long> restamps = new TreeMap<>();
    private SeqSet merged;
    private long number;
    private int documents;
    private long bytes;
    private int kept;
    private long keptBytes;
    private long quarantinedBytes;

    Ingress(SpaceState state, Push push, SpaceSettings settings, long now) {
        this.state = state;
        this.push = push;
        this.settings = settings;
        this.limits = settings.limits();
        this.now = now;
        Cursor given = push.base();
        // What a base of another space or epoch has seen is unknown: then nothing counts as seen. That costs conflicts
        // and loses nothing.
        this.base =
                given != null && given.space() == state.fingerprint() && given.epoch() == state.epoch() ? given : null;
        // What a base of an older epoch had not seen when it was purged is as unknown to its author after a restore.
        this.expired = base != null
                ? state.check(base) == CursorCheck.EXPIRED
                : given != null
                        && given.space() == state.fingerprint()
                        && given.epoch() < state.epoch()
                        && state.isBelowHorizon(given);
        this.clock = new HybridClock(state.hlc());
        if (base != null && state.check(base) == CursorCheck.AHEAD && !isAhead(base.hlc())) {
            clock.observe(base.hlc());
        }
        this.merged = state.mergedOf(push.device());
        this.number = state.head(state.region());
        this.documents = state.documents();
        this.bytes = state.approximateBytes();
        this.kept = state.keptDocuments();
        this.keptBytes = state.keptBytes();
    }

    Decision decide() {
        SeqSet seen = SeqSet.EMPTY;
        boolean numbered = push.firstSeq() >= 1 && push.firstSeq() <= SEQ_MAX;
        for (int i = 0; i < push.mutations().size(); i++) {
            long seq = push.firstSeq() + i;
            if (!numbered) {
                rejections.add(new Rejection(
                        seq, ErrorCode.SEQUENCE_CONFLICT, "mutation numbers are counted from 1", "", null));
                continue;
            }
            seen = seen.with(seq);
            if (merged.isTooOld(seq)) {
                rejections.add(new Rejection(
                        seq,
                        ErrorCode.SEQUENCE_CONFLICT,
                        "so many gaps lie after this number that it cannot be told any more whether it was merged; go on above "
                                + merged.max(),
                        "",
                        null));
                continue;
            }
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
                new Merged(state.region(), push.device(), now, operations, quarantined, conflicts.size()),
                rejections,
                conflicts,
                restamps,
                push.firstSeq() + push.mutations().size() - 1,
                seen);
    }

    private void accept(long seq, Mutation mutation) throws RejectedException {
        requireNames(mutation);
        String key = mutation.collection() + '\n' + mutation.id();
        Document known = overlay.get(key);
        Document document = known != null ? known : state.stored(mutation.collection(), mutation.id());
        MutationIngress ingress = new MutationIngress(
                document,
                mutation,
                new Knowledge(base, push.device(), seq),
                settings.rules(mutation.collection()),
                limits);
        Operation operation = ingress.operation(number + 1, stampOf(mutation), state.floor());
        Origin origin = new Origin(state.region(), operation.number(), push.device(), seq, operation.hlc());
        Document next = document.merge(operation, origin, true);
        boolean unknown = expired && !document.exists() && !mutation.delete();
        boolean waits = state.waiting().contains(push.device(), seq);
        if (unknown || waits) { // what waits must not happen twice
            if (!waits) {
                requireSize(document, next);
                hold(seq, mutation);
            }
            throw new RejectedException(
                    ErrorCode.QUARANTINED, "the document is unknown and may have been deleted long ago", "", null);
        }
        if (!document.exists() && kept >= (long) limits.documentsMax() * SpaceLimits.KEPT_PER_LIVE) {
            throw full(
                    limits.documentsMax() + " documents, and as many deleted ones that somebody may not have seen yet");
        }
        if (!mutation.delete()) {
            requireSize(document, next);
            requireRoom(document, next);
            requireValid(document, next);
        }
        number = operation.number();
        clock.observe(operation.hlc());
        overlay.put(key, next);
        merged = merged.with(seq);
        documents += (next.isLive() ? 1 : 0) - (document.isLive() ? 1 : 0);
        bytes += visibleWeight(next) - visibleWeight(document);
        kept += document.exists() ? 0 : 1;
        keptBytes += next.weight() - document.weight();
        operations.add(operation);
        conflicts.addAll(ingress.conflicts());
        if (isAhead(mutation.at())) {
            restamps.put(seq, operation.hlc());
        }
    }

    private static int visibleWeight(Document document) {
        return document.isLive() ? document.weight() : 0;
    }

    /** The device's reading; the server's where there is none or it is too far ahead. */
    private long stampOf(Mutation mutation) {
        boolean ownTime = mutation.at() != 0 && !isAhead(mutation.at());
        return ownTime ? mutation.at() : Math.max(clock.last() + 1, HybridClock.ofMillis(now));
    }

    private boolean isAhead(long hlc) {
        return Long.compareUnsigned(hlc, HybridClock.ofMillis(now + limits.clockAheadMillisMax())) > 0;
    }

    private void hold(long seq, Mutation mutation) throws RejectedException {
        if (state.waiting().size() + quarantined.size() >= Quarantine.SIZE_MAX
                || state.waiting().bytes() + quarantinedBytes + mutation.weight() > limits.quarantineBytesMax()) {
            throw new RejectedException(ErrorCode.QUOTA_EXCEEDED, "the quarantine is full", "", null);
        }
        quarantinedBytes += mutation.weight();
        quarantined.add(new Quarantined(push.device(), seq, now, mutation));
    }

    private void requireNames(Mutation mutation) throws RejectedException {
        requireName(mutation.collection(), "collection");
        requireName(mutation.id(), "document id");
        if (settings.declaredOnly() && !settings.collections().containsKey(mutation.collection())) {
            throw new RejectedException(ErrorCode.COLLECTION_UNKNOWN, mutation.collection(), "", null);
        }
    }

    private void requireName(String name, String what) throws RejectedException {
        if (name.isEmpty() || name.length() > limits.nameLengthMax()) {
            String detail = "a " + what + " has 1 to " + limits.nameLengthMax() + " characters";
            throw new RejectedException(ErrorCode.INVALID_REQUEST, detail, "", null);
        }
        try {
            Json.requireWellFormed(name);
        } catch (Json.InvalidValueException e) {
            throw new RejectedException(e.code(), what + ": " + e.detail(), "", null);
        }
    }

    private void requireSize(Document before, Document next) throws RejectedException {
        if (next.weight() > limits.documentBytesMax() && next.weight() > before.weight()) {
            String detail = "at most " + limits.documentBytesMax() + " bytes";
            throw new RejectedException(ErrorCode.DOCUMENT_TOO_LARGE, detail, "", null);
        }
    }

    private void requireRoom(Document before, Document next) throws RejectedException {
        boolean appears = next.isLive() && !before.isLive();
        if (appears && documents >= limits.documentsMax()) {
            throw full(limits.documentsMax() + " documents");
        }
        int growth = visibleWeight(next) - visibleWeight(before);
        if (growth > 0 && bytes + growth > limits.bytesMax()) {
            throw full(limits.bytesMax() + " bytes");
        }
        int keptGrowth = next.weight() - before.weight();
        if (keptGrowth > 0 && keptBytes + keptGrowth > limits.bytesMax() * SpaceLimits.KEPT_PER_LIVE) {
            throw full(
                    limits.bytesMax() + " bytes, and as much of deleted documents that somebody may not have seen yet");
        }
    }

    private static RejectedException full(String atMost) {
        return new RejectedException(ErrorCode.QUOTA_EXCEEDED, "at most " + atMost, "", null);
    }

    private void requireValid(Document before, Document next) throws RejectedException {
        SpaceSettings.DocumentCheck check = settings.check();
        if (check == null || !next.isLive()) {
            return;
        }
        ObjectNode result = next.json();
        List<SpaceSettings.Violation> violations = check.check(next.collection(), result);
        if (!violations.isEmpty()) {
            SpaceSettings.Violation first = violations.getFirst();
            JsonNode held =
                    first.path().isEmpty() ? (before.isLive() ? before.json() : null) : before.visible(first.path());
            throw new RejectedException(ErrorCode.SCHEMA_VIOLATION, first.message(), first.path(), held);
        }
    }
}
