package io.aerofusion.platform;

import io.aerofusion.platform.http.Tls;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends requests to the node itself before others do: the first ones through a cold JVM are slow. Warm, as {@code /health/ready} says it,
 * means that this was tried: the way of a request through sockets, HTTP, routing, JSON and metrics has been gone up to twenty times within
 * {@link #ENOUGH}. Nothing was pushed, written to the journal or sent over a WebSocket; the first sessions and commits of a new node are
 * still slower than later ones (decision 0008 says why). A failure only makes the first real requests slower, so the node is ready all the
 * same and its log says so. Blocks its thread.
 */
final class WarmUp {
    private static final Logger LOG = LoggerFactory.getLogger(WarmUp.class);
    /** Rounds at most; the first one loads classes, the others let them be compiled. */
    private static final int ROUNDS_MAX = 20;
    /** No round is begun later than this: on a busy machine the compilers are behind anyhow. */
    private static final Duration ENOUGH = Duration.ofMillis(250);

    private static final Duration TIMEOUT = Duration.ofSeconds(5);

    /** On one connection, one after the other. */
    private static final byte[] ROUND = (get("/health/live", "keep-alive")
                    + get("/openapi.json", "keep-alive")
                    + get("/api/v1", "keep-alive")
                    + get("/metrics", "close"))
            .getBytes(StandardCharsets.US_ASCII);

    private WarmUp() {}

    static void run(InetSocketAddress bound, Optional<Tls> tls) {
        InetAddress address =
                bound.getAddress().isAnyLocalAddress() ? InetAddress.getLoopbackAddress() : bound.getAddress();
        long begun = System.nanoTime();
        try {
            for (int round = 0; round < ROUNDS_MAX && System.nanoTime() - begun < ENOUGH.toNanos(); round++) {
                round(address, bound.getPort(), tls);
            }
        } catch (IOException e) {
            LOG.warn("the node could not warm itself up", e);
        }
    }

    private static void round(InetAddress address, int port, Optional<Tls> tls) throws IOException {
        try (Socket socket =
                tls.isPresent() ? tls.get().context().getSocketFactory().createSocket() : new Socket()) {
            socket.connect(new InetSocketAddress(address, port), (int) TIMEOUT.toMillis());
            socket.setSoTimeout((int) TIMEOUT.toMillis());
            socket.getOutputStream().write(ROUND);
            InputStream responses = socket.getInputStream();
            responses.transferTo(OutputStream.nullOutputStream());
        }
    }

    private static String get(String path, String connection) {
        return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: " + connection + "\r\n\r\n";
    }
}
