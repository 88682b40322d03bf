package io.aerofusion.platform.http;

import akka.http.javadsl.model.HttpResponse;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.persistence.Slice;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Cursor pagination: a request's {@code limit} and {@code cursor}. The cursor is the base64url form of the last key of the page
 * before, opaque to clients; it is a position and grants nothing.
 *
 * @param limit items of the page, 1 to {@value #LIMIT_MAX}
 * @param after the key after which the page starts; "" at the beginning
 */
public record Paging(int limit, String after) {
    public static final int LIMIT_MAX = 1_000;
    public static final int LIMIT_DEFAULT = 100;
    private static final int CURSOR_LENGTH_MAX = 2_000;

    /** What an endpoint with pages declares beside its own parameters. */
    public static final List<Endpoint.Parameter> PARAMETERS = List.of(
            new Endpoint.Parameter(
                    "query",
                    "limit",
                    false,
                    "Items of a page",
                    "{\"type\":\"integer\",\"minimum\":1,\"maximum\":" + LIMIT_MAX + ",\"default\":" + LIMIT_DEFAULT
                            + "}"),
            new Endpoint.Parameter("query", "cursor", false, "The `next` of the page before", "{\"type\":\"string\"}"));

    /**
     * Reads them.
     *
     * @throws ProblemException {@code invalid-request} for a limit out of range, {@code bad-cursor} for a foreign cursor
     */
    public static Paging of(ApiRequest request) {
        int limit = request.query("limit").map(Paging::parseLimit).orElse(LIMIT_DEFAULT);
        return new Paging(limit, request.query("cursor").map(Paging::decode).orElse(""));
    }

    /** The schema of a page whose items have the given schema. */
    public static String schema(String itemSchema) {
        return """
                {"type":"object","required":["items"],"properties":{"items":{"type":"array","items":%s},\
                "next":{"type":"string","description":"cursor of the next page; absent on the last"}}}""".formatted(itemSchema);
    }

    /** Answers with a page of a read model. */
    public <T> HttpResponse page(Slice<T> slice, Function<? super T, ? extends JsonNode> form) {
        return page(slice.items().stream().map(form).toList(), slice.next().orElse(null));
    }

    /**
     * The page as a response.
     *
     * @param lastKey key of the last item when more follow; null on the last page
     */
    public HttpResponse page(List<? extends JsonNode> items, @Nullable String lastKey) {
        ObjectNode page = JsonNodeFactory.instance.objectNode();
        ArrayNode array = page.putArray("items");
        items.forEach(array::add);
        if (lastKey != null) {
            page.put(
                    "next",
                    Base64.getUrlEncoder().withoutPadding().encodeToString(lastKey.getBytes(StandardCharsets.UTF_8)));
        }
        return Answer.json(page);
    }

    private static int parseLimit(String text) {
        try {
            int limit = Integer.parseInt(text);
            if (limit >= 1 && limit <= LIMIT_MAX) {
                return limit;
            }
        } catch (NumberFormatException e) {
            // told below, like a number out of range
        }
        throw new ProblemException(ErrorCode.INVALID_REQUEST, "limit is a number from 1 to " + LIMIT_MAX + ".");
    }

    private static String decode(String cursor) {
        try {
            if (cursor.length() <= CURSOR_LENGTH_MAX) {
                byte[] key = Base64.getUrlDecoder().decode(cursor);
                String text = new String(key, StandardCharsets.UTF_8);
                if (text.indexOf('\uFFFD') < 0 && text.indexOf('\0') < 0) {
                    return text;
                }
            }
        } catch (IllegalArgumentException e) {
            // told below, like a cursor that is no text
        }
        throw new ProblemException(ErrorCode.BAD_CURSOR, "cursor is not one that this API gave out.");
    }
}
