package io.aerofusion.gateway.security;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Gets documents of issuers with the JDK's HTTP client, on its own threads. Follows no redirects: the configured address is the one trusted. */
public final class HttpFetch implements Fetch, AutoCloseable {
    /** The longest answer that is read; a longer one fails. */
    public static final int BODY_BYTES_MAX = 512 * 1024;
    /** How long connecting may take. */
    public static final Duration CONNECT_MAX = Duration.ofSeconds(2);
    /** How long the whole exchange may take. */
    public static final Duration ANSWER_MAX = Duration.ofSeconds(5);

    private @Nullable HttpClient client;

    /** The client is made when the first issuer is asked: it loads all trusted certificates, which a start should not wait for. */
    private synchronized HttpClient client() {
        HttpClient made = client;
        if (made == null) {
            made = HttpClient.newBuilder()
                    .connectTimeout(CONNECT_MAX)
                    .followRedirects(HttpClient.Redirect.NEVER)
                    .build();
            client = made;
        }
        return made;
    }

    @Override
    public CompletionStage<Response> send(URI uri, Map<String, String> headers, @Nullable String form) {
        try {
            HttpRequest.Builder request = HttpRequest.newBuilder(uri).timeout(ANSWER_MAX);
            headers.forEach(request::header);
            if (form != null) {
                request.header("content-type", "application/x-www-form-urlencoded")
                        .POST(BodyPublishers.ofString(form));
            }
            // orTimeout bounds the body too; the request's own timeout ends with the response's head.
            return client().sendAsync(
                            request.build(), BodyHandlers.limiting(BodyHandlers.ofByteArray(), BODY_BYTES_MAX))
                    .thenApply(answer -> new Response(answer.statusCode(), answer.body()))
                    .orTimeout(ANSWER_MAX.toMillis(), java.util.concurrent.TimeUnit.MILLISECONDS);
        } catch (IllegalArgumentException unusable) {
            return CompletableFuture.failedFuture(unusable);
        }
    }

    @Override
    public synchronized void close() {
        if (client != null) {
            client.shutdownNow();
        }
    }
}
