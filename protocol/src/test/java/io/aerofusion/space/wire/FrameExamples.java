package io.aerofusion.space.wire;

import com.fasterxml.jackson.databind.JsonNode;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.space.Conflict;
import io.aerofusion.space.ConflictPolicy;
import io.aerofusion.space.DocumentChange;
import io.aerofusion.space.Mutation;
import io.aerofusion.space.Rejection;
import io.aerofusion.space.Stamp;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** One example of every kind of frame, and of every form its fields can take. Their encoding is the golden set. */
final class FrameExamples {
    private static final long NOW = 1_795_248_000_000L;
    static final String FROM = "AQA92coBAQJldSkBof0ejAAAAMM8iO0";
    static final String TO = "AQA92coBAQJldTkBof0ejAAAAG_8ypw";
    private static final String TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    private FrameExamples() {}

    /** Name of the example -> the frame. */
    static Map<String, Frame> all() {
        Map<String, Frame> all = new LinkedHashMap<>();
        all.put("hello", new Frame.Hello("tablet-7", "secret", 1, NOW, null, null));
        all.put("hello-resume", new Frame.Hello("tablet-7", "", 1, NOW, "s-81", TRACE));
        all.put("sub", new Frame.Sub("ops", List.of(), null));
        all.put("sub-from", new Frame.Sub("ops", List.of("runways", "airports"), FROM));
        all.put("unsub", new Frame.Unsub("ops"));
        all.put("push", push());
        all.put("push-without-base", new Frame.Push("ops", 1, null, List.of(), TRACE));
        all.put("seen", new Frame.Seen("ops", TO));
        all.put("credit", new Frame.Credit(262_144));
        all.put("announce", new Frame.Announce("ops", json("{\"cursor\":[3,4]}")));
        all.put("announce-nothing", new Frame.Announce("ops", null));
        all.put("report", new Frame.Report(json("{\"battery\":0.5,\"old\":null}")));
        all.put("leave", new Frame.Leave("closed by the user"));
        all.put(
                "welcome",
                new Frame.Welcome(
                        "s-82",
                        "node-a",
                        NOW,
                        new Frame.Limits(1_048_576, 262_144, 500, 8, 32, 64, 1_048_576),
                        2_592_000_000L,
                        15_000));
        all.put("snap", new Frame.Snap("ops", TO, List.of(runway("10", 2500), runway("11", 1800)), false));
        all.put("snap-last", new Frame.Snap("ops", TO, List.of(), true));
        all.put("delta", delta());
        all.put("delta-more", new Frame.Delta("ops", FROM, TO, List.of(), true, null));
        all.put("reset", new Frame.Reset("ops", ErrorCode.CURSOR_EXPIRED));
        all.put("ack", new Frame.Ack("ops", 17, "committed", TO, List.of(), Map.of()));
        all.put(
                "ack-corrected",
                new Frame.Ack(
                        "ops",
                        17,
                        "replicated",
                        null,
                        List.of(change("42", Map.of("count", json("7")), List.of())),
                        new TreeMap<>(Map.of(16L, NOW << 16, 17L, hlc(NOW, 1)))));
        all.put(
                "rej",
                new Frame.Rej(
                        "ops",
                        List.of(
                                new Rejection(
                                        18, ErrorCode.SCHEMA_VIOLATION, "must be a number", "length", json("1800")),
                                new Rejection(19, ErrorCode.QUARANTINED, "unknown document", "", null))));
        all.put("conflict", conflict());
        all.put("gone", new Frame.Gone("ops", ErrorCode.FORBIDDEN));
        all.put("presence", new Frame.Presence("ops", "phone-2", json("\"here\"")));
        all.put("presence-nothing", new Frame.Presence("ops", "phone-2", null));
        all.put("desired", new Frame.Desired(4, json("{\"interval\":30}")));
        all.put("reported", new Frame.Reported(3, 7, null));
        all.put("reported-refused", new Frame.Reported(4, 7, ErrorCode.DOCUMENT_TOO_LARGE));
        all.put("slow", new Frame.Slow(750));
        all.put("fail", new Frame.Failure("ops", ErrorCode.BAD_CURSOR, "The cursor belongs to another space."));
        all.put("fail-session", new Frame.Failure(null, ErrorCode.UNKNOWN_FRAME, "This kind of frame is unknown."));
        all.put("bye", new Frame.Bye(ErrorCode.DEVICE_REVOKED, "The device was revoked.", -1));
        return all;
    }

