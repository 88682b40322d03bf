package io.aerofusion.space;

import com.typesafe.config.Config;
import java.time.Duration;

/** The bounds of a {@link SyncSession}; {@code aerofusion.space.session} in space.conf says what each means. */
public record SessionLimits(
        int sessionsMax,
        int frameBytesMax,
        int spacesMax,
        int pushesInFlightMax,
        long creditBytes,
        long unsentBytesMax,
        Duration helloTimeout,
        Duration heartbeat,
        Duration idleTimeout,
        Duration closeTimeout,
        Duration replyTimeout,
        Duration slowAfter,
        Duration slowRetry,
        Duration seenInterval,
        Duration presenceInterval,
        Duration tokenRecheck,
        Duration tick) {

    public static SessionLimits of(Config config) {
        Config c = config.getConfig("aerofusion.space.session");
        return new SessionLimits(
                c.getInt("sessions-max"),
                Math.toIntExact(c.getBytes("frame-bytes-max")),
                c.getInt("spaces-max"),
                c.getInt("pushes-in-flight-max"),
                c.getBytes("credit-bytes"),
                c.getBytes("unsent-bytes-max"),
                c.getDuration("hello-timeout"),
                c.getDuration("heartbeat"),
                c.getDuration("idle-timeout"),
                c.getDuration("close-timeout"),
                c.getDuration("reply-timeout"),
                c.getDuration("slow-after"),
                c.getDuration("slow-retry"),
                c.getDuration("seen-interval"),
                c.getDuration("presence-interval"),
                c.getDuration("token-recheck"),
                c.getDuration("tick"));
    }
}
