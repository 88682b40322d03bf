package io.aerofusion.space;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * When and by whom a cell was written: a hybrid logical clock reading (Kulkarni et al., "Logical Physical Clocks", 2014) and
 * the device that breaks ties.
 *
 * @param hlc 48 bits of wall-clock milliseconds since the epoch above 16 bits of counter, compared unsigned
 * @param device the writing device, compared as unsigned UTF-8 bytes
 */
public record Stamp(long hlc, String device) implements Comparable<Stamp> {
    /** Below every real stamp. */
    public static final Stamp NONE = new Stamp(0, "");

    public static Stamp at(long wallMillis, int counter, String device) {
        return new Stamp((wallMillis << 16) | (counter & 0xFFFF), device);
    }

    /** The wall-clock part, in milliseconds since the epoch. */
    public long wallMillis() {
        return hlc >>> 16;
    }

    @Override
    public int compareTo(Stamp other) {
        return compare(hlc, device, other.hlc, other.device);
    }

    static int compare(long leftHlc, String leftDevice, long rightHlc, String rightDevice) {
        int byClock = Long.compareUnsigned(leftHlc, rightHlc);
        return byClock != 0 ? byClock : compareDevices(leftDevice, rightDevice);
    }

    private static int compareDevices(String left, String right) {
        return left.equals(right)
                ? 0
                : Arrays.compareUnsigned(left.getBytes(StandardCharsets.UTF_8), right.getBytes(StandardCharsets.UTF_8));
    }
}
