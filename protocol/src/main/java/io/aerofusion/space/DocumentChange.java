package io.aerofusion.space;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;

/**
 * What changed in one document, in the terms a reader sees: applied in the order {@code whole}, {@code unset}, {@code set}.
 *
 * @param deleted the document is gone; nothing else is given
 * @param whole {@code set} is the whole document: forget what was known of it
 * @param set path -> the value now (a counter's total, a set's elements, a list's values)
 * @param unset paths that are gone, with everything beneath them
 * @param keys list path -> the keys of the elements, parallel to the array in {@code set}
 */
public record DocumentChange(
        String collection,
        String id,
        boolean deleted,
        boolean whole,
        Map<String, JsonNode> set,
        List<String> unset,
        Map<String, List<String>> keys) {
    public DocumentChange {
        unset = List.copyOf(unset);
    }

    public static DocumentChange whole(
            String collection, String id, Map<String, JsonNode> set, Map<String, List<String>> keys) {
        return new DocumentChange(collection, id, false, true, set, List.of(), keys);
    }

    public static DocumentChange deleted(String collection, String id) {
        return new DocumentChange(collection, id, true, false, Map.of(), List.of(), Map.of());
    }
}
