package io.aerofusion.platform.http;

import com.typesafe.config.Config;
import java.time.Duration;

/**
 * Limits of the HTTP door; each is explained in reference.conf under {@code aerofusion.http}.
 *
 * @param bodyBytesMax of one request body
 * @param bodiesInFlightBytesMax of all bodies that are being received or handled at once
 * @param bodyTimeout in which a body must have arrived
 * @param headTimeout in which a new connection must have sent its first request
 * @param handlerTimeout in which an endpoint must answer
 */
public record HttpSettings(
        int bodyBytesMax,
        long bodiesInFlightBytesMax,
        Duration bodyTimeout,
        Duration headTimeout,
        Duration handlerTimeout) {
    public HttpSettings {
        if (bodyBytesMax < 1 || bodiesInFlightBytesMax < bodyBytesMax) {
            throw new IllegalArgumentException(
                    "aerofusion.http: bodies-in-flight-bytes-max must be at least body-bytes-max, and that at least 1");
        }
    }

    /**
     * Reads them.
     *
     * @param node the whole configuration of the node
     */
    public static HttpSettings of(Config node) {
        Config http = node.getConfig("aerofusion.http");
        return new HttpSettings(
                Math.toIntExact(http.getBytes("body-bytes-max")),
                http.getBytes("bodies-in-flight-bytes-max"),
                http.getDuration("body-timeout"),
                http.getDuration("head-timeout"),
                http.getDuration("handler-timeout"));
    }
}
