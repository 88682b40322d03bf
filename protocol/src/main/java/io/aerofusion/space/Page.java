package io.aerofusion.space;

import java.util.List;

/**
 * A part of what changed in a space.
 *
 * @param to the cursor after these changes
 * @param more further pages follow
 * @param reset the cursor asked with could not be used: forget what was known, this begins anew
 */
public record Page(List<DocumentChange> changes, Cursor to, boolean more, boolean reset) {
    public Page {
        changes = List.copyOf(changes);
    }
}
