package io.aerofusion.platform;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.typesafe.config.Config;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/**
 * The API server of the Kubernetes cluster that a node runs in, asked with the service account of its pod. Token, authority and namespace
 * are read anew for every question, for Kubernetes renews them while the node runs. What fails says in one sentence why.
 */
final class KubernetesApi implements AutoCloseable {
    /** The longest answer that is read; a longer one fails. A pod takes some 10 KiB of it. */
    static final int ANSWER_BYTES_MAX = 16 * 1024 * 1024;

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path authority;
    private final Path token;
    private final Path namespaceFile;
    private final String namespace;
    private final String host;
    private final String port;
    private @Nullable Trusting trusting;

    /** A client that trusts the certificates of a file that was like this. */
    private record Trusting(String pem, HttpClient client) {}

    /** @param settings {@code akka.discovery.kubernetes-api} */
    KubernetesApi(Config settings) {
        authority = Path.of(settings.getString("api-ca-path"));
        token = Path.of(settings.getString("api-token-path"));
        namespaceFile = Path.of(settings.getString("pod-namespace-path"));
        String named = settings.getString("pod-namespace");
        namespace = named.equals("<pod-namespace>") ? "" : named; // Akka's word for nothing
        host = place(settings, "host");
        port = place(settings, "port");
    }

    /** What is set, else what Kubernetes says in a variable of every container. */
    private static String place(Config settings, String part) {
        String set = settings.getString("api-service-" + part);
        String variable = settings.getString("api-service-" + part + "-env-name");
        String told = set.isEmpty() ? System.getenv(variable) : set;
        if (told == null || told.isEmpty()) {
            throw new IllegalStateException("No Kubernetes API server is known: the variable " + variable
                    + " is not set, as it is in a pod, nor is api-service-" + part);
        }
        return told;
    }

    /** The namespace whose pods are asked for. */
    String namespace() {
        if (!namespace.isEmpty()) {
            return namespace;
        }
        return Files.exists(namespaceFile) ? read(namespaceFile, "namespace") : "default";
    }

    /** The pods of the namespace that have these labels, as a PodList. Reads files: for a thread that may block. */
    CompletionStage<JsonNode> pods(String namespace, String labelSelector, Duration limit) {
        URI uri = URI.create("https://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + port
                + "/api/v1/namespaces/" + encoded(namespace) + "/pods?labelSelector=" + encoded(labelSelector));
        HttpRequest request = HttpRequest.newBuilder(uri)
                .header("Authorization", "Bearer " + read(token, "token"))
                .header("Accept", "application/json")
                .timeout(limit)
                .build();
        CompletableFuture<HttpResponse<byte[]>> asked =
                client().sendAsync(request, BodyHandlers.limiting(BodyHandlers.ofByteArray(), ANSWER_BYTES_MAX));
        return asked.copy()
                .orTimeout(limit.toMillis(), TimeUnit.MILLISECONDS) // the body, too
                .whenComplete(
                        (answer, failure) -> asked.cancel(true)) // an answer that still comes holds its connection
                .handle((answer, failure) -> {
                    if (failure != null) {
                        Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
                        throw new IllegalStateException(
                                "The Kubernetes API server " + uri.getAuthority() + " does not answer (" + cause + ")",
                                cause);
                    }
                    return list(answer, namespace);
                });
    }

    private JsonNode list(HttpResponse<byte[]> answer, String namespace) {
        JsonNode body = json(answer.body());
        return switch (answer.statusCode()) {
            case 200 -> body;
            case 401 -> throw refused(answer, body, "refuses the token in " + token);
            case 403 ->
                throw refused(
                        answer,
                        body,
                        "does not let the token in " + token + " list the pods of " + namespace
                                + "; its account needs a Role with the verb list for pods there");
            default -> throw refused(answer, body, "does not list the pods of " + namespace);
        };
    }

    private static IllegalStateException refused(HttpResponse<byte[]> answer, JsonNode body, String what) {
        String said = body.path("message").asText(); // of a Status
        return new IllegalStateException("The Kubernetes API server "
                + answer.uri().getAuthority() + " " + what + " (" + answer.statusCode()
                + (said.isEmpty() ? "" : ": " + said) + ")");
    }

    private static JsonNode json(byte[] body) {
        try {
            return JSON.readTree(body);
        } catch (IOException e) { // a proxy's page, perhaps: the status says it all
            return JSON.missingNode();
        }
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    private static String read(Path file, String what) {
        try {
            return Files.readString(file).strip();
        } catch (IOException e) {
            throw new IllegalStateException("The " + what + " of the service account cannot be read (" + e + ")", e);
        }
    }

    private synchronized HttpClient client() {
        try {
            String pem = Files.readString(authority);
            Trusting last = trusting;
            if (last != null && last.pem.equals(pem)) {
                return last.client;
            }
            Trusting next = new Trusting(
                    pem, HttpClient.newBuilder().sslContext(trusting(pem)).build());
            trusting = next;
            if (last != null) {
                last.client.shutdown(); // what is under way ends
            }
            return next.client;
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalStateException(
                    "The authority of the Kubernetes API server cannot be read from " + authority + " (" + e + ")", e);
        }
    }

    private static SSLContext trusting(String pem) throws IOException, GeneralSecurityException {
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        int count = 0;
        for (Certificate one : CertificateFactory.getInstance("X.509")
                .generateCertificates(new ByteArrayInputStream(pem.getBytes(StandardCharsets.UTF_8)))) {
            trusted.setCertificateEntry("authority-" + count++, one);
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }

    @Override
    public synchronized void close() {
        if (trusting != null) {
            trusting.client.shutdownNow();
        }
    }
}
