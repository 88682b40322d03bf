package io.aerofusion.space;

import java.util.Arrays;
import java.util.List;

/**
 * Which accepted operation something comes from. All cells that one operation wrote share one origin.
 *
 * @param region the region that accepted it
 * @param number its place in that region's order, counted from 1 without gaps
 * @param device the device that asked for it
 * @param seq its number among the device's mutations in this space
 * @param hlc the hybrid logical clock reading it was accepted with
 */
record Origin(String region, long number, String device, long seq, long hlc) {
    Stamp stamp() {
        return new Stamp(hlc, device);
    }

    boolean isCoveredBy(Cursor cursor) {
        return number <= cursor.number(region);
    }

    /** The order of {@link Stamp}, without making one. */
    int compareStamp(Origin other) {
        return Stamp.compare(hlc, device, other.hlc, other.device);
    }

    /** Whether it is the same mutation, perhaps accepted by two regions because the device asked both. */
    boolean isSameMutation(Origin other) {
        return seq == other.seq && device.equals(other.device);
    }

    /**
     * A total order in which the winner of a cell is the greatest: by stamp, and for one mutation that two regions accepted
     * with the same stamp by region, so that every region keeps the same one.
     */
    int compareTo(Origin other) {
        int byStamp = compareStamp(other);
        if (byStamp != 0) {
            return byStamp;
        }
        int bySeq = Long.compare(seq, other.seq);
        return bySeq != 0 ? bySeq : other.region.compareTo(region);
    }

    Dot dot() {
        return new Dot(device, seq, 0);
    }

    Origin later(Origin other) {
        return compareTo(other) >= 0 ? this : other;
    }

    static boolean areCoveredBy(Iterable<Origin> origins, Cursor cursor) {
        for (Origin origin : origins) {
            if (!origin.isCoveredBy(cursor)) {
                return false;
            }
        }
        return true;
    }

    /** The last operation of each region, with one more. */
    static List<Origin> withHead(List<Origin> heads, Origin origin) {
        return List.of(withHead(heads.toArray(Origin[]::new), origin));
    }

    /** The last operation of each region, with one more. */
    static Origin[] withHead(Origin[] heads, Origin origin) {
        for (int i = 0; i < heads.length; i++) {
            if (heads[i].region.equals(origin.region)) {
                return heads[i].number < origin.number ? replaced(heads, i, origin) : heads;
            }
        }
        return appended(heads, origin);
    }

    /** The last mutation of each device, with one more. */
    static Origin[] withLatest(Origin[] updated, Origin origin) {
        for (int i = 0; i < updated.length; i++) {
            if (updated[i].device.equals(origin.device)) {
                return updated[i].seq < origin.seq ? replaced(updated, i, origin) : updated;
            }
        }
        return appended(updated, origin);
    }

    private static Origin[] replaced(Origin[] origins, int at, Origin origin) {
        Origin[] result = origins.clone();
        result[at] = origin;
        return result;
    }

    private static Origin[] appended(Origin[] origins, Origin origin) {
        Origin[] result = Arrays.copyOf(origins, origins.length + 1);
        result[origins.length] = origin;
        return result;
    }
}
