package io.aerofusion.load;

import static org.assertj.core.api.Assertions.assertThat;

import io.aerofusion.platform.Node;
import io.aerofusion.platform.NodeOptions;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The demo in small: some of the real runways with their real edits, all of the collisions, and a few devices. */
final class DemoTest {
    @Test
    void a_fleet_comes_back_to_one_hash_with_the_conflicts_that_were_made(@TempDir Path data) {
        Runways all = Runways.load();
        List<Runways.Runway> base = all.base().subList(0, 1_000);
        Set<String> known = new HashSet<>();
        base.forEach(runway -> known.add(runway.id()));
        Runways some = new Runways(
                base,
                all.edits().stream().filter(edit -> known.contains(edit.id())).toList());
        Node node = Node.start(NodeOptions.in(data));
        try {
            Demo.Outcome outcome =
                    new Demo(Screen.ofProcess(), new Api(node.uri(), node.adminToken()), node.uri(), some, 4, 8).run();
            assertThat(outcome.hashes()).hasSize(1);
            assertThat(outcome.documents()).isEqualTo(some.after());
            assertThat(outcome.rejected()).isZero();
            assertThat(outcome.met()).isEqualTo(FleetPlan.CONFLICTS);
            assertThat(outcome.queued()).isEqualTo(FleetPlan.MANUAL_FIELD);
        } finally {
            node.stop();
        }
    }
}
