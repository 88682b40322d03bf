package io.aerofusion.gateway.routing;

import io.aerofusion.gateway.Headers;
import io.aerofusion.gateway.TestRequest;
import java.util.Locale;

/** A request as routing sees it. */
record Asked(String method, String host, String rawTarget, Headers fields) implements TestRequest {
    static Asked get(String host, String target, String... headers) {
        return new Asked("GET", host, target, Headers.of(headers));
    }

    static Asked of(String method, String host, String target, String... headers) {
        return new Asked(method, host, target, Headers.of(headers));
    }

    String rawPath() {
        int question = rawTarget.indexOf('?');
        return question < 0 ? rawTarget : rawTarget.substring(0, question);
    }

    @Override
    public String host() {
        int colon = host.indexOf(':');
        return (colon < 0 ? host : host.substring(0, colon)).toLowerCase(Locale.ROOT);
    }

    @Override
    public String path() {
        return NormalPath.of(rawPath()).path();
    }
}
