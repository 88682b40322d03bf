package io.aerofusion.gateway.routing;

import io.aerofusion.gateway.Headers;
import io.aerofusion.gateway.RequestView;
import io.aerofusion.route.NamedValue;
import java.net.InetAddress;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A request that nobody sent: what the gateway would do with it is asked.
 *
 * @param target path and query as a client would send them
 */
public record Question(String method, String host, String target, List<NamedValue> headers, InetAddress clientAddress)
        implements RequestView {
    public Question {
        headers = headers.stream()
                .map(header -> new NamedValue(header.name().toLowerCase(Locale.ROOT), header.value()))
                .toList();
    }

    @Override
    public String host() {
        boolean literal = host.startsWith("[");
        int end = literal ? host.indexOf(']') + 1 : host.indexOf(':');
        return (end <= 0 ? host : host.substring(0, end)).toLowerCase(Locale.ROOT);
    }

    /** The path in its normal form. */
    NormalPath normal() {
        int question = target.indexOf('?');
        return NormalPath.of(question < 0 ? target : target.substring(0, question));
    }

    @Override
    public String path() {
        return normal().path();
    }

    @Override
    public String rawTarget() {
        return target;
    }

    @Override
    public String query() {
        int question = target.indexOf('?');
        return question < 0 ? "" : target.substring(question + 1);
    }

    @Override
    public @Nullable String header(String lowerCaseName) {
        List<String> all = headers(lowerCaseName);
        return all.isEmpty() ? null : all.getFirst();
    }

    @Override
    public List<String> headers(String lowerCaseName) {
        return headers.stream()
                .filter(header -> header.name().equals(lowerCaseName))
                .map(NamedValue::value)
                .toList();
    }

    @Override
    public @Nullable X509Certificate clientCertificate() {
        return null;
    }

    @Override
    public String routeName() {
        return "";
    }

    /** The headers of the answer if the request is a preflight that this answers. */
    @Nullable Headers preflight(@Nullable Cors cors) {
        return cors == null ? null : cors.preflight(this);
    }
}
