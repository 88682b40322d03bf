package io.aerofusion.space;

/** What a cursor is good for. */
public enum CursorCheck {
    /** A delta can start here. */
    USABLE,
    /** It belongs to another space. */
    FOREIGN,
    /** It is of another epoch, or older than the tombstones that are kept. */
    EXPIRED,
    /** It has seen operations that have not arrived here: of another region, or of a future that a restored backup lost. */
    AHEAD
}
