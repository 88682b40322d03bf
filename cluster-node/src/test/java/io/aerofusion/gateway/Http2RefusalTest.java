package io.aerofusion.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.aerofusion.gateway.GatewaySettings.Listener;
import io.aerofusion.gateway.GatewaySettings.Protocol;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A request over HTTP/2 that is refused before its body has ended: the client reads why. */
class Http2RefusalTest {
    private static final int ANSWER_MS_MAX = 30_000;
    private static final int DATA = 0;
    private static final int RST_STREAM = 3;

    /** A frame of the stream: its type, and its payload. */
    private record Frame(int type, int flags, String payload) {}

    private static void send(OutputStream out, int type, int flags, int stream, byte... payload) throws IOException {
        out.write(new byte[] {0, 0, (byte) payload.length, (byte) type, (byte) flags, 0, 0, 0, (byte) stream});
        out.write(payload);
    }

    private static List<Frame> untilReset(Socket socket) throws IOException {
        DataInputStream in = new DataInputStream(socket.getInputStream());
        List<Frame> frames = new ArrayList<>();
        while (true) {
            int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
            int type = in.readUnsignedByte();
            int flags = in.readUnsignedByte();
            int stream = in.readInt();
            String payload = new String(in.readNBytes(length), StandardCharsets.ISO_8859_1);
            if (stream == 1) {
                frames.add(new Frame(type, flags, payload));
                if (type == RST_STREAM) {
                    return frames;
                }
            }
        }
    }

    @Test
    void theReasonArrivesBeforeTheReset() throws Exception {
        List<Listener> listeners = List.of(new Listener("http", "127.0.0.1", 0, Protocol.HTTP));
        try (Gateway gateway = Gateway.start(GatewaySettings.of(listeners).withThreads(1));
                Socket socket = new Socket(
                        InetAddress.getLoopbackAddress(),
                        gateway.addresses().getFirst().getPort())) {
            socket.setSoTimeout(ANSWER_MS_MAX);
            OutputStream out = socket.getOutputStream();
            out.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            send(out, 4, 0, 0);
            // POST http://x/ without the end of the stream: there is no route, and a body is still to come
            send(out, 1, 4, 1, (byte) 0x83, (byte) 0x86, (byte) 0x84, (byte) 0x41, (byte) 1, (byte) 'x');
            out.flush();
            List<Frame> frames = untilReset(socket);
            StringBuilder body = new StringBuilder();
            for (Frame frame : frames) {
                if (frame.type() == DATA) {
                    body.append(frame.payload());
                }
            }
            assertThat(body.toString()).contains("\"status\":404");
            assertThat(frames.get(frames.size() - 2).flags() & 1)
                    .as("end of the stream")
                    .isEqualTo(1);
            assertThat(frames.getLast().payload()).as("no error").isEqualTo("\0\0\0\0");
        }
    }
}
