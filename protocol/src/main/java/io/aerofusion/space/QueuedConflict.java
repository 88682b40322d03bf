package io.aerofusion.space;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A path that waits for somebody to choose. To resolve it, set the path (to one of the values or another one) on a base that has
 * seen all of them.
 *
 * @param live what readers see meanwhile
 * @param waiting the values that lost but did not know the live one, latest first
 */
public record QueuedConflict(String collection, String id, String path, Choice live, List<Choice> waiting) {
    /** One of the values. {@code value} is null for an unset. */
    public record Choice(Stamp stamp, @Nullable JsonNode value) {}
}
