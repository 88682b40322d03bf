package io.aerofusion.gateway;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.DefaultHttp2HeadersEncoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/** One end of an HTTP/2 connection that sends and reads single frames; only SETTINGS are acknowledged by themselves. */
final class Http2Peer implements Closeable {
    static final int DATA = 0;
    static final int HEADERS = 1;
    static final int RST_STREAM = 3;
    static final int SETTINGS = 4;
    static final int PING = 6;
    static final int GOAWAY = 7;
    static final int WINDOW_UPDATE = 8;
    static final int CONTINUATION = 9;

    static final int ACK = 1;
    static final int END_STREAM = 1;
    static final int END_HEADERS = 4;

    static final int MAX_CONCURRENT_STREAMS = 3;
    static final int INITIAL_WINDOW_SIZE = 4;
    static final int ENABLE_CONNECT_PROTOCOL = 8;

    private static final String PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

    /** A frame as it was read: its payload, a byte a character, and the fields of HEADERS. */
    record Frame(int type, int flags, int stream, String text, Map<String, String> fields) {
        boolean ends() {
            return (flags & END_STREAM) != 0;
        }

        byte[] payload() {
            return text.getBytes(StandardCharsets.ISO_8859_1);
        }

        /** The number at this place of the payload. */
        int number(int at) {
            return ByteBuffer.wrap(payload()).getInt(at);
        }

        String status() {
            return fields.get(":status");
        }
    }

    final Socket socket;
    private final DataInputStream in;
    private final DefaultHttp2HeadersEncoder encoder = new DefaultHttp2HeadersEncoder();
    private final DefaultHttp2HeadersDecoder decoder = new DefaultHttp2HeadersDecoder(false);

    private boolean acknowledges = true;

    private Http2Peer(Socket socket) throws IOException {
        this.socket = socket;
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(60_000);
        in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
    }

    /** A client with prior knowledge; {@code settings} are identifiers and values in turn. */
    static Http2Peer client(InetSocketAddress address, int... settings) throws IOException {
        var peer = silent(address);
        peer.write(PREFACE.getBytes(StandardCharsets.US_ASCII));
        peer.settings(settings);
        return peer;
    }

    /** A client that has not said a word yet. */
    static Http2Peer silent(InetSocketAddress address) throws IOException {
        return new Http2Peer(new Socket(address.getAddress(), address.getPort()));
    }

    /** A server, after the client's preface. */
    static Http2Peer server(Socket socket, int... settings) throws IOException {
        var peer = new Http2Peer(socket);
        String preface = new String(peer.in.readNBytes(PREFACE.length()), StandardCharsets.US_ASCII);
        if (!preface.equals(PREFACE)) throw new IOException("no preface: " + preface);
        peer.settings(settings);
        return peer;
    }

    // ---- to send
    // --------------------------------------------------------------------------------------------------------

    static byte[] frame(int type, int flags, int stream, byte... payload) {
        return ByteBuffer.allocate(9 + payload.length)
                .put((byte) (payload.length >> 16))
                .putShort((short) payload.length)
                .put((byte) type)
                .put((byte) flags)
                .putInt(stream)
                .put(payload)
                .array();
    }

    Http2Peer write(byte... bytes) throws IOException {
        socket.getOutputStream().write(bytes);
        return this;
    }

    Http2Peer send(int type, int flags, int stream, byte... payload) throws IOException {
        return write(frame(type, flags, stream, payload));
    }

    Http2Peer settings(int... settings) throws IOException {
        ByteBuffer payload = ByteBuffer.allocate(settings.length * 3);
        for (int i = 0; i < settings.length; i += 2)
            payload.putShort((short) settings[i]).putInt(settings[i + 1]);
        return send(SETTINGS, 0, 0, payload.array());
    }

    /** A head or trailers; names and values in turn. */
    Http2Peer headers(int stream, boolean end, String... fields) throws IOException {
        Http2Headers headers = new DefaultHttp2Headers(false);
        for (int i = 0; i < fields.length; i += 2) headers.add(fields[i], fields[i + 1]);
        ByteBuf block = Unpooled.buffer();
        try {
            encoder.encodeHeaders(stream, headers, block);
        } catch (Http2Exception e) {
            throw new IOException(e);
        }
        byte[] bytes = new byte[block.readableBytes()];
        block.readBytes(bytes);
        return send(HEADERS, END_HEADERS | (end ? END_STREAM : 0), stream, bytes);
    }

