package io.aerofusion.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** The workloads are what the results say they are. */
final class WorkloadTest {
    @Test
    void w1_has_the_size_that_it_is_named_for() {
        W1 workload = W1.of(1);
        assertThat(workload.documents()).hasSize(2_000);
        assertThat(workload.json().length).isBetween(1_850_000, 1_950_000);
        assertThat(workload.changes()).hasSize(1_000);
        assertThat(workload.changedDocuments()).isBetween(770L, 830L);
        assertThat(W1.of(1)).isEqualTo(workload);
    }

    @Test
    void the_runways_are_complete() {
        Runways runways = Runways.load();
        assertThat(runways.base()).hasSize(46_862);
        assertThat(runways.edits()).hasSize(7_441);
        assertThat(runways.since(Duration.ofDays(30))).hasSize(128);
        assertThat(runways.before(runways.edits().size())).hasSize(runways.after());
    }

    @Test
    void percentiles_are_exact() {
        Latencies latencies = new Latencies();
        for (int i = 1; i <= 2_000; i++) {
            latencies.record(i * 1_000_000L);
        }
        assertThat(latencies.millis(0.5)).isEqualTo(1_000);
        assertThat(latencies.millis(0.99)).isEqualTo(1_980);
        assertThat(latencies.maxMillis()).isEqualTo(2_000);
    }
}
