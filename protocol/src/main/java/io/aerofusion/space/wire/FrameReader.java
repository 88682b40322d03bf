package io.aerofusion.space.wire;

import com.fasterxml.jackson.databind.JsonNode;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.space.Conflict;
import io.aerofusion.space.ConflictPolicy;
import io.aerofusion.space.Rejection;
import io.aerofusion.space.Stamp;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Reads the fields of each frame from their places; the mirror of {@link FrameWriter}. */
final class FrameReader {
    private final StringTable.Read strings;
    private final FrameLimits limits;

    private FrameReader(StringTable.Read strings, FrameLimits limits) {
        this.strings = strings;
        this.limits = limits;
    }

    static Frame read(String kind, Fields in, StringTable.Read strings, FrameLimits limits) throws FrameException {
        return new FrameReader(strings, limits).frame(FrameKind.named(kind), in);
    }

    // Java evaluates arguments from left to right: the order of the calls is the order of the fields.
    private Frame frame(FrameKind kind, Fields in) throws FrameException {
        return switch (kind) {
            case HELLO ->
                new Frame.Hello(in.text(), in.text(), in.small(), in.count(), in.textOrNull(), in.textOrNull());
            case SUB -> new Frame.Sub(in.text(), in.texts(), in.textOrNull());
            case UNSUB -> new Frame.Unsub(in.text());
            case PUSH ->
                new Frame.Push(
                        in.text(),
                        in.integer(1, 1L << 53),
                        in.textOrNull(),
                        RowForms.mutations(in.any(), strings, limits),
                        in.textOrNull());
            case SEEN -> new Frame.Seen(in.text(), in.text());
            case CREDIT -> new Frame.Credit(in.count());
            case ANNOUNCE -> new Frame.Announce(in.text(), in.any());
            case REPORT -> new Frame.Report(value(in));
            case LEAVE -> new Frame.Leave(in.text());
            case WELCOME ->
                new Frame.Welcome(in.text(), in.text(), in.count(), limits(in.inner("limits")), in.count(), in.count());
            case SNAP -> new Frame.Snap(in.text(), in.text(), RowForms.changes(in.any(), strings, limits), in.flag());
            case DELTA ->
                new Frame.Delta(
                        in.text(),
                        in.text(),
                        in.text(),
                        RowForms.changes(in.any(), strings, limits),
                        in.flag(),
                        in.textOrNull());
            case RESET -> new Frame.Reset(in.text(), code(in));
            case ACK ->
                new Frame.Ack(
                        in.text(),
                        in.count(),
                        in.text(),
                        in.textOrNull(),
                        RowForms.changes(in.any(), strings, limits),
                        restamps(in.list()));
            case REJ -> new Frame.Rej(in.text(), rejections(in.list()));
            case CONFLICT -> new Frame.Conflicts(in.text(), conflicts(in.list()));
            case GONE -> new Frame.Gone(in.text(), code(in));
            case PRESENCE -> new Frame.Presence(in.text(), in.text(), in.any());
            case DESIRED -> new Frame.Desired(in.count(), value(in));
            case REPORTED -> new Frame.Reported(in.count(), in.count(), codeOrNull(in));
            case SLOW -> new Frame.Slow(in.count());
            case FAIL -> new Frame.Failure(in.textOrNull(), code(in), in.text());
            case BYE -> new Frame.Bye(code(in), in.text(), in.integer());
        };
    }

    private static JsonNode value(Fields in) throws FrameException {
        @Nullable JsonNode value = in.any();
        if (value == null) {
            throw in.wrong("a value");
        }
        return value;
    }

    private static @Nullable ErrorCode codeOrNull(Fields in) throws FrameException {
        @Nullable String code = in.textOrNull();
        return code == null ? null : code(code);
    }

    /** A code of a later version is read as {@link ErrorCode#INTERNAL}: something went wrong, and trying again is allowed. */
    private static ErrorCode code(Fields in) throws FrameException {
        return code(in.text());
    }

    private static ErrorCode code(String code) {
        try {
            return ErrorCode.of(code);
        } catch (IllegalArgumentException e) {
            return ErrorCode.INTERNAL;
        }
    }

    private static Frame.Limits limits(Fields in) throws FrameException {
        return new Frame.Limits(in.small(), in.small(), in.small(), in.small(), in.small(), in.small(), in.count());
    }

    private static Map<Long, Long> restamps(JsonNode json) throws FrameException {
        Map<Long, Long> restamps = new TreeMap<>();
        for (JsonNode element : json) {
            Fields in = Fields.of(element, "A restamp", 0);
            restamps.put(in.count(), in.clock());
        }
        return restamps;
    }

    private static List<Rejection> rejections(JsonNode json) throws FrameException {
        List<Rejection> rejections = new ArrayList<>(json.size());
        for (JsonNode element : json) {
            Fields in = Fields.of(element, "A rejection", 0);
            rejections.add(new Rejection(in.count(), code(in), in.text(), in.text(), in.optional()));
        }
        return List.copyOf(rejections);
    }

    private List<Conflict> conflicts(JsonNode json) throws FrameException {
        List<Conflict> conflicts = new ArrayList<>(json.size());
        for (JsonNode element : json) {
            Fields in = Fields.of(element, "A conflict", 0);
            conflicts.add(new Conflict(
                    string(in),
                    in.text(),
                    string(in),
                    policy(in),
                    stamp(in.inner("A stamp")),
                    in.optional(),
                    stamp(in.inner("A stamp")),
                    in.optional(),
                    in.flag()));
        }
        return List.copyOf(conflicts);
    }

    private String string(Fields in) throws FrameException {
        @Nullable JsonNode number = in.any();
        if (number == null) {
            throw in.wrong("a number of the string table");
        }
        return strings.string(number);
    }

    private Stamp stamp(Fields in) throws FrameException {
        return new Stamp(in.clock(), string(in));
    }

    private static ConflictPolicy policy(Fields in) throws FrameException {
        String name = in.text();
        for (ConflictPolicy policy : ConflictPolicy.values()) {
            if (policy.text().equals(name)) {
                return policy;
            }
        }
        throw in.wrong("a conflict policy");
    }
}