    /** A request without a body. */
    Http2Peer get(int stream, String path) throws IOException {
        return headers(stream, true, ":method", "GET", ":scheme", "http", ":authority", "a", ":path", path);
    }

    /** A request whose body is still to come. */
    Http2Peer post(int stream, String path, String... fields) throws IOException {
        return open(
                stream, new String[] {":method", "POST", ":scheme", "http", ":authority", "a", ":path", path}, fields);
    }

    /** An extended CONNECT. */
    Http2Peer connect(int stream, String protocol, String path, String... fields) throws IOException {
        String[] head = {
            ":method", "CONNECT", ":protocol", protocol, ":scheme", "http", ":authority", "a", ":path", path
        };
        return open(stream, head, fields);
    }

    private Http2Peer open(int stream, String[] head, String... fields) throws IOException {
        String[] all = java.util.Arrays.copyOf(head, head.length + fields.length);
        System.arraycopy(fields, 0, all, head.length, fields.length);
        return headers(stream, false, all);
    }

    Http2Peer data(int stream, boolean end, String content) throws IOException {
        return send(DATA, end ? END_STREAM : 0, stream, content.getBytes(StandardCharsets.ISO_8859_1));
    }

    Http2Peer window(int stream, int increment) throws IOException {
        return send(WINDOW_UPDATE, 0, stream, number(increment));
    }

    Http2Peer reset(int stream, int error) throws IOException {
        return send(RST_STREAM, 0, stream, number(error));
    }

    Http2Peer goAway(int lastStream) throws IOException {
        return send(
                GOAWAY,
                0,
                0,
                ByteBuffer.allocate(8).putInt(lastStream).putInt(0).array());
    }

    private static byte[] number(int number) {
        return ByteBuffer.allocate(4).putInt(number).array();
    }

    // ---- to read
    // --------------------------------------------------------------------------------------------------------

    /** Whether it acknowledges SETTINGS, which it does at first. */
    void acknowledges(boolean wanted) {
        acknowledges = wanted;
    }

    /** The next frame. */
    Frame next() throws IOException {
        int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
        int type = in.readUnsignedByte();
        int flags = in.readUnsignedByte();
        int stream = in.readInt();
        byte[] payload = in.readNBytes(length);
        if (payload.length < length) throw new EOFException("the connection ended within a frame");
        Map<String, String> fields = new HashMap<>();
        if (type == HEADERS) {
            int skipped = (flags & 0x20) != 0 ? 5 : 0;
            try {
                decoder.decodeHeaders(stream, Unpooled.wrappedBuffer(payload, skipped, length - skipped))
                        .forEach(field -> fields.put(
                                field.getKey().toString(), field.getValue().toString()));
            } catch (Http2Exception e) {
                throw new IOException(e);
            }
        }
        if (type == SETTINGS && (flags & ACK) == 0 && acknowledges) send(SETTINGS, ACK, 0);
        return new Frame(type, flags, stream, new String(payload, StandardCharsets.ISO_8859_1), fields);
    }

    /** The next frame of this type; those before it are passed over. */
    Frame next(int type) throws IOException {
        Frame frame = next();
        while (frame.type() != type) frame = next();
        return frame;
    }

    /** The next frame of the stream, or of the connection (0), that tells something: no window, no settings. */
    Frame on(int stream) throws IOException {
        Frame frame = next();
        while (frame.stream() != stream || frame.type() == WINDOW_UPDATE || frame.type() == SETTINGS) frame = next();
        return frame;
    }

    /** Content of a stream, as much as comes before its end. */
    String rest(int stream) throws IOException {
        var content = new ByteArrayOutputStream();
        Frame frame = on(stream);
        while (true) {
            if (frame.type() == RST_STREAM) throw new IOException("reset: " + frame.number(0));
            if (frame.type() == DATA) content.writeBytes(frame.payload());
            if (frame.ends()) return content.toString(StandardCharsets.ISO_8859_1);
            frame = on(stream);
        }
    }

    /** So many bytes of a stream's content, or a few more. */
    String content(int stream, int atLeast) throws IOException {
        var content = new StringBuilder();
        while (content.length() < atLeast) {
            Frame frame = on(stream);
            if (frame.type() != DATA) throw new IOException("no content: " + frame);
            content.append(frame.text());
        }
        return content.toString();
    }

    /** Whether the connection ends, whatever comes before. */
    boolean ended() {
        try {
            while (true) next();
        } catch (EOFException | java.net.SocketException ended) {
            return true;
        } catch (IOException other) {
            throw new java.io.UncheckedIOException(other);
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
