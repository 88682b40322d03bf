package io.aerofusion.gateway;

/**
 * Every error the data path answers by itself: the status, the side that failed, and a code that is a promise to clients and
 * dashboards, never renamed or reused. Each is counted by {@link GatewayCounters}, beside the codes by which policies and upstreams' limits refuse.
 */
public enum Fault {
    // the client's bytes
    MALFORMED_REQUEST_LINE("malformed-request-line", 400, Side.CLIENT, "The request line cannot be read."),
    BARE_LINE_FEED("bare-line-feed", 400, Side.CLIENT, "A line ends without CR LF, or holds a CR or LF of its own."),
    MALFORMED_HEADER("malformed-header", 400, Side.CLIENT, "A header field has an invalid name or value."),
    FOLDED_HEADER("folded-header", 400, Side.CLIENT, "A header field is continued on a second line."),
    HOST_MISSING("host-missing", 400, Side.CLIENT, "The request names no host."),
    HOST_AMBIGUOUS("host-ambiguous", 400, Side.CLIENT, "The request names more than one host."),
    HOST_INVALID("host-invalid", 400, Side.CLIENT, "The host is not a valid name or address."),
    FRAMING_AMBIGUOUS(
            "framing-ambiguous",
            400,
            Side.CLIENT,
            "The end of the body is stated more than once: by Content-Length and Transfer-Encoding, or by several of"
                    + " them."),
    CONTENT_LENGTH_INVALID("content-length-invalid", 400, Side.CLIENT, "The Content-Length is not a number."),
    CONTENT_LENGTH_MISMATCH(
            "content-length-mismatch", 400, Side.CLIENT, "The body is not as long as its Content-Length."),
    TRANSFER_ENCODING_UNKNOWN(
            "transfer-encoding-unknown", 501, Side.CLIENT, "Only the transfer encoding \"chunked\" is understood."),
    CHUNK_INVALID("chunk-invalid", 400, Side.CLIENT, "The chunked body cannot be read."),
    TRAILER_FORBIDDEN("trailer-forbidden", 400, Side.CLIENT, "A trailer holds a field that must stand in the head."),
    PATH_AMBIGUOUS(
            "path-ambiguous",
            400,
            Side.CLIENT,
            "The path can be read in two ways: encode it plainly, without dot segments."),
    EXPECTATION_UNKNOWN("expectation-unknown", 417, Side.CLIENT, "Only \"Expect: 100-continue\" is understood."),
    METHOD_UNKNOWN("method-unknown", 501, Side.CLIENT, "The method is not supported."),
    PROTOCOL_UNKNOWN(
            "protocol-unknown",
            501,
            Side.CLIENT,
            "Over HTTP/2, CONNECT opens WebSockets only: its :protocol must be \"websocket\"."),
    HTTP2_VIOLATED(
            "http2-violated",
            400,
            Side.CLIENT,
            "The client broke the rules of HTTP/2 or used them to make work; its connection was ended."),
    VERSION_UNKNOWN("version-unknown", 505, Side.CLIENT, "The HTTP version is not supported."),
    URI_TOO_LONG("uri-too-long", 414, Side.CLIENT, "The request target is longer than the limit."),
    HEADERS_TOO_LARGE("headers-too-large", 431, Side.CLIENT, "The header fields are larger than the limit."),
    BODY_TOO_LARGE("body-too-large", 413, Side.CLIENT, "The body is larger than the limit."),
    BODY_NOT_TREATED(
            "body-not-treated",
            400,
            Side.CLIENT,
            "The body cannot be changed as the policy says: it is not the JSON it says it is, or too large."),
    HEAD_TIMEOUT("head-timeout", 408, Side.CLIENT, "The head of the request did not arrive in time."),
    BODY_TIMEOUT("body-timeout", 408, Side.CLIENT, "The body of the request did not arrive in time."),
    MISDIRECTED("misdirected", 421, Side.CLIENT, "This connection was not made for the requested host."),
    CLIENT_GONE("client-gone", 499, Side.CLIENT, "The client closed the connection before the response was complete."),
    // this gateway
    ROUTE_UNKNOWN("route-unknown", 404, Side.GATEWAY, "No route matches this request."),
    NO_BACKEND("no-backend", 500, Side.GATEWAY, "The route has no backend that could answer."),
    DRAINING("draining", 503, Side.GATEWAY, "The gateway is stopping; ask again."),
    OVERLOADED("overloaded", 503, Side.GATEWAY, "The gateway has no room for this request."),
    POLICY_FAILED("policy-failed", 503, Side.GATEWAY, "A policy of this route could not be decided."),
    INTERNAL("internal", 500, Side.GATEWAY, "The gateway failed on this request."),
    // the upstream
    UPSTREAM_UNAVAILABLE("upstream-unavailable", 503, Side.UPSTREAM, "No endpoint of the upstream takes requests."),
    UPSTREAM_CONNECT_FAILED("upstream-connect-failed", 503, Side.UPSTREAM, "The upstream cannot be reached."),
    UPSTREAM_CONNECT_TIMEOUT("upstream-connect-timeout", 504, Side.UPSTREAM, "The upstream did not accept in time."),
    UPSTREAM_TLS_FAILED("upstream-tls-failed", 502, Side.UPSTREAM, "The upstream's identity could not be verified."),
    UPSTREAM_RESET("upstream-reset", 502, Side.UPSTREAM, "The upstream closed the connection before it answered."),
    UPSTREAM_TIMEOUT("upstream-timeout", 504, Side.UPSTREAM, "The upstream did not answer in time."),
    UPSTREAM_UPGRADE_UNSUPPORTED(
            "upstream-upgrade-unsupported",
            501,
            Side.UPSTREAM,
            "The upstream speaks HTTP/2 and takes no WebSockets over it: it does not announce extended CONNECT."),
    RESPONSE_NOT_TREATED(
            "response-not-treated",
            502,
            Side.UPSTREAM,
            "The upstream's response cannot be changed as the policy says."),
    UPSTREAM_MALFORMED("upstream-malformed", 502, Side.UPSTREAM, "The upstream's response cannot be read.");

    /** Which side of the gateway failed. */
    public enum Side {
        CLIENT("client"),
        GATEWAY("gateway"),
        UPSTREAM("upstream");

        private final String text;

        Side(String text) {
            this.text = text;
        }

        /** As it stands in the problem's member {@code side}. */
        public String text() {
            return text;
        }
    }

    private final String code;
    private final int status;
    private final Side side;
    private final String detail;

    Fault(String code, int status, Side side, String detail) {
        this.code = code;
        this.status = status;
        this.side = side;
        this.detail = detail;
    }

    /** The stable code. */
    public String code() {
        return code;
    }

    public int status() {
        return status;
    }

    public Side side() {
        return side;
    }

    /** A sentence for the caller. */
    public String detail() {
        return detail;
    }
}
