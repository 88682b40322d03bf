package io.aerofusion.gateway.security;

import java.net.URI;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** How documents of issuers are got: bounded in time and size, never on an event loop. The stage fails when there is no answer. */
@FunctionalInterface
public interface Fetch {
    /** Sends a GET, or a POST of a form when there is one. */
    CompletionStage<Response> send(URI uri, Map<String, String> headers, @Nullable String form);

    /** A whole answer. */
    @SuppressWarnings("ArrayRecordComponent") // a carrier; nothing compares it
    record Response(int status, byte[] body) {}
}
