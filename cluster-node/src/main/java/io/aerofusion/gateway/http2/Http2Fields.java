package io.aerofusion.gateway.http2;

import io.aerofusion.gateway.Headers;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import java.util.List;
import java.util.Map;

/** Field lines between their HTTP/2 form and ours. */
final class Http2Fields {
    /** What belongs to one HTTP/1.1 connection and is malformed in HTTP/2 (RFC 9113, 8.2.2). */
    private static final List<String> CONNECTION_FIELDS =
            List.of("connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade");

    private Http2Fields() {}

    /** Adds all but the pseudo fields; false if one is malformed. */
    static boolean read(Http2Headers from, Headers to) {
        for (Map.Entry<CharSequence, CharSequence> field : from) {
            CharSequence name = field.getKey();
            CharSequence value = field.getValue();
            if (name.length() == 0) return false;
            if (name.charAt(0) == ':') continue;
            if (blank(value, 0) || blank(value, value.length() - 1)) return false;
            for (int i = 0; i < name.length(); i++) if (name.charAt(i) >= 'A' && name.charAt(i) <= 'Z') return false;
            try {
                to.add(name, value);
            } catch (IllegalArgumentException malformed) {
                return false;
            }
        }
        for (String field : CONNECTION_FIELDS) if (to.contains(field)) return false;
        return true;
    }

    private static boolean blank(CharSequence value, int at) {
        return at >= 0 && at < value.length() && (value.charAt(at) == ' ' || value.charAt(at) == '\t');
    }

    /** The fields of a head or of trailers, without those of a connection. */
    static Http2Headers write(Headers from) {
        var to = new DefaultHttp2Headers(false, from.size() + 4);
        for (int entry = from.next(0); entry >= 0; entry = from.next(entry + 1)) {
            AsciiString name = from.lowerCaseAscii(entry);
            if (name.contentEquals("host") || name.contentEquals("te")) continue;
            to.add(name, from.valueAscii(entry));
        }
        for (String field : CONNECTION_FIELDS) to.remove(field);
        return to;
    }
}
