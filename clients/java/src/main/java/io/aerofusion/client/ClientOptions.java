package io.aerofusion.client;

import java.net.URI;
import java.time.Duration;

/**
 * What a client needs to know.
 *
 * @param server the node, such as {@code https://sync.example.org} (http, https, ws and wss mean the same here, with or without TLS)
 * @param device the device's own name, as it was registered
 * @param credential the device's credential, or a user's token
 * @param store keeps what must survive; closed with the client
 * @param connectTimeout for one attempt to connect
 * @param runtime threads and connections, shared by many clients
 */
public record ClientOptions(
        URI server,
        String device,
        String credential,
        Store store,
        Backoff backoff,
        Duration connectTimeout,
        ClientRuntime runtime) {
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);

    public ClientOptions(URI server, String device, String credential, Store store) {
        this(server, device, credential, store, Backoff.DEFAULT, CONNECT_TIMEOUT, ClientRuntime.shared());
    }

    public ClientOptions withBackoff(Backoff other) {
        return new ClientOptions(server, device, credential, store, other, connectTimeout, runtime);
    }

    public ClientOptions withRuntime(ClientRuntime other) {
        return new ClientOptions(server, device, credential, store, backoff, connectTimeout, other);
    }

    /** Where the WebSocket of the sync protocol is. */
    URI socket() {
        boolean tls = "https".equals(server.getScheme()) || "wss".equals(server.getScheme());
        return URI.create((tls ? "wss://" : "ws://") + server.getRawAuthority() + "/sync/v1");
    }
}
