package io.aerofusion.gateway.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** The queue of the access log and its bound, and the form of a line. */
final class AccessLogTest {
    private static AccessEntry entry(String path) {
        return new AccessEntry(
                Instant.EPOCH,
                "id",
                "trace",
                "route",
                "",
                "",
                "",
                "GET",
                "host",
                path,
                404,
                -1,
                "route-unknown",
                0,
                7,
                1_234_567,
                -1,
                0,
                "HTTP/2",
                InetAddress.getLoopbackAddress());
    }

    @Test
    void a_line_is_json_without_what_is_not_known() {
        assertThat(entry("/a\"\n\u2028").line())
                .startsWith("{\"time\":\"1970-01-01T00:00:00Z\",\"requestId\":\"id\"")
                .contains("\"path\":\"/a\\\"\\n", "\"durationMs\":1.234", "\"protocol\":\"HTTP/2\"")
                .doesNotContain("upstream", "consumer", "grpcStatus", "\n");
        assertThat(entry("/" + "x".repeat(5_000)).line().length()).isLessThan(AccessEntry.TEXT_MAX + 400);
    }

    @Test
    void shares_and_what_is_slow_have_bounds() {
        Duration second = Duration.ofSeconds(1);
        new Observability(null, 100, Duration.ofMillis(1), 0);
        new Observability(null, 0, Duration.ofHours(1), 100);
        assertThatThrownBy(() -> new Observability(null, 101, second, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Observability(null, 0, second, -1)).isInstanceOf(IllegalArgumentException.class);
        for (Duration wrong : List.of(
                Duration.ZERO, Duration.ofNanos(999_999), Duration.ofHours(1).plusNanos(1))) {
            assertThatThrownBy(() -> new Observability(null, 0, wrong, 0))
                    .as("slow after " + wrong)
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void what_comes_faster_than_it_can_be_written_is_dropped_and_counted() throws Exception {
        CountDownLatch blocked = new CountDownLatch(1);
        List<String> written = new CopyOnWriteArrayList<>();
        AtomicBoolean closed = new AtomicBoolean();
        AccessLog log = new AccessLog(new AccessSink() {
            @Override
            public void write(List<String> lines) {
                try {
                    blocked.await();
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
                written.addAll(lines);
            }

            @Override
            public void close() {
                closed.set(true);
            }
        });
        int more = AccessLog.QUEUE_MAX + AccessLog.BATCH_MAX + 100;
        for (int i = 0; i < more; i++) log.add(entry("/" + i));
        assertThat(log.dropped()).isBetween(100L, 100L + AccessLog.BATCH_MAX);
        blocked.countDown();
        log.close();
        assertThat(written.size() + log.dropped()).isEqualTo(more);
        assertThat(closed).isTrue();
        log.add(entry("/late"));
        assertThat(written.size() + log.dropped()).isEqualTo(more + 1);
    }

    @Test
    void what_cannot_be_written_counts_as_dropped_and_the_log_goes_on() {
        AtomicBoolean broken = new AtomicBoolean(true);
        List<String> written = new CopyOnWriteArrayList<>();
        try (AccessLog log = new AccessLog(lines -> {
            if (broken.get()) throw new IllegalStateException("the disk is full");
            written.addAll(lines);
        })) {
            log.add(entry("/1"));
            await().atMost(Duration.ofSeconds(60)).until(() -> log.dropped() == 1);
            broken.set(false);
            log.add(entry("/2"));
            await().atMost(Duration.ofSeconds(60)).until(() -> written.size() == 1);
        }
    }
}