    private static Frame push() {
        Map<String, JsonNode> set = new LinkedHashMap<>();
        set.put("length", json("2500"));
        set.put("/lights/edge", json("true"));
        return new Frame.Push(
                "ops",
                15,
                FROM,
                List.of(
                        new Mutation(
                                "runways",
                                "42",
                                NOW << 16,
                                set,
                                List.of("closed"),
                                false,
                                Map.of(),
                                Map.of(),
                                Map.of(),
                                Map.of()),
                        Mutation.inc("runways", "42", hlc(NOW + 250, 3), "inspections", -2),
                        new Mutation(
                                "runways",
                                "43",
                                hlc(NOW + 250, 4),
                                Map.of(),
                                List.of(),
                                false,
                                Map.of(),
                                Map.of("tags", List.of(json("\"wet\""), json("{\"grade\":2}"))),
                                Map.of("tags", List.of(json("\"dry\""))),
                                Map.of(
                                        "log",
                                        List.of(
                                                new Mutation.Insertion(null, json("\"first\"")),
                                                new Mutation.Insertion("tablet-7:17:0", json("null"))))),
                        Mutation.delete("runways", "44", 0)),
                TRACE);
    }

    private static Frame delta() {
        Map<String, JsonNode> set = new LinkedHashMap<>();
        set.put("log", json("[\"a\",\"b\"]"));
        DocumentChange list = new DocumentChange(
                "runways", "46", false, false, set, List.of(), Map.of("log", List.of("tablet-7:9:0", "phone-2:3:0")));
        return new Frame.Delta(
                "ops",
                FROM,
                TO,
                List.of(
                        change("42", Map.of("length", json("2500")), List.of()),
                        change("43", Map.of("length", json("1800.5")), List.of("closed", "/lights/edge")),
                        DocumentChange.deleted("runways", "44"),
                        runway("45", 900),
                        list),
                false,
                TRACE);
    }

    private static Frame conflict() {
        return new Frame.Conflicts(
                "ops",
                List.of(
                        new Conflict(
                                "runways",
                                "42",
                                "surface",
                                ConflictPolicy.MANUAL,
                                Stamp.at(NOW, 2, "tablet-7"),
                                json("\"asphalt\""),
                                Stamp.at(NOW - 60_000, 0, "phone-2"),
                                json("null"),
                                true),
                        new Conflict(
                                "runways",
                                "43",
                                "",
                                ConflictPolicy.MERGE,
                                Stamp.at(NOW, 0, "phone-2"),
                                null,
                                Stamp.at(NOW - 1, 65_535, "tablet-7"),
                                null,
                                false)));
    }

    private static DocumentChange runway(String id, int length) {
        Map<String, JsonNode> set = new LinkedHashMap<>();
        set.put("/lights/edge", json("false"));
        set.put("ident", json("\"09L\""));
        set.put("length", json(Integer.toString(length)));
        return new DocumentChange("runways", id, false, true, set, List.of(), Map.of());
    }

    private static DocumentChange change(String id, Map<String, JsonNode> set, List<String> unset) {
        return new DocumentChange("runways", id, false, false, set, unset, Map.of());
    }

    private static long hlc(long millis, int counter) {
        return Stamp.at(millis, counter, "").hlc();
    }

    /** A value as the decoder makes it. */
    static JsonNode json(String text) {
        try {
            return StrictJson.read(text.getBytes(StandardCharsets.UTF_8), 64, 1_000_000, ErrorCode.MALFORMED_JSON);
        } catch (FrameException e) {
            throw new IllegalArgumentException(text, e);
        }
    }
}
