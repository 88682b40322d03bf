package io.aerofusion.gateway.security;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * A set of networks, IPv4 and IPv6: sorted ranges without overlap, so that an address costs one binary search however many networks there are.
 * An IPv4 address in IPv6's clothes ({@code ::ffff:10.0.0.1}) is the IPv4 address.
 */
public final class Cidrs {
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle INTS = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
    private static final Comparator<Range> ORDER = (left, right) -> compare(left.high, left.low, right.high, right.low);

    private final long[] v4;
    private final long[] v6;

    /** From one address to another, both within; of IPv4 only {@code low} and {@code lastLow} are used. */
    private record Range(boolean wide, long high, long low, long lastHigh, long lastLow) {}

    private Cidrs(List<Range> ranges) {
        this.v4 = merged(ranges.stream().filter(range -> !range.wide()).toList());
        this.v6 = merged(ranges.stream().filter(Range::wide).toList());
    }

    /** Reads networks ({@code 10.0.0.0/8}) and addresses. @throws IllegalArgumentException naming the one that is neither */
    public static Cidrs of(List<String> networks) {
        return new Cidrs(networks.stream().map(Cidrs::parse).toList());
    }

    /** Whether the text is a network or an address, without bits set behind its prefix. */
    public static boolean isNetwork(String text) {
        try {
            parse(text);
            return true;
        } catch (IllegalArgumentException refused) {
            return false;
        }
    }

    private static Range parse(String text) {
        int slash = text.indexOf('/');
        String address = slash < 0 ? text : text.substring(0, slash);
        boolean wide = address.indexOf(':') >= 0;
        String prefix = slash < 0 ? "" : text.substring(slash + 1);
        if (address.indexOf('%') >= 0
                || (!wide && !address.matches("(0|[1-9][0-9]{0,2})(\\.(0|[1-9][0-9]{0,2})){3}"))
                || (slash >= 0 && !prefix.matches("0|[1-9][0-9]{0,2}"))) {
            throw new IllegalArgumentException("not a network: " + text);
        }
        InetAddress parsed;
        try {
            parsed = InetAddress.ofLiteral(address);
        } catch (IllegalArgumentException refused) {
            throw new IllegalArgumentException("not a network: " + text, refused);
        }
        boolean mapped = wide && parsed instanceof Inet4Address;
        int widest = wide ? 128 : 32;
        int bits = slash < 0 ? widest : Integer.parseInt(prefix);
        if (bits > widest || (mapped && bits < 96)) {
            throw new IllegalArgumentException("not a network: " + text);
        }
        return range(parsed, mapped ? bits - 96 : bits, text);
    }

    private static Range range(InetAddress address, int bits, String text) {
        byte[] bytes = address.getAddress();
        if (address instanceof Inet6Address) {
            long high = (long) LONGS.get(bytes, 0);
            long low = (long) LONGS.get(bytes, 8);
            long highRest = bits >= 64 ? 0 : -1L >>> bits;
            long lowRest = bits <= 64 ? -1L : bits == 128 ? 0 : -1L >>> (bits - 64);
            if ((high & highRest) != 0 || (low & lowRest) != 0) {
                throw new IllegalArgumentException("bits are set behind the prefix: " + text);
            }
            return new Range(true, high, low, high | highRest, low | lowRest);
        }
        long low = Integer.toUnsignedLong((int) INTS.get(bytes, 0));
        long rest = 0xffffffffL >>> bits;
        if ((low & rest) != 0) {
            throw new IllegalArgumentException("bits are set behind the prefix: " + text);
        }
        return new Range(false, 0, low, 0, low | rest);
    }

    /** Four longs per range: first high and low, last high and low. */
    private static long[] merged(List<Range> ranges) {
        List<Range> sorted = new ArrayList<>(ranges);
        sorted.sort(ORDER);
        List<Range> result = new ArrayList<>();
        for (Range range : sorted) {
            Range last = result.isEmpty() ? null : result.getLast();
            if (last != null && compare(range.high, range.low, last.lastHigh, last.lastLow) <= 0) {
                if (compare(range.lastHigh, range.lastLow, last.lastHigh, last.lastLow) > 0) {
                    result.set(
                            result.size() - 1,
                            new Range(last.wide, last.high, last.low, range.lastHigh, range.lastLow));
                }
            } else {
                result.add(range);
            }
        }
        return result.stream()
                .flatMapToLong(
                        range -> java.util.stream.LongStream.of(range.high, range.low, range.lastHigh, range.lastLow))
                .toArray();
    }

    public boolean isEmpty() {
        return v4.length == 0 && v6.length == 0;
    }

    /** Whether one of the networks holds the address. */
    public boolean contains(InetAddress address) {
        byte[] bytes = address.getAddress();
        return address instanceof Inet6Address
                ? contains(v6, (long) LONGS.get(bytes, 0), (long) LONGS.get(bytes, 8))
                : contains(v4, 0, Integer.toUnsignedLong((int) INTS.get(bytes, 0)));
    }

    private static boolean contains(long[] ranges, long high, long low) {
        int from = 0;
        int to = ranges.length / 4 - 1;
        while (from <= to) {
            int middle = (from + to) >>> 1;
            int at = middle * 4;
            if (compare(high, low, ranges[at], ranges[at + 1]) < 0) {
                to = middle - 1;
            } else if (compare(high, low, ranges[at + 2], ranges[at + 3]) > 0) {
                from = middle + 1;
            } else {
                return true;
            }
        }
        return false;
    }

    private static int compare(long leftHigh, long leftLow, long rightHigh, long rightLow) {
        int byHigh = Long.compareUnsigned(leftHigh, rightHigh);
        return byHigh != 0 ? byHigh : Long.compareUnsigned(leftLow, rightLow);
    }
}
