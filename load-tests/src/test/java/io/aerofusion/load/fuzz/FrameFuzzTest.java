package io.aerofusion.load.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FrameFuzzTest {
    private static final int RUNS = 40_000;

    /** Every build tries other messages; the failure names the seed, which repeats it. */
    @Test
    void anyBytesGiveAFrameOrARefusal() throws IOException {
        long first = new Random().nextInt(Integer.MAX_VALUE);
        FrameFuzz.Outcome outcome = FrameFuzz.of(FrameFuzz.vectors()).run(first, RUNS);
        System.out.println("seeds from " + first + ": " + outcome);
        assertThat(outcome.frames() + outcome.refused()).isEqualTo(RUNS);
        assertThat(outcome.frames())
                .as("seed %d: some damage is harmless", first)
                .isPositive();
        assertThat(outcome.refused()).as("seed %d: most damage is not", first).isPositive();
    }
}
