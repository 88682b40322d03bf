package io.aerofusion.space.wire;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.space.Conflict;
import io.aerofusion.space.Cursor;
import io.aerofusion.space.DocumentChange;
import io.aerofusion.space.Mutation;
import io.aerofusion.space.Push;
import io.aerofusion.space.Rejection;
import io.aerofusion.space.Stamp;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The bodies of sync over plain HTTP: the same meaning as the frames, in JSON that a person writes with curl. */
public final class HttpBodies {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private HttpBodies() {}

    /** The JSON of a request's body. {@link ErrorCode#MALFORMED_JSON} when it is none. */
    public static JsonNode read(byte[] body, FrameLimits limits) throws FrameException {
        if (body.length > limits.inflatedBytes()) {
            throw new FrameException(
                    ErrorCode.FRAME_TOO_LARGE, "A body holds at most " + limits.inflatedBytes() + " bytes.");
        }
        // push, ops, operation, and the group of paths stand around a value
        return StrictJson.read(body, limits.nesting() + 4, limits.nodes(), ErrorCode.MALFORMED_JSON);
    }

    /**
     * The push in a body {@code {device, firstSeq, base?, ops:[{collection, id, at?, set?, unset?, delete?, inc?, add?, remove?,
     * insert?}]}}. {@link ErrorCode#INVALID_REQUEST} names the member that is wrong, also one that is unknown: a slip of the pen must
     * not silently change nothing.
     */
    public static Push push(JsonNode body, FrameLimits limits) throws FrameException {
        HttpPush in = new HttpPush(body, "");
        in.onlyMembers("device", "firstSeq", "base", "ops");
        String device = in.text("device");
        long firstSeq = in.integer("firstSeq", 1);
        @Nullable Cursor base = in.cursor("base");
        return new Push(device, firstSeq, base, in.mutations("ops", limits.rows()));
    }

    /** The answer to a push: {@code {ackedUpTo, rejected, conflicts, cursor}}. */
    public static ObjectNode pushed(
            long ackedUpTo, List<Rejection> rejections, List<Conflict> conflicts, String cursor) {
        ObjectNode answer = JSON.objectNode();
        answer.put("ackedUpTo", ackedUpTo);
        ArrayNode rejected = answer.putArray("rejected");
        rejections.forEach(rejection -> rejected.add(rejection(rejection)));
        ArrayNode met = answer.putArray("conflicts");
        conflicts.forEach(conflict -> met.add(conflict(conflict)));
        answer.put("cursor", cursor);
        return answer;
    }

    /** A page of changes: {@code {cursor, changes, more}}, and {@code reset} when everything known before must be forgotten. */
    public static ObjectNode changes(String cursor, List<DocumentChange> changes, boolean more, boolean reset) {
        ObjectNode page = JSON.objectNode();
        page.put("cursor", cursor);
        if (reset) {
            page.put("reset", true);
        }
        ArrayNode array = page.putArray("changes");
        changes.forEach(change -> array.add(change(change)));
        page.put("more", more);
        return page;
    }

    /** One document's change: {@code {collection, id, deleted?, whole?, set?, unset?, keys?}}. */
    public static ObjectNode change(DocumentChange change) {
        ObjectNode json = JSON.objectNode();
        json.put("collection", change.collection());
        json.put("id", change.id());
        if (change.deleted()) {
            json.put("deleted", true);
        }
        if (change.whole()) {
            json.put("whole", true);
        }
        if (!change.set().isEmpty() || change.whole()) {
            json.putObject("set").setAll(change.set());
        }
        if (!change.unset().isEmpty()) {
            json.set("unset", texts(change.unset()));
        }
        if (!change.keys().isEmpty()) {
            ObjectNode keys = json.putObject("keys");
            for (Map.Entry<String, List<String>> entry : change.keys().entrySet()) {
                keys.set(entry.getKey(), texts(entry.getValue()));
            }
        }
        return json;
    }

    /** {@code {seq, code, detail, path, serverValue?, retryable}}. */
    public static ObjectNode rejection(Rejection rejection) {
        ObjectNode json = JSON.objectNode();
        json.put("seq", rejection.seq());
        json.put("code", rejection.code().code());
        json.put("detail", rejection.detail());
        json.put("path", rejection.path());
        setIfPresent(json, "serverValue", rejection.serverValue());
        json.put("retryable", rejection.code().retryable());
        return json;
    }

    /** The op of a push that a mutation is, without its clock; members that are empty are missing. */
    public static ObjectNode mutation(Mutation mutation) {
        ObjectNode json =
                JSON.objectNode().put("collection", mutation.collection()).put("id", mutation.id());
        if (mutation.delete()) {
            json.put("delete", true);
        }
        mutation.set().forEach((path, value) -> json.withObject("/set").set(path, value));
        mutation.unset().forEach(path -> json.withArray("/unset").add(path));
        mutation.inc().forEach((path, by) -> json.withObject("/inc").put(path, by));
        elements(json, "add", mutation.add());
        elements(json, "remove", mutation.remove());
        mutation.insert().forEach((path, insertions) -> {
            ArrayNode array = json.withObject("/insert").putArray(path);
            insertions.forEach(insertion -> {
                ObjectNode inserted = array.addObject();
                if (insertion.after() != null) {
                    inserted.put("after", insertion.after());
                }
                inserted.set("value", insertion.value());
            });
        });
        return json;
    }

    private static void elements(ObjectNode json, String name, Map<String, List<JsonNode>> elements) {
        elements.forEach(
                (path, values) -> json.withObject("/" + name).putArray(path).addAll(values));
    }

    /** {@code {collection, id, path, policy, winner, winning?, loser, losing?, queued}}; a missing value was an unset or a delete. */
    public static ObjectNode conflict(Conflict conflict) {
        ObjectNode json = JSON.objectNode();
        json.put("collection", conflict.collection());
        json.put("id", conflict.id());
        json.put("path", conflict.path());
        json.put("policy", conflict.policy().text());
        json.set("winner", stamp(conflict.winner()));
        setIfPresent(json, "winning", conflict.winning());
        json.set("loser", stamp(conflict.loser()));
        setIfPresent(json, "losing", conflict.losing());
        json.put("queued", conflict.queued());
        return json;
    }

    /** {@code {at, counter, device}}, {@code at} in ms since the epoch. */
    public static ObjectNode stamp(Stamp stamp) {
        ObjectNode json = JSON.objectNode();
        json.put("at", stamp.wallMillis());
        json.put("counter", stamp.hlc() & Clocks.COUNTER_MAX);
        json.put("device", stamp.device());
        return json;
    }

    private static void setIfPresent(ObjectNode json, String name, @Nullable JsonNode value) {
        if (value != null) {
            json.set(name, value);
        }
    }

    private static ArrayNode texts(List<String> texts) {
        ArrayNode array = JSON.arrayNode(texts.size());
        texts.forEach(array::add);
        return array;
    }
}
