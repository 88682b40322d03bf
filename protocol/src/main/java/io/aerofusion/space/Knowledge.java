package io.aerofusion.space;

import org.jspecify.annotations.Nullable;

/**
 * What the author of an operation knew: everything its base had seen, and everything its device had done before.
 *
 * @param base null for nothing
 * @param seq number of the operation; a device's own operations are ordered by number, whatever its clock or base says
 */
record Knowledge(@Nullable Cursor base, String device, long seq) {
    boolean covers(Origin origin) {
        return isOwn(origin) ? origin.seq() < seq : base != null && origin.isCoveredBy(base);
    }

    boolean isOwn(Origin origin) {
        return origin.device().equals(device);
    }

    /** The device itself wrote it after the operation: a late operation must not undo it. */
    boolean isOvertakenBy(Origin origin) {
        return isOwn(origin) && origin.seq() > seq;
    }
}
