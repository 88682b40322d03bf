package io.aerofusion.platform.http;

import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.http.scaladsl.model.EntityStreamSizeException;
import akka.stream.Materializer;
import com.fasterxml.jackson.databind.JsonNode;
import io.aerofusion.platform.ErrorCode;
import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;

/**
 * Receives JSON bodies within bounds: of one body, of the time it may take, and of all bodies together. A body counts with its
 * declared length (or the maximum, when it declares none) from its first byte until its request is answered.
 */
final class RequestBodies {
    private final HttpSettings settings;
    private final Materializer materializer;
    private final AtomicLong inFlight = new AtomicLong();

    RequestBodies(HttpSettings settings, Materializer materializer) {
        this.settings = settings;
        this.materializer = materializer;
    }

    /** Reads the body and hands it on. Fails with a {@link ProblemException} for everything the caller did wrong. */
    CompletionStage<HttpResponse> read(
            HttpRequest request, Endpoint.Media media, Function<JsonNode, CompletionStage<HttpResponse>> next) {
        boolean yaml = media == Endpoint.Media.JSON_OR_YAML && YamlBody.MEDIA_TYPES.contains(mediaType(request));
        long bytes;
        try {
            bytes = admit(request, yaml);
        } catch (ProblemException e) {
            discard(request);
            throw e;
        }
        CompletionStage<HttpResponse> response;
        try {
            response = request.entity()
                    .toStrict(settings.bodyTimeout().toMillis(), settings.bodyBytesMax(), materializer)
                    .handle((entity, failure) -> {
                        if (failure != null) {
                            throw told(failure);
                        }
                        ByteBuffer bytesOfBody = entity.getData().asByteBuffer();
                        return yaml ? YamlBody.parse(bytesOfBody) : JsonBody.parse(bytesOfBody);
                    })
                    .thenCompose(next);
        } catch (RuntimeException e) {
            response = CompletableFuture.failedFuture(e);
        }
        return response.whenComplete((answer, failure) -> inFlight.addAndGet(-bytes));
    }

    /** What nobody reads must be drained, or the connection stalls; the parser's size limit bounds it. */
    void discard(HttpRequest request) {
        if (!request.entity().isStrict()) {
            request.discardEntityBytes(materializer);
        }
    }

    /** Reserves room for the body, before its first byte is read. */
    private long admit(HttpRequest request, boolean yaml) {
        if (!yaml) {
            requireJson(request);
        }
        requirePlain(request);
        OptionalLong declared = request.entity().getContentLengthOption();
        if (declared.orElse(0) > settings.bodyBytesMax()) {
            throw tooLarge();
        }
        long bytes = declared.orElse(settings.bodyBytesMax());
        if (inFlight.addAndGet(bytes) > settings.bodiesInFlightBytesMax()) {
            inFlight.addAndGet(-bytes);
            throw new ProblemException(ErrorCode.UNAVAILABLE, "Too many bodies are being received.");
        }
        return bytes;
    }

    private static String mediaType(HttpRequest request) {
        String type = request.entity().getContentType().toString().toLowerCase(Locale.ROOT);
        int parameters = type.indexOf(';');
        return (parameters < 0 ? type : type.substring(0, parameters)).strip();
    }

    private static void requireJson(HttpRequest request) {
        String media = mediaType(request);
        boolean json =
                media.equals("application/json") || (media.startsWith("application/") && media.endsWith("+json"));
        if (!json) {
            throw new ProblemException(ErrorCode.UNSUPPORTED_MEDIA_TYPE, "The body must be application/json in UTF-8.");
        }
    }

    private static void requirePlain(HttpRequest request) {
        String encoding = request.getHeader("Content-Encoding")
                .map(header -> header.value().toLowerCase(Locale.ROOT))
                .orElse("identity");
        if (!encoding.equals("identity")) {
            throw new ProblemException(ErrorCode.UNSUPPORTED_MEDIA_TYPE, "Send the body without Content-Encoding.");
        }
    }

    private RuntimeException told(Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        if (cause instanceof EntityStreamSizeException) {
            return tooLarge();
        }
        if (cause instanceof TimeoutException) {
            return new ProblemException(
                    ErrorCode.REQUEST_TIMEOUT,
                    "The body did not arrive within " + settings.bodyTimeout().toSeconds() + " s.");
        }
        // The connection broke while the body was on its way: nobody is left to read the answer.
        return new ProblemException(ErrorCode.INVALID_REQUEST, "The body broke off.");
    }

    private ProblemException tooLarge() {
        return new ProblemException(ErrorCode.BODY_TOO_LARGE, "A body may have " + settings.bodyBytesMax() + " bytes.");
    }
}
