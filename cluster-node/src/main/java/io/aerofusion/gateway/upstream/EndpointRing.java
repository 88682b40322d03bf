package io.aerofusion.gateway.upstream;

import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * A hash ring over all endpoints of an upstream (Karger 1997): each owns places in proportion to its weight, a key belongs to the next
 * place clockwise. It is built from the members, not from the healthy: when an endpoint is out, only its keys move, each to the next
 * endpoint on the ring that is in and has not more than 5/4 of its share of the requests under way ("bounded loads", Mirrokni 2017),
 * so that the neighbours of a failed endpoint are not the next to fail; and they return when it does.
 */
final class EndpointRing {
    /** Places of an endpoint of average weight: the shares differ by some 8 % then. */
    static final int PLACES_EACH = 160;
    /** The most places, above which endpoints get fewer each. */
    static final int PLACES_MAX = 65_536;

    private static final int LOAD_NUMERATOR = 5;
    private static final int LOAD_DENOMINATOR = 4;

    private final Endpoint[] members;
    private final long[] places;
    private final short[] owners;

    /** @param members at most {@link EndpointSet#ENDPOINTS_MAX}, with a positive weight each */
    EndpointRing(Endpoint[] members) {
        this.members = members;
        long total = Arrays.stream(members).mapToLong(Endpoint::weight).sum();
        long wanted = Math.min(PLACES_MAX, (long) PLACES_EACH * members.length);
        record Place(long at, short owner) {}
        Place[] sorted = IntStream.range(0, members.length)
                .boxed()
                .flatMap(owner -> {
                    long seed = HashKey.of(members[owner].target().text());
                    int count = (int) Math.max(1, Math.round(members[owner].weight() * (double) wanted / total));
                    return IntStream.range(0, count)
                            .mapToObj(i -> new Place(HashKey.mix(seed + i * 0x9e3779b97f4a7c15L), owner.shortValue()));
                })
                .sorted(Comparator.comparingLong(Place::at).thenComparingInt(Place::owner))
                .toArray(Place[]::new);
        places = new long[sorted.length];
        owners = new short[sorted.length];
        for (int i = 0; i < sorted.length; i++) {
            places[i] = sorted[i].at;
            owners[i] = sorted[i].owner;
        }
    }

    /** Which members are among these. */
    boolean[] members(Endpoint[] some) {
        Set<Endpoint> in = new HashSet<>(Arrays.asList(some));
        boolean[] marks = new boolean[members.length];
        for (int i = 0; i < marks.length; i++) {
            marks[i] = in.contains(members[i]);
        }
        return marks;
    }

    Endpoint pick(long key, boolean[] eligible, Endpoint[] endpoints) {
        int found = Arrays.binarySearch(places, key);
        int start = found >= 0 ? found : -found - 1;
        if (start == places.length) {
            start = 0;
        }
        short owner = owners[start];
        return eligible[owner] ? members[owner] : nextAfter(start, eligible, endpoints);
    }

    private Endpoint nextAfter(int start, boolean[] eligible, Endpoint[] endpoints) {
        long active = 1;
        long weight = 0;
        for (Endpoint endpoint : endpoints) {
            active += endpoint.active();
            weight += endpoint.weight();
        }
        Endpoint first = null;
        int place = start;
        for (int i = 1; i < places.length; i++) {
            place = place + 1 == places.length ? 0 : place + 1;
            short owner = owners[place];
            if (eligible[owner]) {
                Endpoint endpoint = members[owner];
                if (endpoint.active() * weight * LOAD_DENOMINATOR <= active * endpoint.weight() * LOAD_NUMERATOR) {
                    return endpoint;
                }
                first = first == null ? endpoint : first;
            }
        }
        return first == null ? endpoints[0] : first;
    }
}
