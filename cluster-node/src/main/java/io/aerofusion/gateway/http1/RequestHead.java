package io.aerofusion.gateway.http1;

import io.aerofusion.gateway.Exchange;
import io.aerofusion.gateway.Fault;
import io.aerofusion.gateway.Forwarding;
import io.aerofusion.gateway.Headers;
import io.aerofusion.gateway.tls.ServerTls.Session;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Turns a parsed HTTP/1.x head into the request of an exchange: the target in its forms, the one host, and the fields that
 * tell the upstream who asked. One per connection, whose facts it holds.
 */
public final class RequestHead {
    private final String scheme;
    private final InetAddress peer;
    private final boolean trusted;
    private final @Nullable Session session;
    private final Headers forwarded;
    private final boolean forwardedField;
    private String lastAuthority = "";
    private String lastHost = "";

    /**
     * @param session what is known of the TLS connection; null for plain ones
     * @param trusted whether the peer's own statements of who asked are believed
     * @param forwardedField whether {@code Forwarded} is sent too
     */
    public RequestHead(InetSocketAddress peer, boolean trusted, @Nullable Session session, boolean forwardedField) {
        this.forwardedField = forwardedField;
        this.scheme = session == null ? "http" : "https";
        this.peer = peer.getAddress();
        this.trusted = trusted;
        this.session = session;
        this.forwarded = Headers.of("x-forwarded-for", this.peer.getHostAddress(), "x-forwarded-proto", scheme);
    }

    /** Whether the connection speaks TLS. */
    boolean secure() {
        return session != null;
    }

    /** Fills in the request; null if it is right. */
    @Nullable Fault fill(Head head, Exchange x) {
        Headers fields = x.request;
        x.method = head.method();
        x.scheme = scheme;
        x.session = session;
        // without the first line and the empty one
        x.fieldBytes = fields.filled() - head.targetStart() - head.targetLength() - " HTTP/1.1\r\n\r\n".length();
        String authority = head.host() < 0 ? "" : fields.value(head.host());
        Fault fault = target(head, x, authority);
        if (fault != null) return fault;
        fault = host(x.authority, x);
        if (fault != null) return fault;
        x.requestLength = head.chunked() ? -1 : Math.max(0, head.contentLength());
        if (head.expectation()) {
            String expected = fields.get("expect");
            if (expected == null || !expected.equalsIgnoreCase("100-continue")) return Fault.EXPECTATION_UNKNOWN;
            if (head.minorVersion() == 0 || x.requestLength == 0) fields.remove("expect");
        }
        x.acceptsTrailers = fields.containsToken("te", "trailers");
        String upgrade = x.requestLength == 0 ? head.upgrade(fields) : null;
        x.upgrade = upgrade == null
                        || !token(upgrade)
                        || upgrade.toLowerCase(Locale.ROOT).startsWith("h2c")
                ? null
                : upgrade;
        head.dropHopByHop(fields);
        x.protocol = head.minorVersion() == 0 ? "HTTP/1.0" : "HTTP/1.1";
        forward(x, head.minorVersion() == 0 ? "1.0 aerofusion" : "1.1 aerofusion");
        return null;
    }

    /**
     * Fills in what a request that did not come as HTTP/1.x still lacks; its method, authority, fields and length are set.
     *
     * @return null if it is right
     */
    public @Nullable Fault fill(Exchange x, String target) {
        x.scheme = scheme;
        x.session = session;
        boolean asterisk = target.equals("*") && x.method.equals("OPTIONS");
        if (!asterisk && (target.isEmpty() || target.charAt(0) != '/' || !Head.isTarget(target)))
            return Fault.MALFORMED_REQUEST_LINE;
        for (int i = 0; i < x.method.length(); i++)
            if (x.method.charAt(i) > 127 || !Headers.isToken((byte) x.method.charAt(i)))
                return Fault.MALFORMED_REQUEST_LINE;
        if (x.method.isEmpty()) return Fault.MALFORMED_REQUEST_LINE;
        if (x.method.equals("CONNECT") || x.method.length() > Head.METHOD_BYTES_MAX) return Fault.METHOD_UNKNOWN;
        target(x, target);
        Fault fault = host(x.authority, x);
        if (fault != null) return fault;
        if (x.host.isEmpty()) return Fault.HOST_MISSING;
        String expected = x.request.get("expect");
        if (expected != null && !expected.equalsIgnoreCase("100-continue")) return Fault.EXPECTATION_UNKNOWN;
        x.protocol = "HTTP/2";
        forward(x, "2.0 aerofusion");
        return null;
    }

