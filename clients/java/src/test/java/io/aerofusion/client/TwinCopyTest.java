package io.aerofusion.client;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import org.junit.jupiter.api.Test;

/** Reports of the twin until the server has them. */
final class TwinCopyTest {
    private final MemoryStore store = new MemoryStore();
    private final TwinCopy twin = new TwinCopy(store);

    private static JsonNode patch(int value) {
        return JsonNodeFactory.instance.objectNode().put("n" + value, (long) value);
    }

    @Test
    void what_is_answered_is_forgotten_and_the_rest_is_sent_again() {
        for (int i = 1; i <= 3; i++) {
            twin.report(patch(i));
        }
        assertThat(twin.nextReport(0)).isEqualTo(patch(1));
        assertThat(twin.nextReport(0)).isEqualTo(patch(2));
        assertThat(twin.reported(1)).isEqualTo(patch(1));
        assertThat(twin.reported(1)).isNull(); // again
        assertThat(twin.tick(TwinCopy.SETTLED_MS * 10)).isEqualTo(Long.MAX_VALUE); // time settles nothing more
        twin.disconnected();
        TwinCopy restarted = new TwinCopy(store);
        assertThat(restarted.nextReport(0)).isEqualTo(patch(2));
        assertThat(restarted.nextReport(0)).isEqualTo(patch(3));
        assertThat(restarted.nextReport(0)).isNull();
        assertThat(restarted.reported(2)).isEqualTo(patch(3));
        restarted.disconnected();
        assertThat(restarted.nextReport(0)).isNull();
    }

    @Test
    void of_a_server_that_does_not_answer_time_is_the_sign() {
        twin.report(patch(1));
        assertThat(twin.nextReport(0)).isEqualTo(patch(1));
        assertThat(twin.tick(1)).isEqualTo(TwinCopy.SETTLED_MS);
        twin.tick(TwinCopy.SETTLED_MS);
        twin.disconnected();
        assertThat(twin.nextReport(0)).isNull();
    }

    @Test
    void answers_keep_their_reports_when_the_oldest_are_made_one() {
        for (int i = 1; i <= TwinCopy.UNSETTLED_MAX; i++) {
            twin.report(patch(i));
            assertThat(twin.nextReport(0)).isEqualTo(patch(i));
        }
        twin.report(patch(101)); // the first two are one now
        assertThat(twin.reported(1)).isNull(); // the second of them may not have arrived
        assertThat(twin.reported(2)).isEqualTo(TwinCopy.compose(patch(1), patch(2)));
        assertThat(twin.reported(TwinCopy.UNSETTLED_MAX)).isEqualTo(patch(TwinCopy.UNSETTLED_MAX));
        assertThat(twin.nextReport(0)).isEqualTo(patch(101));
    }
}
