package io.aerofusion.device;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.http.ProblemException;
import io.aerofusion.platform.persistence.DeviceIndex;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Devices as JSON, in and out, with the schemas that describe it. */
final class DeviceJson {
    private static final String FIELDS = """
            "device":{"type":"string"},"owner":{"type":"string"},"name":{"type":"string"},\
            "labels":{"type":"object","additionalProperties":{"type":"string"}},\
            "state":{"type":"string","enum":["active","revoked"]},\
            "registeredAt":{"type":"string","format":"date-time"},\
            "seenAt":{"type":["string","null"],"format":"date-time","description":"to the hour"}""";
    private static final String ALIVE = """
            ,"leaseUntil":{"type":"string","format":"date-time"},"connected":{"type":"boolean"},\
            "acknowledged":{"type":"object","description":"by space, how far the device said it has stored it",\
            "additionalProperties":{"type":"object","properties":{"cursor":{"type":"string"},\
            "at":{"type":"string","format":"date-time"}}}}""";
    static final String LISTED = "{\"type\":\"object\",\"properties\":{" + FIELDS + "}}";
    static final String DEVICE = "{\"type\":\"object\",\"properties\":{" + FIELDS + ALIVE + "}}";
    static final String WITH_CREDENTIAL = "{\"type\":\"object\",\"properties\":{" + FIELDS + ALIVE
            + ",\"credential\":{\"type\":\"string\",\"description\":"
            + "\"bearer token of the device; shown only here\"}}}";
    static final String TWIN = """
            {"type":"object","properties":{"desired":{"type":"object"},"desiredVersion":{"type":"integer"},\
            "reported":{"type":"object"},"reportedVersion":{"type":"integer"}}}""";

    private DeviceJson() {}

    static ObjectNode device(Device.View view) {
        ObjectNode json = described(
                        view.device(),
                        view.owner(),
                        view.name(),
                        view.labels(),
                        DeviceReadModel.wireName(view.standing()))
                .put("registeredAt", time(view.registeredAt()))
                .put("seenAt", view.seenAt() == 0 ? null : time(view.seenAt()))
                .put("leaseUntil", time(view.leaseUntil()))
                .put("connected", view.connected());
        ObjectNode acknowledged = json.putObject("acknowledged");
        view.acknowledged()
                .forEach((space, stored) -> acknowledged
                        .putObject(space)
                        .put("cursor", stored.cursor())
                        .put("at", time(stored.at())));
        return json;
    }

    /** A device as in lists, where nobody asks the device itself. */
    static ObjectNode listed(DeviceIndex.Row row) {
        return described(row.device(), row.owner(), row.name(), row.labels(), row.state())
                .put("registeredAt", time(row.registeredAt()))
                .put("seenAt", row.seenAt() == 0 ? null : time(row.seenAt()));
    }

    private static ObjectNode described(
            String device, String owner, String name, Map<String, String> labels, String state) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("device", device).put("owner", owner).put("name", name);
        ObjectNode labelNode = json.putObject("labels");
        labels.forEach(labelNode::put);
        return json.put("state", state);
    }

    static ObjectNode twin(Twin twin) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.set("desired", twin.desired());
        json.put("desiredVersion", twin.desiredVersion());
        json.set("reported", twin.reported());
        return json.put("reportedVersion", twin.reportedVersion());
    }

    static JsonNode object(JsonNode body) {
        if (!body.isObject()) {
            throw new ProblemException(ErrorCode.INVALID_REQUEST, "The body is a JSON object.");
        }
        return body;
    }

    static String text(JsonNode body, String field) {
        JsonNode value = body.path(field);
        if (!value.isTextual()) {
            throw new ProblemException(ErrorCode.INVALID_REQUEST, field + " is a string.");
        }
        return value.textValue();
    }

    /** The field {@code labels}: strings, or null for one to remove. */
    static Map<String, @Nullable String> labels(JsonNode body) {
        JsonNode labels = body.path("labels");
        if (!labels.isMissingNode() && !labels.isObject()) {
            throw new ProblemException(ErrorCode.INVALID_REQUEST, "labels is an object of strings.");
        }
        Map<String, @Nullable String> result = new HashMap<>();
        for (Map.Entry<String, JsonNode> label : labels.properties()) {
            if (!label.getValue().isTextual() && !label.getValue().isNull()) {
                throw new ProblemException(ErrorCode.INVALID_REQUEST, "labels is an object of strings.");
            }
            result.put(label.getKey(), label.getValue().textValue());
        }
        return result;
    }

    static String time(long millis) {
        return Instant.ofEpochMilli(millis).toString();
    }
}
