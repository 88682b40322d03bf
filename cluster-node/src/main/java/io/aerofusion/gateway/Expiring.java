package io.aerofusion.gateway;

/** Something that waits until a {@link Deadline}. */
@FunctionalInterface
public interface Expiring {
    /** The deadline has passed; it is cleared before this is called. */
    void expired(long now);
}
