package io.aerofusion.user;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.http.ProblemException;
import io.aerofusion.platform.persistence.UserIndex;
import java.time.Instant;
import java.util.SortedSet;
import java.util.TreeSet;

/** Users as JSON, in and out, with the schemas that describe it. */
final class UserJson {
    static final String ROLES =
            "{\"type\":\"array\",\"items\":{\"type\":\"string\",\"enum\":[\"admin\",\"operator\",\"user\"]},\"minItems\":1}";
    private static final String TOKEN_FIELDS = """
            "token":{"type":"string","description":"its id"},"name":{"type":"string"},\
            "issuedAt":{"type":"string","format":"date-time"},"expiresAt":{"type":"string","format":"date-time"},\
            "usedAt":{"type":["string","null"],"format":"date-time","description":"to the day"}""";
    static final String TOKEN = "{\"type\":\"object\",\"properties\":{" + TOKEN_FIELDS + "}}";
    static final String NEW_TOKEN = "{\"type\":\"object\",\"properties\":{" + TOKEN_FIELDS
            + ",\"secret\":{\"type\":\"string\",\"description\":\"the bearer token; shown only here\"}}}";
    private static final String FIELDS = """
            "user":{"type":"string"},"name":{"type":"string"},"roles":%s,\
            "createdAt":{"type":"string","format":"date-time"}""".formatted(ROLES);
    static final String LISTED = "{\"type\":\"object\",\"properties\":{" + FIELDS + "}}";
    static final String USER = "{\"type\":\"object\",\"properties\":{" + FIELDS
            + ",\"tokens\":{\"type\":\"array\",\"items\":" + TOKEN + "}}}";

    private UserJson() {}

    /** A user as in lists, where nobody asks the user itself. */
    static ObjectNode listed(UserIndex.Row row) {
        return described(row.user(), row.name(), row.roles(), row.createdAt());
    }

    private static ObjectNode described(String user, String name, SortedSet<String> roles, long createdAt) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("user", user).put("name", name);
        ArrayNode array = json.putArray("roles");
        roles.forEach(array::add);
        return json.put("createdAt", time(createdAt));
    }

    static ObjectNode user(User.View view) {
        ObjectNode json = described(view.user(), view.name(), view.roles(), view.createdAt());
        ArrayNode tokens = json.putArray("tokens");
        view.tokens().forEach((id, token) -> tokens.add(token(id, token)));
        return json;
    }

    static ObjectNode token(String id, User.TokenView token) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("token", id)
                .put("name", token.name())
                .put("issuedAt", time(token.issuedAt()))
                .put("expiresAt", time(token.expiresAt()))
                .put("usedAt", token.usedAt() == 0 ? null : time(token.usedAt()));
    }

    static JsonNode object(JsonNode body) {
        if (!body.isObject()) {
            throw new ProblemException(ErrorCode.INVALID_REQUEST, "The body is a JSON object.");
        }
        return body;
    }

    static String text(JsonNode body, String field, String otherwise) {
        JsonNode value = body.path(field);
        if (value.isMissingNode()) {
            return otherwise;
        }
        if (!value.isTextual()) {
            throw new ProblemException(ErrorCode.INVALID_REQUEST, field + " is a string.");
        }
        return value.textValue();
    }

    /** The field {@code roles}, checked. */
    static SortedSet<String> roles(JsonNode body) {
        JsonNode array = body.path("roles");
        TreeSet<String> roles = new TreeSet<>();
        for (JsonNode role : array) {
            roles.add(role.asText());
        }
        UserState.complaintAboutRoles(roles).ifPresent(complaint -> {
            throw new ProblemException(ErrorCode.INVALID_REQUEST, complaint);
        });
        return roles;
    }

    static String time(long millis) {
        return Instant.ofEpochMilli(millis).toString();
    }
}
