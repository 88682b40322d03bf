package io.aerofusion.platform;

import io.aerofusion.platform.http.Tls;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends requests to the node itself before others do: the first ones through a cold JVM are slow. Runs on the thread that starts the
 * node; a failure only makes the first real requests slower.
 */
final class WarmUp {
    private static final Logger LOG = LoggerFactory.getLogger(WarmUp.class);
    private static final int ROUNDS = 20;
    private static final List<String> PATHS = List.of("/health/live", "/openapi.json", "/api/v1", "/metrics");
    private static final Duration TIMEOUT = Duration.ofSeconds(5);

    private WarmUp() {}

    static void run(InetSocketAddress bound, Optional<Tls> tls) {
        InetAddress address =
                bound.getAddress().isAnyLocalAddress() ? InetAddress.getLoopbackAddress() : bound.getAddress();
        try {
            for (int round = 0; round < ROUNDS; round++) {
                for (String path : PATHS) {
                    request(address, bound.getPort(), tls, path);
                }
            }
        } catch (IOException e) {
            LOG.warn("the node could not warm itself up", e);
        }
    }

    private static void request(InetAddress address, int port, Optional<Tls> tls, String path) throws IOException {
        try (Socket socket =
                tls.isPresent() ? tls.get().context().getSocketFactory().createSocket() : new Socket()) {
            socket.connect(new InetSocketAddress(address, port), (int) TIMEOUT.toMillis());
            socket.setSoTimeout((int) TIMEOUT.toMillis());
            String request = "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            InputStream response = socket.getInputStream();
            response.transferTo(java.io.OutputStream.nullOutputStream());
        }
    }
}
