package io.aerofusion.space;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;

/**
 * The name of one element ever added: the mutation that added it, and its place there. Written {@code device:seq:index}.
 */
public record Dot(String device, long seq, int index) implements Comparable<Dot> {
    @JsonValue
    @Override
    public String toString() {
        return device + ":" + seq + ":" + index;
    }

    /** Reads {@link #toString}. @throws IllegalArgumentException when it is none */
    @JsonCreator
    public static Dot parse(String text) {
        // From the right: a device's name may hold colons.
        int last = text.lastIndexOf(':');
        int middle = last < 0 ? -1 : text.lastIndexOf(':', last - 1);
        if (middle < 0) {
            throw new IllegalArgumentException("an element key reads device:seq:index");
        }
        return new Dot(
                text.substring(0, middle),
                Long.parseLong(text.substring(middle + 1, last)),
                Integer.parseInt(text.substring(last + 1)));
    }

    boolean isOf(Origin origin) {
        return seq == origin.seq() && device.equals(origin.device());
    }

    @Override
    public int compareTo(Dot other) {
        int byDevice = device.compareTo(other.device);
        if (byDevice != 0) {
            return byDevice;
        }
        int bySeq = Long.compare(seq, other.seq);
        return bySeq != 0 ? bySeq : Integer.compare(index, other.index);
    }
}
