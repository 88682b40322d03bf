package io.aerofusion.platform.persistence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/** Nodes find those that live, and only those. */
final class ClusterPresenceTest {
    @Test
    void a_node_is_found_for_as_long_as_it_lives() {
        String url = TestDatabase.fresh();
        ClusterPresence first = ClusterPresence.takeTurn(url);
        assertThat(first.others()).isEmpty();
        first.announce("127.0.0.1:2551");
        first.endTurn();
        try (ClusterPresence second = ClusterPresence.takeTurn(url)) {
            assertThat(second.others()).containsExactly("127.0.0.1:2551");
            first.close();
            while (!second.others().isEmpty()) {
                Thread.onSpinWait(); // PostgreSQL notices the closed connection by itself
            }
            assertThat(second.others()).isEmpty();
            second.endTurn();
        }
    }

    @Test
    void an_address_that_would_be_cut_is_refused() {
        try (ClusterPresence node = ClusterPresence.takeTurn(TestDatabase.fresh())) {
            assertThatThrownBy(() -> node.announce("x".repeat(60) + ":1"))
                    .isInstanceOf(StartException.class)
                    .hasMessageContaining("IP address");
        }
    }
}
