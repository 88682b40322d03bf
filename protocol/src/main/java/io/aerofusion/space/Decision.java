package io.aerofusion.space;

import java.util.List;
import java.util.SortedMap;

/**
 * What becomes of a push. Nothing has happened yet: {@link #facts} is to be stored and applied.
 *
 * @param facts what was accepted (and set aside); null-free, and {@link #isEmpty} when there is nothing to store
 * @param rejections mutations that were not accepted. They are not remembered: the same mutation sent again is decided again
 * @param conflicts what the accepted mutations ran into
 * @param restamps mutation number -> the reading it was given, where the device's clock was too far ahead
 * @param ackedUpTo the last mutation number of the push: it and all before are dealt with
 * @param seen the mutation numbers of this push: accepted, rejected and repeated ones
 */
public record Decision(
        Merged facts,
        List<Rejection> rejections,
        List<Conflict> conflicts,
        SortedMap<Long, Long> restamps,
        long ackedUpTo,
        SeqSet seen) {
    /** The accepted mutations. */
    public List<Operation> operations() {
        return facts.operations();
    }

    /** Nothing to store: every mutation was a repetition or was rejected. */
    public boolean isEmpty() {
        return facts.operations().isEmpty() && facts.quarantined().isEmpty();
    }
}
