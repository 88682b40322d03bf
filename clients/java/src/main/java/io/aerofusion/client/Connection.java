package io.aerofusion.client;

import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One WebSocket to a node: whole messages in, whole messages out, one at a time. */
final class Connection implements WebSocket.Listener {
    static final String SUBPROTOCOL = "aerofusion.sync.v1";

    /** How long the other side may take to close in an orderly way. */
    private static final long CLOSE_MS_MAX = 2_000;

    /** Hears of a connection. Calls come one at a time, and never from within a call to the connection. */
    interface Listener {
        void opened(Connection connection);

        void message(Connection connection, byte[] message);

        /** It ended, with the HTTP status when the upgrade was refused and 0 otherwise. May be told more than once. */
        void closed(Connection connection, int status, String reason);
    }

    private final Listener listener;
    private final ClientRuntime runtime;
    private final int messageBytesMax;
    private ByteBuffer partial = ByteBuffer.allocate(0);
    private volatile @Nullable WebSocket socket;
    private volatile boolean aborted;
    private volatile Moment read;

    private Connection(ClientRuntime runtime, Listener listener, int messageBytesMax) {
        this.runtime = runtime;
        this.listener = listener;
        this.messageBytesMax = messageBytesMax;
        read = Moment.now(runtime.clock());
    }

    static Connection open(ClientOptions options, Listener listener, int messageBytesMax) {
        ClientRuntime runtime = options.runtime();
        Connection connection = new Connection(runtime, listener, messageBytesMax);
        HttpClient http = runtime.http();
        // On a thread of its own: a handshake that is over at once would call the listener on this one before
        // the caller knows the connection, and the session would wait for a welcome to a hello that it never sent.
        CompletableFuture.supplyAsync(
                        () -> http.newWebSocketBuilder()
                                .subprotocols(SUBPROTOCOL)
                                .connectTimeout(options.connectTimeout())
                                .header("Authorization", "Bearer " + options.credential())
                                .buildAsync(options.socket(), connection),
                        runtime::execute)
                .thenCompose(handshake -> handshake)
                .whenComplete((opened, failure) -> {
                    if (failure != null) {
                        runtime.execute(() -> listener.closed(connection, status(failure), reason(failure)));
                    }
                });
        return connection;
    }

    private static int status(Throwable failure) {
        Throwable cause = failure instanceof CompletionException wrapped ? wrapped.getCause() : failure;
        return cause instanceof WebSocketHandshakeException refused
                ? refused.getResponse().statusCode()
                : 0;
    }

    private static String reason(Throwable failure) {
        Throwable cause = failure instanceof CompletionException wrapped ? wrapped.getCause() : failure;
        return String.valueOf(cause);
    }

    /** Sends a message; the one before must be done. */
    CompletableFuture<?> send(byte[] message) {
        WebSocket open = socket;
        return open == null
                ? CompletableFuture.failedFuture(new IllegalStateException("the connection is not open"))
                : open.sendBinary(ByteBuffer.wrap(message), true);
    }

    /** Asks the other side for a sign of life. */
    void ping() {
        WebSocket open = socket;
        if (open != null) {
            open.sendPing(ByteBuffer.allocate(0)).exceptionally(failure -> open);
        }
    }

    /** For how long nothing was read, in ms. */
    long silentFor() {
        return read.ago();
    }

    /** Closes in an orderly way, or after a bounded time in the other one. */
    void close() {
        WebSocket open = socket;
        if (open == null) {
            abort();
            return;
        }
        open.sendClose(WebSocket.NORMAL_CLOSURE, "").exceptionally(failure -> open);
        CompletableFuture.delayedExecutor(CLOSE_MS_MAX, TimeUnit.MILLISECONDS).execute(open::abort);
    }

    /** Gives the connection up at once. */
    void abort() {
        aborted = true;
        WebSocket open = socket;
        if (open != null) {
            open.abort();
        }
    }

    @Override
    public void onOpen(WebSocket opened) {
        socket = opened;
        read = Moment.now(runtime.clock());
        if (aborted) {
            opened.abort();
            return;
        }
        listener.opened(this);
        opened.request(1);
    }

    @Override
    public @Nullable CompletionStage<?> onBinary(WebSocket from, ByteBuffer data, boolean last) {
        read = Moment.now(runtime.clock());
        if (partial.position() + data.remaining() > messageBytesMax) {
            from.abort();
            listener.closed(this, 0, "a message is larger than " + messageBytesMax + " bytes");
            return null;
        }
        append(data);
        if (last) {
            byte[] message = new byte[partial.position()];
            partial.flip().get(message);
            partial = ByteBuffer.allocate(0);
            listener.message(this, message);
        }
        from.request(1);
        return null;
    }

    private void append(ByteBuffer data) {
        int needed = partial.position() + data.remaining();
        if (needed > partial.capacity()) {
            ByteBuffer larger = ByteBuffer.allocate(Math.max(needed, partial.capacity() * 2));
            larger.put(partial.flip());
            partial = larger;
        }
        partial.put(data);
    }

    @Override
    public @Nullable CompletionStage<?> onPing(WebSocket from, ByteBuffer message) {
        read = Moment.now(runtime.clock());
        from.request(1);
        return null;
    }

    @Override
    public @Nullable CompletionStage<?> onPong(WebSocket from, ByteBuffer message) {
        read = Moment.now(runtime.clock());
        from.request(1);
        return null;
    }

    @Override
    public @Nullable CompletionStage<?> onClose(WebSocket from, int statusCode, String reason) {
        listener.closed(this, 0, "closed by the other side: " + statusCode + " " + reason);
        return null;
    }

    @Override
    public void onError(WebSocket from, Throwable error) {
        listener.closed(this, 0, String.valueOf(error));
    }
}
