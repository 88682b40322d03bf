package io.aerofusion.load;

import static org.assertj.core.api.Assertions.assertThat;

import io.aerofusion.space.Mutation;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The demo's plan makes the collisions that its closing table counts, and no others. */
final class FleetPlanTest {
    @Test
    void only_the_deliberate_collisions_collide() {
        Runways runways = Runways.load();
        FleetPlan plan = FleetPlan.of(runways, Demo.DEVICES);
        Map<String, Set<Integer>> devices = new HashMap<>();
        for (int device = 0; device < Demo.DEVICES; device++) {
            for (Mutation mutation : plan.work().get(device)) {
                devices.computeIfAbsent(mutation.id(), id -> new HashSet<>()).add(device);
            }
        }
        List<Set<Integer>> shared =
                devices.values().stream().filter(who -> who.size() > 1).toList();
        assertThat(shared).hasSize(FleetPlan.COLLISIONS);
        assertThat(plan.edits()).isEqualTo(7_441);
        int pairs = FleetPlan.COLLISIONS - FleetPlan.COUNTERS;
        assertThat(plan.mutations()).isEqualTo(7_441 + 2 * pairs + 3 * FleetPlan.COUNTERS);
    }

    @Test
    void every_device_has_work() {
        assertThat(FleetPlan.of(Runways.load(), Demo.DEVICES).work()).allMatch(work -> work.size() > 300);
    }
}
