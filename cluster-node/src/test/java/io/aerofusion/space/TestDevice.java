package io.aerofusion.space;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.aerofusion.space.wire.Frame;
import io.aerofusion.space.wire.FrameCodec;
import io.aerofusion.space.wire.FrameException;
import io.aerofusion.space.wire.FrameLimits;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingDeque;
import java.util.concurrent.TimeUnit;

/**
 * A device at a real socket, of a node or of a gateway before it, that applies what it hears to a plain copy of one space; for tests of the
 * server.
 */
public final class TestDevice implements AutoCloseable {
    private static final long PATIENCE_SECONDS = 60;
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    /** What the queue holds after the socket closed. */
    record Closed(int status) {}

    final String name;
    final Map<String, Map<String, JsonNode>> documents = new TreeMap<>();
    private final LinkedBlockingDeque<Object> heard = new LinkedBlockingDeque<>();
    private final WebSocket socket;
    String cursor;
    long seq = 1;

    private TestDevice(String name, URI node, String token, HttpClient http, boolean reading) {
        this.name = name;
        WebSocket.Builder builder = http.newWebSocketBuilder().subprotocols("aerofusion.sync.v1");
        if (!token.isEmpty()) {
            builder.header("Authorization", "Bearer " + token);
        }
        this.socket = builder.buildAsync(
                        URI.create("ws" + node.toString().substring(4) + "/sync/v1"), new Listener(reading))
                .join();
    }

    /** Only the socket. */
    static TestDevice open(String name, URI node, String token) {
        return new TestDevice(name, node, token, HTTP, true);
    }

    /** A socket of which nothing is ever read. */
    static TestDevice deaf(String name, URI node, String token) {
        return new TestDevice(name, node, token, HTTP, false);
    }

    /** From now on everything is read. */
    void listen() {
        socket.request(1);
    }

    /** A socket that said hello and was welcomed. */
    public static TestDevice connect(String name, URI node, String token) throws Exception {
        return connect(name, node, token, HTTP);
    }

    /** The same by a client of its own, which knows the certificates. */
    public static TestDevice connect(String name, URI node, String token, HttpClient http) throws Exception {
        TestDevice device = new TestDevice(name, node, token, http, true);
        device.send(device.hello(""));
        device.hear(Frame.Welcome.class);
        return device;
    }

    Frame.Hello hello(String token) {
        return new Frame.Hello(name, token, 1, System.currentTimeMillis(), null, null);
    }

    void send(Frame frame) {
        sendBytes(FrameCodec.encode(frame));
    }

    void sendBytes(byte[] message) {
        socket.sendBinary(ByteBuffer.wrap(message), true).join();
    }

    void sendText(String text) {
        socket.sendText(text, true).join();
    }

    /** Follows and waits until it has everything. */
    TestDevice follow(String space) throws Exception {
        send(new Frame.Sub(space, List.of(), cursor));
        catchUp();
        return this;
    }

    void catchUp() throws Exception {
        while (true) {
            Frame frame = hear();
            apply(frame);
            boolean last = switch (frame) {
                case Frame.Snap snap -> snap.last();
                case Frame.Delta delta -> !delta.more();
                default -> false;
            };
            if (last) {
                return;
            }
        }
    }

    /** Applies what is heard until it stands at the cursor. */
    void catchUpTo(String there) throws Exception {
        while (!there.equals(cursor)) {
            apply(hear());
        }
    }

    /** Pushes one mutation per map on the base of what it has seen, without waiting. */
    @SafeVarargs
    final void push(String space, String collection, String id, Map<String, Object>... sets) {
        List<Mutation> mutations = new ArrayList<>();
        for (Map<String, Object> set : sets) {
            mutations.add(Mutation.set(collection, id, 0, values(set)));
        }
        push(space, mutations);
    }

    void push(String space, List<Mutation> mutations) {
        send(new Frame.Push(space, seq, cursor, mutations, null));
        seq += mutations.size();
    }

    /** Waits for the ack of what was pushed last; applies deltas and cursors on the way. */
    Frame.Ack acked() throws Exception {
        while (true) {
            Frame frame = hear();
            apply(frame);
            if (frame instanceof Frame.Ack ack && ack.upTo() == seq - 1) {
                return ack;
            }
        }
    }

