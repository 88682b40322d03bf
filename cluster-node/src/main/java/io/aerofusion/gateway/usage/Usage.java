package io.aerofusion.gateway.usage;

import java.util.List;
import java.util.Map;

/**
 * What the data path of one node counted since it started, by name; each list is in the order of names. Immutable.
 *
 * @param routes what remains of routes that were removed is forgotten; those beyond {@link Traffic#ROUTES_MAX} are one, {@link Tallies#OTHER}
 * @param upstreams by the answer that was taken, durations until its head
 * @param consumers those that asked for anything; those beyond {@link Traffic#CONSUMERS_MAX} are one
 */
public record Usage(List<Counts> routes, List<Counts> upstreams, List<Counts> consumers) {
    public Usage {
        routes = List.copyOf(routes);
        upstreams = List.copyOf(upstreams);
        consumers = List.copyOf(consumers);
    }

    /**
     * What became of the requests of one of them.
     *
     * @param active requests under way
     * @param byClass requests that are over, by the first digit of their status; at 0 those that ended before there was a response. A
     *     gRPC call counts under the status that its {@code grpc-status} stands for
     * @param faults how often by code: refusals of policies and of the gateway, failures of upstreams, clients that went
     * @param wouldRefuse requests that a limit would have refused if it were not a dry run
     * @param retries further tries at upstreams
     * @param bytesIn of request bodies
     * @param bytesOut of response bodies
     * @param durations from the head of a request to the end of its response; to the 101 where the protocol was switched
     */
    public record Counts(
            String name,
            long active,
            List<Long> byClass,
            Map<String, Long> faults,
            long wouldRefuse,
            long retries,
            long bytesIn,
            long bytesOut,
            Durations durations) {
        public Counts {
            byClass = List.copyOf(byClass);
            faults = Map.copyOf(faults);
        }

        /** Requests that are over. */
        public long requests() {
            long all = 0;
            for (long some : byClass) all += some;
            return all;
        }

        /** Requests that were answered with 4xx or 5xx, or not at all. */
        public long errors() {
            return byClass.get(0) + byClass.get(4) + byClass.get(5);
        }
    }
}
