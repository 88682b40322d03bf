package io.aerofusion.gateway.http1;

import java.util.Set;

/** Which fields may stand where. */
public final class Fields {
    /** What a Connection field cannot name away: the message or its security would change (RFC 9110, 7.6.1). */
    static final Set<String> END_TO_END = Set.of(
            "",
            "host",
            "content-length",
            "transfer-encoding",
            "content-type",
            "content-encoding",
            "authorization",
            "cookie",
            "set-cookie",
            "cache-control",
            "date",
            "via",
            "forwarded",
            "x-forwarded-for",
            "x-forwarded-proto",
            "x-forwarded-host",
            "x-forwarded-port",
            "x-real-ip",
            "x-request-id",
            "traceparent",
            "connection",
            "upgrade");

    /** What must not stand in trailers, since it changes framing, routing, authentication or the body (RFC 9110, 6.5.1). */
    private static final Set<String> NO_TRAILER = Set.of(
            "transfer-encoding",
            "content-length",
            "content-encoding",
            "content-type",
            "content-range",
            "host",
            "connection",
            "keep-alive",
            "proxy-connection",
            "upgrade",
            "te",
            "trailer",
            "expect",
            "max-forwards",
            "range",
            "authorization",
            "proxy-authorization",
            "www-authenticate",
            "cookie",
            "set-cookie",
            "cache-control",
            "forwarded",
            "x-forwarded-for",
            "x-forwarded-proto",
            "x-forwarded-host",
            "x-forwarded-port",
            "x-real-ip",
            "traceparent");

    private Fields() {}

    /** Whether this field may stand in trailers. */
    public static boolean mayTrail(String lowerCaseName) {
        return !NO_TRAILER.contains(lowerCaseName);
    }
}
