package io.aerofusion.route;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.aerofusion.platform.http.ApiRequest;
import io.aerofusion.platform.http.Endpoint;
import io.aerofusion.platform.http.ProblemException;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** How the API writes what concerns the gateway. */
final class GatewayJson {
    static final String TIME = "{\"type\":\"string\",\"format\":\"date-time\"}";
    static final String RESOURCE = """
            {"type":"object","required":["kind","metadata","spec"],"properties":{"kind":{"type":"string"},\
            "metadata":{"type":"object","properties":{"name":{"type":"string"},\
            "labels":{"type":"object","additionalProperties":{"type":"string"}},"createdAt":%1$s}},\
            "spec":{"type":"object"},\
            "status":{"type":"object","description":"ignored when it is sent back","properties":{"generation":\
            {"type":"integer","description":"that changed it last; also its ETag"},"changedAt":%1$s,\
            "changedBy":{"type":"string"}}}}}""".formatted(TIME);
    static final String DIFFERENCE = """
            {"type":"object","properties":{"kind":{"type":"string"},"name":{"type":"string"},\
            "operation":{"enum":["create","update","delete"]},"fields":{"type":"array","items":{"type":"object","properties":\
            {"pointer":{"type":"string","description":"RFC 6901"},"before":true,"after":true}}},\
            "more":{"type":"boolean","description":"there are more fields than told"}}}""";
    static final String PUBLISHED = """
            {"type":"object","required":["generation","changed","dryRun"],"properties":{\
            "generation":{"type":"integer","description":"the newest one now"},"changed":{"type":"integer"},\
            "dryRun":{"type":"boolean"},"differences":{"type":"array","items":%s}}}""".formatted(DIFFERENCE);
    static final Endpoint.Parameter DRY_RUN = new Endpoint.Parameter(
            "query",
            "dryRun",
            false,
            "Checks and tells the differences, and changes nothing",
            "{\"type\":\"boolean\",\"default\":false}");
    static final Endpoint.Parameter NOTE = new Endpoint.Parameter(
            "query",
            "note",
            false,
            "What the history says about the change",
            "{\"type\":\"string\",\"maxLength\":" + Requests.NOTE_LENGTH_MAX + "}");

    private GatewayJson() {}

    static Endpoint.Reply reply(int status, String description, String schema) {
        return new Endpoint.Reply(status, description, "application/json", schema);
    }

    /** A resource as it is shown: without secrets, with its status. */
    static ObjectNode resource(Configuration.Item item) {
        ObjectNode json = (ObjectNode) Secrets.hidden(item.document());
        json.putObject("status")
                .put("generation", item.version())
                .put("changedAt", Instant.ofEpochMilli(item.at()).toString())
                .put("changedBy", item.by());
        return json;
    }

    static ObjectNode change(ResourceEvent.Changed change) {
        ObjectNode json = generation(change.generation(), change.at(), change.by(), change.note());
        JsonNode document = change.document();
        json.put("operation", document == null ? "delete" : "set");
        if (document != null) {
            json.set("resource", Secrets.hidden(document));
        }
        return json;
    }

    static ObjectNode generation(long number, long at, String by, String note) {
        ObjectNode json = JsonNodeFactory.instance
                .objectNode()
                .put("generation", number)
                .put("at", Instant.ofEpochMilli(at).toString())
                .put("by", by);
        if (!note.isEmpty()) {
            json.put("note", note);
        }
        return json;
    }

    static ArrayNode differences(List<Difference> differences) {
        ArrayNode array = JsonNodeFactory.instance.arrayNode();
        for (Difference difference : differences) {
            ObjectNode json = array.addObject()
                    .put("kind", difference.kind())
                    .put("name", difference.name())
                    .put("operation", difference.operation());
            if (!difference.fields().isEmpty()) {
                ArrayNode fields = json.putArray("fields");
                for (Difference.Field field : difference.fields()) {
                    ObjectNode entry = fields.addObject().put("pointer", field.pointer());
                    put(entry, "before", field.before());
                    put(entry, "after", field.after());
                }
            }
            if (difference.more()) {
                json.put("more", true);
            }
        }
        return array;
    }

    static ObjectNode published(Publication.Published published, boolean dryRun) {
        ObjectNode json = JsonNodeFactory.instance
                .objectNode()
                .put("generation", published.generation())
                .put("changed", published.changed())
                .put("dryRun", dryRun);
        json.set("differences", differences(published.differences()));
        return json;
    }

    static ProblemException problem(Publication.Refused refused) {
        ObjectNode members = JsonNodeFactory.instance.objectNode();
        if (!refused.problems().isEmpty()) {
            ArrayNode problems = members.putArray("problems");
            for (Problem problem : refused.problems()) {
                problems.addObject()
                        .put("kind", problem.kind())
                        .put("name", problem.name())
                        .put("pointer", problem.pointer())
                        .put("code", problem.code())
                        .put("detail", problem.detail());
            }
        }
        return new ProblemException(refused.code(), refused.detail(), members);
    }

    private static void put(ObjectNode json, String field, @Nullable JsonNode value) {
        if (value != null) {
            json.set(field, value);
        }
    }

    /** What requests of this API share. */
    static final class Requests {
        static final int NOTE_LENGTH_MAX = 200;

        private Requests() {}

        static boolean dryRun(ApiRequest request) {
            return flag(request, "dryRun");
        }

        static boolean flag(ApiRequest request, String name) {
            String text = request.query(name).orElse("false");
            if (!text.equals("true") && !text.equals("false") && !text.isEmpty()) {
                throw new ProblemException(
                        io.aerofusion.platform.ErrorCode.INVALID_REQUEST, name + " is true or false.");
            }
            return !text.equals("false");
        }

        static String note(ApiRequest request) {
            String note = request.query("note").orElse("");
            if (note.length() > NOTE_LENGTH_MAX) {
                throw new ProblemException(
                        io.aerofusion.platform.ErrorCode.INVALID_REQUEST,
                        "note has " + NOTE_LENGTH_MAX + " characters at most.");
            }
            return note;
        }
    }
}
