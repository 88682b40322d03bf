package io.aerofusion.platform.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** The bounds that docs/gateway.md states: a change that got lost is made up within 5 s, and after 15 s a node is stale. */
final class RevisionedLimitsTest {
    @Test
    void the_defaults_are_a_promise() {
        assertThat(RevisionedLimits.DEFAULT)
                .isEqualTo(new RevisionedLimits(Duration.ofSeconds(5), Duration.ofSeconds(15), Duration.ofSeconds(5)));
    }

    @Test
    void a_node_is_not_stale_before_it_could_have_asked() {
        assertThatThrownBy(
                        () -> new RevisionedLimits(Duration.ofSeconds(5), Duration.ofSeconds(4), Duration.ofSeconds(5)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new RevisionedLimits(Duration.ZERO, Duration.ofSeconds(4), Duration.ofSeconds(5)))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
