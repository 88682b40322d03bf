package io.aerofusion.platform.http;

import akka.http.javadsl.model.HttpRequest;
import com.fasterxml.jackson.databind.JsonNode;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.security.Principal;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A request that reached an endpoint.
 *
 * @param path values of the path's template
 * @param principal who asks; null on public endpoints only
 * @param until when the caller's token ends by itself, in milliseconds of the epoch; {@link Long#MAX_VALUE} when nobody knows
 * @param body parsed JSON; null when the endpoint takes none
 * @param id the request's id, as in {@code X-Request-Id}
 */
public record ApiRequest(
        HttpRequest http,
        Map<String, String> path,
        @Nullable Principal principal,
        long until,
        @Nullable JsonNode body,
        String id) {

    /** Whether it only reads (RFC 9110, 9.2.1), so that it may be carried out more than once. */
    public boolean safe() {
        return http.method().isSafe();
    }

    public String path(String name) {
        String value = path.get(name);
        if (value == null) {
            throw new IllegalArgumentException("the path has no {" + name + "}");
        }
        return value;
    }

    public Optional<String> query(String name) {
        return http.getUri().query().get(name);
    }

    /** A parameter that is a time (RFC 3339), in ms since the epoch. @throws ProblemException when it is none */
    public Optional<Long> time(String name) {
        return query(name).map(text -> {
            try {
                return Instant.parse(text).toEpochMilli();
            } catch (DateTimeParseException | ArithmeticException notATime) {
                throw new ProblemException(
                        ErrorCode.INVALID_REQUEST, name + " is a time such as 2026-11-21T08:00:00Z.");
            }
        });
    }

    public Optional<String> header(String name) {
        return http.getHeader(name).map(akka.http.javadsl.model.HttpHeader::value);
    }

    /** The caller. @throws ProblemException when there is none */
    public Principal caller() {
        if (principal == null) {
            throw new ProblemException(ErrorCode.UNAUTHENTICATED, "This needs a token.");
        }
        return principal;
    }

    /** The JSON body. @throws ProblemException when there is none */
    public JsonNode json() {
        if (body == null) {
            throw new ProblemException(ErrorCode.MALFORMED_JSON, "The request needs a JSON body.");
        }
        return body;
    }
}
