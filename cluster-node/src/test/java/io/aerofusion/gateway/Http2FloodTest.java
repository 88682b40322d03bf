package io.aerofusion.gateway;

import static io.aerofusion.gateway.Http2Peer.CONTINUATION;
import static io.aerofusion.gateway.Http2Peer.DATA;
import static io.aerofusion.gateway.Http2Peer.END_HEADERS;
import static io.aerofusion.gateway.Http2Peer.END_STREAM;
import static io.aerofusion.gateway.Http2Peer.GOAWAY;
import static io.aerofusion.gateway.Http2Peer.HEADERS;
import static io.aerofusion.gateway.Http2Peer.PING;
import static io.aerofusion.gateway.Http2Peer.RST_STREAM;
import static io.aerofusion.gateway.Http2Peer.SETTINGS;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.aerofusion.gateway.GatewaySettings.Listener;
import io.aerofusion.gateway.GatewaySettings.Protocol;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Clients that use HTTP/2 to make work for others: each is sent away, and the next client is served. */
class Http2FloodTest {
    private static final int ENHANCE_YOUR_CALM = 11;
    /** GET http://a/ in HPACK's static table. */
    private static final byte[] REQUEST = {(byte) 0x82, (byte) 0x86, (byte) 0x84, 0x41, 1, 'a'};

    private TestUpstream upstream;
    private Gateway gateway;

    @BeforeEach
    void start() throws Exception {
        upstream = TestUpstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
        gateway = Gateway.start(GatewaySettings.of(List.of(new Listener("http", "127.0.0.1", 0, Protocol.HTTP)))
                .withThreads(1));
        TestRoutes.all(gateway, upstream.address());
    }

    @AfterEach
    void stop() throws IOException {
        gateway.close();
        upstream.close();
    }

    private static void frame(ByteArrayOutputStream out, int type, int flags, int stream, byte[] payload) {
        out.writeBytes(Http2Peer.frame(type, flags, stream, payload));
    }

    /** Sends frames after the preface and reads until GOAWAY, whose error it gives; -1 when a whole response came first. */
    private int sent(ByteArrayOutputStream frames) throws IOException {
        try (var client = Http2Peer.client(gateway.addresses().getFirst())) {
            try {
                client.write(frames.toByteArray());
            } catch (IOException cut) {
                // sent away while it was still sending: what was said before can be read
            }
            client.acknowledges(false);
            while (true) {
                Http2Peer.Frame frame = client.next();
                if (frame.type() == GOAWAY) return frame.number(4);
                if (frame.type() == DATA && frame.ends()) return -1;
            }
        }
    }

    private void stillServes(int sentAway) throws IOException {
        assertEquals(sentAway, gateway.counters().faults(Fault.HTTP2_VIOLATED).sum());
        var request = new ByteArrayOutputStream();
        frame(request, HEADERS, END_HEADERS | END_STREAM, 1, REQUEST);
        assertEquals(-1, sent(request));
    }

    @Test
    void rapidResetsEndTheConnection() throws Exception {
        var frames = new ByteArrayOutputStream();
        for (int i = 0; i < 400; i++) {
            frame(frames, HEADERS, END_HEADERS | END_STREAM, 2 * i + 1, REQUEST);
            frame(frames, RST_STREAM, 0, 2 * i + 1, new byte[] {0, 0, 0, 8});
        }
        assertEquals(ENHANCE_YOUR_CALM, sent(frames));
        stillServes(1);
    }

    @Test
    void pingsAndSettingsAreBounded() throws Exception {
        for (var flood : Map.of(PING, 8, SETTINGS, 0).entrySet()) {
            var frames = new ByteArrayOutputStream();
            for (int i = 0; i < 1_200; i++) frame(frames, flood.getKey(), 0, 0, new byte[flood.getValue()]);
            assertEquals(ENHANCE_YOUR_CALM, sent(frames));
        }
        stillServes(2);
    }

    @Test
    void headsInCountlessPiecesAreRefused() throws Exception {
        var frames = new ByteArrayOutputStream();
        frame(frames, HEADERS, END_STREAM, 1, REQUEST);
        for (int i = 0; i < 200; i++) frame(frames, CONTINUATION, 0, 1, new byte[0]);
        assertEquals(ENHANCE_YOUR_CALM, sent(frames));
        stillServes(1);
    }
}
