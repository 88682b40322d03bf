package io.aerofusion.space;

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
}