    void apply(Frame frame) {
        switch (frame) {
            case Frame.Snap snap -> {
                snap.documents().forEach(this::apply);
                cursor = snap.to();
            }
            case Frame.Delta delta -> {
                if (!delta.from().equals(cursor)) {
                    throw new AssertionError(name + " got a delta from " + delta.from() + " at " + cursor);
                }
                delta.changes().forEach(this::apply);
                cursor = delta.to();
            }
            case Frame.Ack ack -> {
                ack.changes().forEach(this::apply);
                if (ack.cursor() != null) {
                    cursor = ack.cursor();
                }
            }
            case Frame.Reset reset -> {
                documents.clear();
                cursor = null;
            }
            default -> {}
        }
    }

    private void apply(DocumentChange change) {
        String key = change.collection() + "/" + change.id();
        if (change.deleted()) {
            documents.remove(key);
            return;
        }
        Map<String, JsonNode> cells = documents.computeIfAbsent(key, fresh -> new TreeMap<>());
        if (change.whole()) {
            cells.clear();
        }
        change.unset().forEach(cells::remove);
        cells.putAll(change.set());
    }

    JsonNode cell(String collection, String id, String path) {
        return documents.getOrDefault(collection + "/" + id, Map.of()).get(path);
    }

    Frame hear() throws InterruptedException {
        Object next = heard.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        if (next instanceof Frame frame) {
            return frame;
        }
        throw new AssertionError(name + " heard " + next + " instead of a frame");
    }

    /** Waits for a frame of that kind; applies and passes over others. */
    <F extends Frame> F hear(Class<F> kind) throws InterruptedException {
        while (true) {
            Frame frame = hear();
            apply(frame);
            if (kind.isInstance(frame)) {
                return kind.cast(frame);
            }
        }
    }

    /** Applies everything that was sent to it until now; how many frames that were. */
    int hearWhatWasSent() throws InterruptedException {
        send(new Frame.Announce("nowhere", null)); // the session answers in order: this fails after all that
        int heard = 0;
        for (Frame frame = hear(); !(frame instanceof Frame.Failure); frame = hear()) {
            apply(frame);
            heard++;
        }
        return heard;
    }

    /** Waits for the end of the socket; passes over what is still heard. */
    void hearTheEnd() throws InterruptedException {
        while (true) {
            Object next = heard.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
            if (next == null) {
                throw new AssertionError(name + "'s socket stays open");
            }
            if (next instanceof Closed) {
                return;
            }
        }
    }

    boolean hearsNothing(long millis) throws InterruptedException {
        Object next = heard.poll(millis, TimeUnit.MILLISECONDS);
        if (next != null) {
            heard.addFirst(next);
        }
        return next == null;
    }

    /** Ends without a word. */
    @Override
    public void close() {
        socket.abort();
    }

    static Map<String, JsonNode> values(Map<String, Object> values) {
        Map<String, JsonNode> nodes = new TreeMap<>();
        values.forEach((path, value) -> nodes.put(
                path,
                switch (value) {
                    case String text -> JsonNodeFactory.instance.textNode(text);
                    case Integer number -> JsonNodeFactory.instance.numberNode(number.longValue());
                    case Long number -> JsonNodeFactory.instance.numberNode(number);
                    case Boolean flag -> JsonNodeFactory.instance.booleanNode(flag);
                    case JsonNode node -> node;
                    default -> throw new IllegalArgumentException("no JSON for " + value);
                }));
        return nodes;
    }

    private final class Listener implements WebSocket.Listener {
        private final boolean reading;
        private final ByteArrayOutputStream message = new ByteArrayOutputStream();

        Listener(boolean reading) {
            this.reading = reading;
        }

        @Override
        public void onOpen(WebSocket opened) {
            if (reading) {
                opened.request(1);
            }
        }

        @Override
        public CompletionStage<?> onBinary(WebSocket from, ByteBuffer data, boolean last) {
            byte[] part = new byte[data.remaining()];
            data.get(part);
            message.writeBytes(part);
            if (last) {
                try {
                    heard.add(FrameCodec.decode(message.toByteArray(), FrameLimits.OF_A_DEVICE));
                } catch (FrameException e) {
                    heard.add(e);
                }
                message.reset();
            }
            from.request(1);
            return null;
        }

        @Override
        public CompletionStage<?> onClose(WebSocket closed, int status, String reason) {
            heard.add(new Closed(status));
            return null;
        }

        @Override
        public void onError(WebSocket broken, Throwable error) {
            heard.add(new Closed(-1));
        }
    }
}
