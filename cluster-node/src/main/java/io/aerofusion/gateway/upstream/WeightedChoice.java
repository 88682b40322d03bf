package io.aerofusion.gateway.upstream;

import java.util.ArrayDeque;

/** Picks an index at random in proportion to weights, in constant time (Walker's alias method as built by Vose 1991). */
final class WeightedChoice {
    private final int size;
    /** The index that shares a column's upper part; null when all weights are equal. */
    private final int[] alias;
    /** Where a column's upper part begins, out of the total weight. */
    private final int[] cut;

    private final int total;

    /** @param weights positive; their sum fits an int */
    WeightedChoice(int[] weights) {
        size = weights.length;
        alias = new int[size];
        cut = new int[size];
        long sum = 0;
        boolean equal = true;
        for (int weight : weights) {
            sum += weight;
            equal &= weight == weights[0];
        }
        total = equal ? 0 : Math.toIntExact(sum);
        if (!equal) {
            build(weights);
        }
    }

    private void build(int[] weights) {
        long[] scaled = new long[size];
        ArrayDeque<Integer> small = new ArrayDeque<>();
        ArrayDeque<Integer> large = new ArrayDeque<>();
        for (int i = 0; i < size; i++) {
            scaled[i] = (long) weights[i] * size;
            (scaled[i] < total ? small : large).add(i);
        }
        while (!small.isEmpty() && !large.isEmpty()) {
            int less = small.remove();
            int more = large.remove();
            cut[less] = (int) scaled[less];
            alias[less] = more;
            scaled[more] -= total - scaled[less];
            (scaled[more] < total ? small : large).add(more);
        }
        small.forEach(i -> cut[i] = total);
        large.forEach(i -> cut[i] = total);
    }

    int next(Dice dice) {
        int column = dice.below(size);
        return total == 0 || dice.below(total) < cut[column] ? column : alias[column];
    }

    boolean equalWeights() {
        return total == 0;
    }
}
