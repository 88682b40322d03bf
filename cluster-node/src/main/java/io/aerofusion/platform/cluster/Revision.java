package io.aerofusion.platform.cluster;

import java.security.SecureRandom;
import java.util.HexFormat;

/**
 * Which state of a {@link RevisionedSnapshot} it is: a number that grows by one with each change, and a random tag of that change.
 *
 * <p>The tag tells apart what a restored backup would otherwise number alike: equal revisions hold equal contents.
 *
 * @param number 0 before the first change
 * @param tag 16 hex digits; "" before the first change
 */
public record Revision(long number, String tag) {
    /** Before the first change. */
    public static final Revision NONE = new Revision(0, "");

    private static final int TAG_BYTES = 8;

    public Revision {
        if (number < 0 || (number == 0) != tag.isEmpty()) {
            throw new IllegalArgumentException("not a revision: " + number + " " + tag);
        }
    }

    /** The one after this, with a tag of its own. */
    public Revision next(SecureRandom random) {
        byte[] bytes = new byte[TAG_BYTES];
        random.nextBytes(bytes);
        return new Revision(number + 1, HexFormat.of().formatHex(bytes));
    }

    @Override
    public String toString() {
        return number == 0 ? "none" : number + "-" + tag;
    }
}
