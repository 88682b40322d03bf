package io.aerofusion.load;

import io.aerofusion.load.SoakTally.Event;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/** A WebSocket through a gateway of a {@link GatewaySoak} that stays open over every change and gets each of its texts back. */
final class SoakWebSocket implements AutoCloseable {
    private static final Duration BEAT = Duration.ofMillis(500);
    private static final Duration ECHO_MAX = Duration.ofSeconds(20);
    private static final Duration LOOK = Duration.ofMillis(5);
    private static final HttpClient HTTP =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();

    private final int home;
    private final IntFunction<InetSocketAddress> gateways;
    private final SoakPresence presence;
    private final SoakTally tally;
    private final Thread thread = Thread.ofVirtual().unstarted(this::work);

    private volatile boolean running = true;
    private volatile long echoed;
    private volatile boolean closed;
    private @Nullable WebSocket socket;
    private int departuresThen;
    private long sent;

    SoakWebSocket(int number, IntFunction<InetSocketAddress> gateways, SoakPresence presence, SoakTally tally) {
        this.home = number % presence.gateways();
        this.gateways = gateways;
        this.presence = presence;
        this.tally = tally;
    }

    void start() {
        thread.start();
    }

    private void work() {
        while (running) {
            WebSocket open = socket != null ? socket : presence.there(home) ? open() : null;
            if (open != null) {
                echo(open);
            }
            Waiting.pause(BEAT);
        }
    }

    private @Nullable WebSocket open() {
        closed = false;
        sent = 0;
        echoed = 0;
        departuresThen = presence.departures(home);
        InetSocketAddress address = gateways.apply(home);
        URI uri = URI.create("ws://" + address.getAddress().getHostAddress() + ":" + address.getPort() + "/ws");
        try {
            WebSocket opened = Waiting.answer(HTTP.newWebSocketBuilder().buildAsync(uri, new Listener()), ECHO_MAX);
            socket = opened;
            return opened;
        } catch (CompletionException e) {
            if (presence.departures(home) == departuresThen) {
                tally.count(Event.FAILED_BY_GATEWAY, "no WebSocket: " + e.getCause());
            }
            return null;
        }
    }

    private void echo(WebSocket open) {
        long expected = ++sent;
        open.sendText(Long.toString(expected), true).exceptionally(gone -> open);
        long end = System.nanoTime() + ECHO_MAX.toNanos();
        while (echoed < expected && !closed && System.nanoTime() < end) {
            Waiting.pause(LOOK);
        }
        if (echoed >= expected) {
            tally.echoed();
            return;
        }
        socket = null;
        open.abort();
        if (presence.departures(home) != departuresThen) {
            tally.count(Event.WEBSOCKET_CLOSED_BY_LEAVING_NODE);
        } else {
            tally.count(Event.DROPPED, closed ? "a WebSocket was closed" : "a WebSocket fell silent");
        }
    }

    private final class Listener implements WebSocket.Listener {
        @Override
        public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
            echoed = Long.parseLong(data.toString());
            from.request(1);
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onClose(WebSocket from, int code, String reason) {
            closed = true;
            return null;
        }

        @Override
        public void onError(WebSocket from, Throwable error) {
            closed = true;
        }
    }

    void stop() {
        running = false;
    }

    @Override
    public void close() {
        stop();
        try {
            if (thread.getState() != Thread.State.NEW && !thread.join(ECHO_MAX.multipliedBy(2))) {
                throw new IllegalStateException("a WebSocket's client does not end");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        WebSocket open = socket;
        if (open != null) {
            open.abort();
        }
    }
}
