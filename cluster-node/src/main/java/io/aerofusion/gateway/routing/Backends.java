package io.aerofusion.gateway.routing;

import io.aerofusion.route.UpstreamSpec;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The upstreams of a rule, each with its share. */
public final class Backends {
    private final List<Backend> all;
    private final long[] upTo;
    private final long total;

    Backends(List<Backend> all) {
        this.all = List.copyOf(all);
        this.upTo = new long[all.size()];
        long sum = 0;
        for (int i = 0; i < upTo.length; i++) {
            sum += all.get(i).weight();
            upTo[i] = sum;
        }
        this.total = sum;
    }

    /**
     * An upstream of a rule.
     *
     * @param filters what is done beside the rule's own filters
     */
    public record Backend(String upstream, UpstreamSpec spec, int weight, Filters filters) {}

    /** All of them, those without a share too. */
    public List<Backend> all() {
        return all;
    }

    /** The sum of the shares. */
    public long total() {
        return total;
    }

    /**
     * The one whose turn it is.
     *
     * @param random any 32 bits, all equally likely
     * @return null if no backend has a share
     */
    public @Nullable Backend pick(int random) {
        if (total == 0) {
            return null;
        }
        // multiplication instead of division: Lemire 2019, Fast Random Integer Generation in an Interval
        long at = (Integer.toUnsignedLong(random) * total) >>> 32;
        int i = 0;
        while (upTo[i] <= at) {
            i++;
        }
        return all.get(i);
    }
}
