package io.aerofusion.load.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

class Http1FuzzTest {
    private static final int RUNS = 20_000;

    /** Every build tries other requests; the failure names the seed, which repeats it. */
    @Test
    void requestsAreRefusedOrReadAsASecondParserReadsThemHoweverTheyAreCut() {
        long first = new Random().nextInt(Integer.MAX_VALUE);
        Http1Fuzz.Outcome outcome = Http1Fuzz.run(first, RUNS);
        System.out.println("seeds from " + first + ": " + outcome);
        assertThat(outcome.accepted()).as("seed %d: an eighth is valid", first).isGreaterThan(RUNS / 8);
        assertThat(outcome.refused())
                .as("seed %d: much damage is refused", first)
                .isGreaterThan(RUNS / 4);
    }
}
