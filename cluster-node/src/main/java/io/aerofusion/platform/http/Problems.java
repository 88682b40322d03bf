package io.aerofusion.platform.http;

import akka.http.javadsl.model.ContentType;
import akka.http.javadsl.model.HttpEntities;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.MediaTypes;
import akka.http.javadsl.model.StatusCodes;
import akka.http.javadsl.model.headers.RawHeader;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.aerofusion.platform.ErrorCode;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * Writes errors as {@code application/problem+json} (RFC 9457). The members {@code code}, {@code retryable} and {@code next}
 * come from {@link ErrorCode} and are stable; {@code detail} is for people.
 */
public final class Problems {
    static final String MEDIA_TYPE = "application/problem+json";

    private static final ContentType CONTENT_TYPE =
            MediaTypes.customBinary("application", "problem+json", false).toContentType();
    /** What a caller is told to wait before it repeats a request, in seconds. */
    private static final String RETRY_AFTER_SECONDS = "1";

    private Problems() {}

    /**
     * The response.
     *
     * @param requestId shown to the caller, so that a report can be found in the log; "" for none
     */
    public static HttpResponse response(ErrorCode code, String detail, String requestId) {
        return response(code, body(code, detail, requestId));
    }

    /** A problem with members of its own. */
    static HttpResponse response(ErrorCode code, ObjectNode problem) {
        HttpResponse response = HttpResponse.create()
                .withStatus(StatusCodes.get(code.status()))
                .withEntity(HttpEntities.create(CONTENT_TYPE, problem.toString().getBytes(StandardCharsets.UTF_8)));
        return switch (code) {
            case RATE_LIMITED, UNAVAILABLE, AUTHENTICATION_UNAVAILABLE ->
                response.addHeader(RawHeader.create("Retry-After", RETRY_AFTER_SECONDS));
            case UNAUTHENTICATED -> response.addHeader(RawHeader.create("WWW-Authenticate", "Bearer"));
            default -> response;
        };
    }

    /** The problem document. */
    public static ObjectNode body(ErrorCode code, String detail, String requestId) {
        ObjectNode problem = JsonNodeFactory.instance
                .objectNode()
                .put("type", "/docs#" + anchor(code))
                .put("title", code.title())
                .put("status", code.status())
                .put("code", code.code())
                .put("detail", detail)
                .put("next", code.next())
                .put("retryable", code.retryable());
        if (!requestId.isEmpty()) {
            problem.put("requestId", requestId);
        }
        return problem;
    }

    /** Where {@code /docs} explains the code. */
    static String anchor(ErrorCode code) {
        return "error-" + code.code().toLowerCase(Locale.ROOT);
    }
}
