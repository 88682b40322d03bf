package io.aerofusion.space.wire;

import com.fasterxml.jackson.databind.JsonNode;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.space.Cursor;
import io.aerofusion.space.Json;
import io.aerofusion.space.Mutation;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads a JSON object of a push body member by member; every refusal says where.
 *
 * @param where the object's place in the body, such as {@code ops[3].}; "" for the body itself
 */
record HttpPush(JsonNode object, String where) {

    void onlyMembers(String... known) throws FrameException {
        if (!object.isObject()) {
            throw refused("", "must be a JSON object");
        }
        Set<String> names = Set.of(known);
        for (Iterator<String> given = object.fieldNames(); given.hasNext(); ) {
            String name = given.next();
            if (!names.contains(name)) {
                throw refused(name, "is not a member that is known here");
            }
        }
    }

    private @Nullable JsonNode member(String name) {
        @Nullable JsonNode value = object.get(name);
        return value == null || value.isNull() ? null : value;
    }

    String text(String name) throws FrameException {
        @Nullable JsonNode value = member(name);
        if (value == null || !value.isTextual() || value.textValue().isEmpty()) {
            throw refused(name, "must be a string that is not empty");
        }
        return value.textValue();
    }

    long integer(String name, long min) throws FrameException {
        @Nullable JsonNode value = member(name);
        if (value == null
                || !value.isIntegralNumber()
                || !value.canConvertToLong()
                || value.longValue() < min
                || value.longValue() > Json.INTEGER_MAX) {
            throw refused(name, "must be a whole number from " + min + " to 2^53");
        }
        return value.longValue();
    }

    @Nullable Cursor cursor(String name) throws FrameException {
        if (member(name) == null) {
            return null;
        }
        try {
            return Cursor.decode(text(name));
        } catch (IllegalArgumentException e) {
            throw new FrameException(ErrorCode.BAD_CURSOR, where + name + " is not a cursor that the server gave.");
        }
    }

    List<Mutation> mutations(String name, int mutationsMax) throws FrameException {
        @Nullable JsonNode array = member(name);
        if (array == null || !array.isArray()) {
            throw refused(name, "must be an array");
        }
        if (array.size() > mutationsMax) {
            throw new FrameException(ErrorCode.BATCH_TOO_LARGE, "A push holds at most " + mutationsMax + " mutations.");
        }
        List<Mutation> mutations = new ArrayList<>(array.size());
        for (JsonNode element : array) {
            mutations.add(new HttpPush(element, where + name + "[" + mutations.size() + "].").mutation());
        }
        return mutations;
    }

    private Mutation mutation() throws FrameException {
        onlyMembers("collection", "id", "at", "set", "unset", "delete", "inc", "add", "remove", "insert");
        Mutation mutation = new Mutation(
                text("collection"),
                text("id"),
                member("at") == null ? 0 : millis("at") << 16,
                byPath("set", (value, ignored) -> value),
                texts("unset"),
                flag("delete"),
                byPath("inc", HttpPush::increment),
                byPath("add", HttpPush::elements),
                byPath("remove", HttpPush::elements),
                byPath("insert", HttpPush::insertions));
        boolean changes = !mutation.set().isEmpty()
                || !mutation.unset().isEmpty()
                || !mutation.inc().isEmpty()
                || !mutation.add().isEmpty()
                || !mutation.remove().isEmpty()
                || !mutation.insert().isEmpty();
        if (changes && mutation.delete()) {
            throw refused("delete", "goes together with no other change");
        }
        if (!changes && !mutation.delete() && member("set") == null) {
            throw refused("", "changes nothing: give set, unset, delete, inc, add, remove or insert");
        }
        return mutation;
    }

    private long millis(String name) throws FrameException {
        long millis = integer(name, 0);
        if (millis > Clocks.MILLIS_MAX) {
            throw refused(name, "must be milliseconds since 1970");
        }
        return millis;
    }

    private boolean flag(String name) throws FrameException {
        @Nullable JsonNode value = member(name);
        if (value == null) {
            return false;
        }
        if (!value.isBoolean()) {
            throw refused(name, "must be true or false");
        }
        return value.booleanValue();
    }

    private List<String> texts(String name) throws FrameException {
        @Nullable JsonNode array = member(name);
        if (array == null) {
            return List.of();
        }
        List<String> texts = new ArrayList<>();
        for (JsonNode element : array) {
            texts.add(element.isTextual() ? element.textValue() : "");
        }
        if (!array.isArray() || texts.contains("")) {
            throw refused(name, "must be an array of paths");
        }
        return texts;
    }

    @FunctionalInterface
    private interface Reading<T> {
        T of(JsonNode value, HttpPush place) throws FrameException;
    }

    private <T> Map<String, T> byPath(String name, Reading<T> reading) throws FrameException {
        @Nullable JsonNode members = member(name);
        if (members == null) {
            return Map.of();
        }
        if (!members.isObject()) {
            throw refused(name, "must be an object of paths");
        }
        Map<String, T> values = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> entry : members.properties()) {
            HttpPush place = new HttpPush(entry.getValue(), where + name + "." + entry.getKey());
            values.put(entry.getKey(), reading.of(entry.getValue(), place));
        }
        return values;
    }

    private static long increment(JsonNode value, HttpPush place) throws FrameException {
        if (!value.isIntegralNumber() || !value.canConvertToLong() || !Json.isExact(value.longValue())) {
            throw place.refused("", "must be a whole number");
        }
        return value.longValue();
    }

    private static List<JsonNode> elements(JsonNode value, HttpPush place) throws FrameException {
        if (!value.isArray()) {
            throw place.refused("", "must be an array of elements");
        }
        List<JsonNode> elements = new ArrayList<>(value.size());
        value.forEach(elements::add);
        return List.copyOf(elements);
    }

    private static List<Mutation.Insertion> insertions(JsonNode value, HttpPush place) throws FrameException {
        List<Mutation.Insertion> insertions = new ArrayList<>();
        for (JsonNode element : elements(value, place)) {
            HttpPush in = new HttpPush(element, place.where + "[" + insertions.size() + "].");
            in.onlyMembers("after", "value");
            @Nullable JsonNode inserted = element.get("value");
            if (inserted == null) {
                throw in.refused("value", "is missing");
            }
            insertions.add(new Mutation.Insertion(in.member("after") == null ? null : in.text("after"), inserted));
        }
        return List.copyOf(insertions);
    }

    private FrameException refused(String name, String why) {
        String place = where + name;
        String shown = place.endsWith(".") ? place.substring(0, place.length() - 1) : place;
        return new FrameException(ErrorCode.INVALID_REQUEST, (shown.isEmpty() ? "The body" : shown) + " " + why + ".");
    }
}
