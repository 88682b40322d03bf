package io.aerofusion.platform.cluster;

/**
 * What a revisioned snapshot consists of: the whole, its changes, and how both are written. Stateless; called on any thread.
 *
 * @param <S> the whole; immutable
 * @param <C> what leads from one revision to the next; immutable
 */
public interface RevisionedContent<S, C> {
    /** The whole before the first change. */
    S empty();

    /** The whole after the change; leaves {@code before} as it is. */
    S apply(S before, C change, Revision revision);

    byte[] write(S whole);

    /** Reads it. @throws RuntimeException when it cannot be read, for instance because a later version wrote it */
    S read(byte[] whole);

    byte[] writeChange(C change);

    /** Reads it. @throws RuntimeException when it cannot be read; the whole is asked for then */
    C readChange(byte[] change);
}
