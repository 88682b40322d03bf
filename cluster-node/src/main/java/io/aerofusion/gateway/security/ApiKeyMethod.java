package io.aerofusion.gateway.security;

import io.aerofusion.gateway.RequestView;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A key in a header or a query parameter, known by its SHA-256. */
final class ApiKeyMethod implements AuthMethod {
    /** The longest key that is looked at, in characters. */
    static final int LENGTH_MAX = 512;

    private final List<String> headers;
    private final List<String> parameters;
    private final Consumers consumers;
    private final InstantSource clock;

    ApiKeyMethod(List<String> headers, List<String> parameters, Consumers consumers, InstantSource clock) {
        this.headers = headers.stream().map(AuthMethod::lower).toList();
        this.parameters = List.copyOf(parameters);
        this.consumers = consumers;
        this.clock = clock;
    }

    @Override
    public Answer check(RequestView request) {
        String key = find(request);
        if (key == null) {
            return Answer.ABSENT;
        }
        if (key.isEmpty() || key.length() > LENGTH_MAX) {
            return new Answer.Refused(Refusal.UNKNOWN);
        }
        Consumers.ByKey found = consumers.byKey(Consumers.sha256(key));
        if (found == null || found.disabled()) {
            return new Answer.Refused(Refusal.UNKNOWN);
        }
        return clock.millis() < found.expiresAt() ? found.accepted() : new Answer.Refused(Refusal.EXPIRED);
    }

    private @Nullable String find(RequestView request) {
        for (String header : headers) {
            String value = request.header(header);
            if (value != null) {
                return value;
            }
        }
        for (String parameter : parameters) {
            String value = parameter(request.query(), parameter);
            if (value != null) {
                return value;
            }
        }
        return null;
    }

    /** The first value of a query parameter, decoded; null when it is absent, empty when it cannot be decoded. */
    static @Nullable String parameter(String query, String name) {
        int from = 0;
        while (from <= query.length()) {
            int and = query.indexOf('&', from);
            int to = and < 0 ? query.length() : and;
            if (to - from > name.length()
                    && query.startsWith(name, from)
                    && query.charAt(from + name.length()) == '=') {
                try {
                    return URLDecoder.decode(query.substring(from + name.length() + 1, to), StandardCharsets.UTF_8);
                } catch (IllegalArgumentException undecodable) {
                    return "";
                }
            }
            if (and < 0) {
                return null;
            }
            from = and + 1;
        }
        return null;
    }

    @Override
    public String challenge(@Nullable Refusal refusal) {
        return "ApiKey realm=\"gateway\"";
    }

    @Override
    public boolean canWait() {
        return false;
    }
}
