package io.aerofusion.gateway;

import java.net.InetAddress;
import java.security.cert.X509Certificate;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What policies may read of a request: valid only until the verdict on it is given, and only on the thread that asks for
 * it, since the engine uses the object behind it for the next request. A step that decides later copies what it needs.
 */
public interface RequestView {
    /** The method, upper case as sent ({@code GET}). */
    String method();

    /** The host without port, lower case; empty where HTTP/1.0 sent none. */
    String host();

    /** The one normalised path that matching and authorization use: decoded, without dot segments, without query. */
    String path();

    /** The target as it was sent, path and query. */
    String rawTarget();

    /** The raw query without its question mark; empty if there is none. */
    String query();

    /** The first value of this header, or null; the name in lower case. */
    @Nullable String header(String lowerCaseName);

    /** Every value of this header in the order they were sent, one per field line; empty if there is none. */
    List<String> headers(String lowerCaseName);

    /** The address at the other end of the connection, or the one a trusted proxy named. */
    InetAddress clientAddress();

    /** The certificate the client proved to hold, or null. */
    @Nullable X509Certificate clientCertificate();

    /** The name of the matched route; empty before matching. */
    String routeName();
}
