package io.aerofusion.gateway.upstream;

import java.time.Duration;

/**
 * How long the engine waits for an upstream.
 *
 * @param connect for a connection, TLS included
 * @param idle until an unused connection is closed, and between bytes of an answer
 * @param request from the request's head to the end of the answer; zero for no limit
 */
public record UpstreamTimeouts(Duration connect, Duration idle, Duration request) {
    public static final UpstreamTimeouts DEFAULT =
            new UpstreamTimeouts(Duration.ofSeconds(1), Duration.ofSeconds(60), Duration.ofSeconds(30));
}
