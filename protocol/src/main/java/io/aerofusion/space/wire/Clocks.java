package io.aerofusion.space.wire;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.aerofusion.platform.ErrorCode;
import org.jspecify.annotations.Nullable;

/**
 * Hybrid logical clock readings as two columns: milliseconds (each as the difference to the one before) and counters (left out
 * when all are 0). Together in one 64-bit number they would be beyond what JSON numbers hold exactly.
 */
final class Clocks {
    static final long MILLIS_MAX = (1L << 48) - 1;
    static final int COUNTER_MAX = 0xFFFF;

    private Clocks() {}

    static void write(long[] clocks, ArrayNode to) {
        ArrayNode millis = JsonNodeFactory.instance.arrayNode(clocks.length);
        ArrayNode counters = JsonNodeFactory.instance.arrayNode();
        boolean counted = false;
        long before = 0;
        for (long clock : clocks) {
            millis.add((clock >>> 16) - before);
            before = clock >>> 16;
            counters.add(clock & COUNTER_MAX);
            counted |= (clock & COUNTER_MAX) != 0;
        }
        to.add(millis);
        if (counted) {
            to.add(counters);
        }
    }

    static long[] read(@Nullable JsonNode millis, @Nullable JsonNode counters, int size) throws FrameException {
        long[] clocks = new long[size];
        if (millis == null) {
            return clocks;
        }
        if (!millis.isArray()
                || millis.size() != size
                || (counters != null && (!counters.isArray() || counters.size() != size))) {
            throw wrong();
        }
        long before = 0;
        for (int i = 0; i < size; i++) {
            if (!millis.get(i).isIntegralNumber()) {
                throw wrong();
            }
            before += millis.get(i).longValue();
            if (before < 0 || before > MILLIS_MAX) {
                throw wrong();
            }
            clocks[i] = before << 16 | (counters == null ? 0 : counter(counters.get(i)));
        }
        return clocks;
    }

    private static long counter(JsonNode node) throws FrameException {
        if (!node.isIntegralNumber() || node.longValue() < 0 || node.longValue() > COUNTER_MAX) {
            throw wrong();
        }
        return node.longValue();
    }

    private static FrameException wrong() {
        return new FrameException(ErrorCode.MALFORMED_FRAME, "The clocks do not fit the mutations.");
    }
}
