package io.aerofusion.gateway.routing;

import io.aerofusion.gateway.Headers;
import io.aerofusion.gateway.TestRequest;

/** A request without headers, whose parts are ready. */
record Fixed(String host, String path, String query) implements TestRequest {
    private static final Headers NONE = new Headers();

    @Override
    public Headers fields() {
        return NONE;
    }

    @Override
    public String rawTarget() {
        return path;
    }
}
