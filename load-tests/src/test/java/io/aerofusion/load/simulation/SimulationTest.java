package io.aerofusion.load.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

class SimulationTest {
    private static final int RUNS = 200;

    /** Every build tries other seeds; a failure names its seed, and {@code Simulation --seed N --runs 1 --trace} shows all of it. */
    @Test
    void noPromiseIsBroken() {
        int first = new Random().nextInt(Integer.MAX_VALUE - RUNS);
        int conflicts = 0;
        int rejected = 0;
        int resets = 0;
        int quarantined = 0;
        int checks = 0;
        for (int seed = first; seed < first + RUNS; seed++) {
            Simulation.Outcome outcome = Simulation.run(seed);
            conflicts += outcome.conflicts();
            rejected += outcome.rejected();
            resets += outcome.resets();
            quarantined += outcome.quarantined();
            checks += outcome.checks();
        }
        System.out.printf(
                "seeds from %d: %d states compared, %d conflicts, %d rejected, %d resets%n",
                first, checks, conflicts, rejected, resets);
        assertThat(checks).as("states compared from seed %d on", first).isGreaterThan(RUNS);
        assertThat(conflicts).as("conflicts from seed %d on", first).isPositive();
        assertThat(rejected).as("rejections from seed %d on", first).isPositive();
        assertThat(resets).as("resets from seed %d on", first).isPositive();
        assertThat(quarantined)
                .as("devices back after their lease from seed %d on", first)
                .isPositive();
    }

    @Test
    void aSeedIsARun() {
        assertThat(Simulation.run(7)).isEqualTo(Simulation.run(7));
    }
}
