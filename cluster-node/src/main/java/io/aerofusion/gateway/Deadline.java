package io.aerofusion.gateway;

/**
 * The one deadline of something that waits (a connection, an exchange): setting it writes a field, and the loop's sweep every
 * {@link Loop#SWEEP_MS} finds what has passed. So a timeout costs a request nothing but the store, and comes up to one sweep
 * late. Confined to its loop.
 */
public final class Deadline {
    static final long NONE = Long.MAX_VALUE;

    private final Loop loop;
    final Expiring owner;
    long at = NONE;
    int index;

    Deadline(Loop loop, Expiring owner) {
        this.loop = loop;
        this.owner = owner;
    }

    /** Expires at this time of the loop's ticker. */
    public void at(long nanos) {
        at = nanos;
    }

    /** Does not expire. */
    public void none() {
        at = NONE;
    }

    /** Gives up its place; it is not used any more. */
    public void close() {
        loop.forget(this);
    }
}
