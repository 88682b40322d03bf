package io.aerofusion.gateway.upstream;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A rule of choice over the endpoints that may be chosen now: immutable but for the turn of round robin. */
sealed interface Balancer {
    /** How often a choice that met an endpoint in its slow start is made anew before it is taken anyway. */
    int REDRAWS_MAX = 4;

    /** An endpoint for a request with this key; the caller looks further if it is of no use. */
    Endpoint pick(long hashKey);

    /**
     * The rule that the settings name.
     *
     * @param eligible at least one
     * @param weights theirs, positive; an endpoint may be told another one while this is built
     */
    static Balancer of(
            Balancing balancing,
            Endpoint[] eligible,
            int[] weights,
            @Nullable EndpointRing ring,
            UpstreamLoad load,
            Dice dice) {
        return switch (balancing.method()) {
            case POWER_OF_TWO_CHOICES -> new PowerOfTwoChoices(eligible, weights, dice);
            case ROUND_ROBIN -> new RoundRobin(eligible, weights, load, dice);
            case LEAST_REQUEST -> new LeastRequest(eligible, weights, dice);
            case CONSISTENT_HASH -> {
                PowerOfTwoChoices keyless = new PowerOfTwoChoices(eligible, weights, dice);
                yield ring == null ? keyless : new ConsistentHash(ring, eligible, keyless);
            }
        };
    }

    /** Whether the first has less to do than the second in proportion to what each can take. */
    private static boolean lessLoaded(Endpoint first, Endpoint second) {
        return first.active() * second.warmWeight() < second.active() * first.warmWeight();
    }

    private static boolean turnedAway(Endpoint endpoint, Dice dice) {
        return !endpoint.isWarm() && dice.below(Endpoint.WARM) >= endpoint.warm();
    }

    /**
     * Two drawn in proportion to their weights, the less loaded of them. On a tie the first, so that an idle upstream sees the weights
     * exactly; endpoints of equal weight are drawn without putting back.
     */
    final class PowerOfTwoChoices implements Balancer {
        private final Endpoint[] endpoints;
        private final WeightedChoice choice;
        private final Dice dice;

        PowerOfTwoChoices(Endpoint[] endpoints, int[] weights, Dice dice) {
            this.endpoints = endpoints;
            this.choice = new WeightedChoice(weights);
            this.dice = dice;
        }

        @Override
        public Endpoint pick(long hashKey) {
            if (endpoints.length == 1) {
                return endpoints[0];
            }
            int first = draw();
            int second = choice.equalWeights() ? other(first) : draw();
            return lessLoaded(endpoints[second], endpoints[first]) ? endpoints[second] : endpoints[first];
        }

        private int other(int first) {
            int index = dice.below(endpoints.length - 1);
            return index < first ? index : index + 1;
        }

        private int draw() {
            int index = choice.next(dice);
            for (int redraw = 0; redraw < REDRAWS_MAX && turnedAway(endpoints[index], dice); redraw++) {
                index = choice.next(dice);
            }
            return index;
        }
    }

    /** All looked at, the least loaded taken; the search begins at one drawn by weight, which wins ties. */
    final class LeastRequest implements Balancer {
        private final Endpoint[] endpoints;
        private final WeightedChoice choice;
        private final Dice dice;

        LeastRequest(Endpoint[] endpoints, int[] weights, Dice dice) {
            this.endpoints = endpoints;
            this.choice = new WeightedChoice(weights);
            this.dice = dice;
        }

        @Override
        public Endpoint pick(long hashKey) {
            int index = choice.next(dice);
            for (int redraw = 0; redraw < REDRAWS_MAX && turnedAway(endpoints[index], dice); redraw++) {
                index = choice.next(dice);
            }
            Endpoint least = endpoints[index];
            for (int i = 1; i < endpoints.length; i++) {
                index = index + 1 == endpoints.length ? 0 : index + 1;
                if (lessLoaded(endpoints[index], least)) {
                    least = endpoints[index];
                }
            }
            return least;
        }
    }

    /** A fixed order, in which each occurs as its weight says, spread evenly; all loops take their turns from one counter. */
    final class RoundRobin implements Balancer {
        /** The longest order; weights that would need a longer one are rounded. */
        static final int TURNS_MAX = 4_096;

        private final Endpoint[] turns;
        private final UpstreamLoad load;
        private final Dice dice;

        RoundRobin(Endpoint[] endpoints, int[] weights, UpstreamLoad load, Dice dice) {
            this.turns = order(endpoints, weights);
            this.load = load;
            this.dice = dice;
        }

        @Override
        public Endpoint pick(long hashKey) {
            Endpoint next = next();
            for (int redraw = 0; redraw < REDRAWS_MAX && turnedAway(next, dice); redraw++) {
                next = next();
            }
            return next;
        }

        private Endpoint next() {
            return turns[Integer.remainderUnsigned(load.turn.getAndIncrement(), turns.length)];
        }

        private record Turn(Endpoint endpoint, int index, double position) {}

        /** The k-th turn of an endpoint with w turns stands at (k + 1/2) / w. */
        private static Endpoint[] order(Endpoint[] endpoints, int[] weights) {
            int[] counts = counts(weights);
            List<Turn> turns = new ArrayList<>();
            for (int i = 0; i < counts.length; i++) {
                for (int k = 0; k < counts[i]; k++) {
                    turns.add(new Turn(endpoints[i], i, (k + 0.5) / counts[i]));
                }
            }
            turns.sort(Comparator.comparingDouble(Turn::position).thenComparingInt(Turn::index));
            return turns.stream().map(Turn::endpoint).toArray(Endpoint[]::new);
        }

        private static int[] counts(int[] weights) {
            int divisor = 0;
            for (int weight : weights) {
                divisor = gcd(divisor, weight);
            }
            long total = 0;
            for (int weight : weights) {
                total += weight / divisor;
            }
            int[] counts = new int[weights.length];
            for (int i = 0; i < counts.length; i++) {
                long count = weights[i] / divisor;
                counts[i] = (int)
                        (total <= TURNS_MAX ? count : Math.max(1, Math.round(count * (double) TURNS_MAX / total)));
            }
            return counts;
        }

        private static int gcd(int a, int b) {
            return b == 0 ? a : gcd(b, a % b);
        }
    }

    /** The owner of the key's place on the ring; requests without a key go by power of two choices. */
    final class ConsistentHash implements Balancer {
        private final EndpointRing ring;
        private final boolean[] eligible;
        private final Endpoint[] endpoints;
        private final PowerOfTwoChoices keyless;

        ConsistentHash(EndpointRing ring, Endpoint[] endpoints, PowerOfTwoChoices keyless) {
            this.ring = ring;
            this.endpoints = endpoints;
            this.eligible = ring.members(endpoints);
            this.keyless = keyless;
        }

        @Override
        public Endpoint pick(long hashKey) {
            return hashKey == HashKey.NONE ? keyless.pick(hashKey) : ring.pick(hashKey, eligible, endpoints);
        }
    }
}