    private static void target(Exchange x, String target) {
        x.rawTarget = target;
        int question = target.indexOf('?');
        x.path = question < 0 ? target : target.substring(0, question);
        x.query = question < 0 ? "" : target.substring(question + 1);
    }

    private static @Nullable Fault target(Head head, Exchange x, String host) {
        byte[] bytes = x.request.bytes();
        String target = new String(bytes, head.targetStart(), head.targetLength(), StandardCharsets.US_ASCII);
        x.authority = host;
        if (x.method.equals("CONNECT")) return Fault.METHOD_UNKNOWN;
        if (target.charAt(0) != '/') {
            if (target.equals("*")) {
                if (!x.method.equals("OPTIONS")) return Fault.MALFORMED_REQUEST_LINE;
            } else {
                int start = target.regionMatches(true, 0, "http://", 0, 7)
                        ? 7
                        : target.regionMatches(true, 0, "https://", 0, 8) ? 8 : -1;
                if (start < 0) return Fault.MALFORMED_REQUEST_LINE;
                int end = start;
                while (end < target.length() && target.charAt(end) != '/' && target.charAt(end) != '?') end++;
                String named = target.substring(start, end);
                // the target's authority replaces Host (RFC 9112, 3.2.2); two different ones are somebody's trick
                if (head.host() >= 0 && !named.equalsIgnoreCase(host)) return Fault.HOST_AMBIGUOUS;
                x.authority = named;
                if (head.host() < 0) x.request.add("host", named);
                target = end < target.length() && target.charAt(end) == '/'
                        ? target.substring(end)
                        : "/" + target.substring(end);
            }
        }
        target(x, target);
        return null;
    }

    /** The host without port and in lower case; a host that is neither name nor address is refused. */
    private @Nullable Fault host(String authority, Exchange x) {
        if (!authority.equals(lastAuthority)) {
            String host = hostOf(authority);
            if (host == null) return Fault.HOST_INVALID;
            lastAuthority = authority;
            lastHost = host;
        }
        x.host = lastHost;
        return null;
    }

    /** The host of an authority, or null if it is not valid. */
    public static @Nullable String hostOf(String authority) {
        int length = authority.length();
        int end = length;
        int colon = authority.lastIndexOf(':');
        boolean literal = length > 0 && authority.charAt(0) == '[';
        if (literal) {
            end = authority.indexOf(']') + 1;
            if (end == 0) return null;
            if (end < length && colon != end) return null;
            for (int i = 1; i < end - 1; i++)
                if (Character.digit(authority.charAt(i), 16) < 0 && ":.".indexOf(authority.charAt(i)) < 0) return null;
        } else {
            if (colon >= 0) end = colon;
            for (int i = 0; i < end; i++) {
                char c = authority.charAt(i);
                boolean name = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
                if (!name && c != '-' && c != '.' && c != '_') return null;
            }
        }
        for (int i = end + 1; i < length; i++) if (authority.charAt(i) < '0' || authority.charAt(i) > '9') return null;
        if (length - end > 6) return null;
        if (end == 0 && length > 0) return null;
        // a name's final dot names the same host
        int nameEnd = end > 1 && authority.charAt(end - 1) == '.' ? end - 1 : end;
        return authority.substring(0, nameEnd).toLowerCase(Locale.ROOT);
    }

    private void forward(Exchange x, String via) {
        Headers fields = x.request;
        x.clientAddress = peer;
        if (trusted) {
            Forwarding.believe(x, peer);
        } else {
            Forwarding.forget(fields);
            fields.addAll(forwarded);
            if (!x.authority.isEmpty()) fields.add("x-forwarded-host", x.authority);
        }
        if (forwardedField) Forwarding.tell(x, peer);
        fields.add("via", via);
    }

    private static boolean token(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c > 127 || (!Headers.isToken((byte) c) && c != '/')) return false;
        }
        return !text.isEmpty();
    }
}
