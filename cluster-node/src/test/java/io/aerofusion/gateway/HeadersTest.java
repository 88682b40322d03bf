package io.aerofusion.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class HeadersTest {
    private static String written(Headers headers) {
        var out = Unpooled.buffer();
        headers.writeTo(out);
        return out.toString(StandardCharsets.ISO_8859_1);
    }

    @Test
    void namesIgnoreCaseAndOrderIsKept() {
        var headers = Headers.of("Accept", "a", "X-One", "1", "accept", "b");
        assertEquals("a", headers.get("accept"));
        assertEquals(List.of("a", "b"), headers.all("accept"));
        assertNull(headers.get("x-two"));
        assertEquals("Accept: a\r\nX-One: 1\r\naccept: b\r\n", written(headers));
    }

    @Test
    void removedFieldsLeaveTheirNeighbours() {
        var headers = Headers.of("a", "1", "b", "2", "c", "3", "b", "4", "d", "5");
        assertTrue(headers.remove("b"));
        assertFalse(headers.remove("b"));
        assertEquals(3, headers.size());
        assertEquals("a: 1\r\nc: 3\r\nd: 5\r\n", written(headers));
        headers.set("a", "6");
        assertEquals("c: 3\r\nd: 5\r\na: 6\r\n", written(headers));
    }

    @Test
    void tokensAreElementsOfLists() {
        var headers = Headers.of("Connection", "close, X-Hop ,", "connection", "\tKeep-Alive");
        assertTrue(headers.containsToken("connection", "close"));
        assertTrue(headers.containsToken("connection", "x-hop"));
        assertTrue(headers.containsToken("connection", "keep-alive"));
        assertFalse(headers.containsToken("connection", "x"));
        assertFalse(headers.containsToken("upgrade", "websocket"));
    }

    @Test
    void aValueCannotEndItsLine() {
        var headers = new Headers();
        assertThrows(IllegalArgumentException.class, () -> headers.add("a", "1\r\nb: 2"));
        assertThrows(IllegalArgumentException.class, () -> headers.add("a b", "1"));
        assertThrows(IllegalArgumentException.class, () -> headers.add("", "1"));
        assertEquals("", written(headers));
    }

    @Test
    void anyByteOfAValueSurvives() {
        var headers = Headers.of("a", "\u00e4\u00ff\t");
        assertEquals("\u00e4\u00ff\t", headers.get("a"));
        var copy = new Headers(4);
        copy.addAll(headers);
        assertEquals(written(headers), written(copy));
    }

    @Test
    void growsBeyondItsFirstMemory() {
        var headers = new Headers(1);
        for (int i = 0; i < 100; i++) headers.add("name-" + i, "value-" + i);
        assertEquals("value-99", headers.get("name-99"));
        headers.clear();
        assertEquals("", written(headers));
    }
}
