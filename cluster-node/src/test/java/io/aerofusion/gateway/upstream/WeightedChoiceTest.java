package io.aerofusion.gateway.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

final class WeightedChoiceTest {
    /** Goes through every roll of the dice: each index must come up exactly in proportion to its weight. */
    @Test
    void every_roll_together_gives_exactly_the_weights() {
        long seed = Long.getLong("upstream.seed", System.nanoTime());
        System.out.println("-Dupstream.seed=" + seed);
        Random random = new Random(seed);
        for (int round = 0; round < 200; round++) {
            int[] weights = random.ints(1 + random.nextInt(12), 1, 1 + random.nextInt(40) + 1)
                    .toArray();
            WeightedChoice choice = new WeightedChoice(weights);
            int total = java.util.Arrays.stream(weights).sum();
            int[] counts = new int[weights.length];
            for (int column = 0; column < weights.length; column++) {
                for (int height = 0; height < total; height++) {
                    int[] rolls = {column, height};
                    int[] roll = {0};
                    counts[choice.next(bound -> rolls[roll[0]++])]++;
                }
            }
            for (int i = 0; i < weights.length; i++) {
                assertThat(counts[i]).as("seed %d round %d", seed, round).isEqualTo(weights[i] * weights.length);
            }
        }
    }

    @Test
    void the_largest_weights_fit() {
        int[] weights = new int[EndpointSet.ENDPOINTS_MAX];
        java.util.Arrays.fill(weights, Target.Weighted.WEIGHT_MAX);
        weights[7] = 1;
        WeightedChoice choice = new WeightedChoice(weights);
        Random random = new Random(7);
        for (int i = 0; i < 10_000; i++) {
            assertThat(choice.next(random::nextInt)).isBetween(0, weights.length - 1);
        }
    }
}
