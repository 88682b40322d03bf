package io.aerofusion.platform.http;

import akka.event.LoggingAdapter;
import akka.http.ParsingErrorHandler;
import akka.http.javadsl.model.HttpResponse;
import akka.http.scaladsl.model.ErrorInfo;
import akka.http.scaladsl.model.StatusCode;
import akka.http.scaladsl.settings.ServerSettings;
import io.aerofusion.platform.ErrorCode;

/**
 * Answers what the HTTP parser could not read, in the form of every other error. Named in the configuration
 * ({@code akka.http.server.parsing.error-handler}). Nothing of the request is repeated or logged: it may hold a token.
 */
public final class MalformedRequests extends ParsingErrorHandler {
    /** The parser gives this one no status of its own. */
    private static final String TOO_MANY_HEADERS = "HTTP message contains more than the configured limit of";

    @Override
    public HttpResponse handle(StatusCode status, ErrorInfo error, LoggingAdapter log, ServerSettings settings) {
        ErrorCode code = switch (status.intValue()) {
            case 413 -> ErrorCode.BODY_TOO_LARGE;
            case 414 -> ErrorCode.URI_TOO_LONG;
            case 431 -> ErrorCode.HEADERS_TOO_LARGE;
            default ->
                error.summary().startsWith(TOO_MANY_HEADERS) ? ErrorCode.HEADERS_TOO_LARGE : ErrorCode.INVALID_REQUEST;
        };
        String requestId = RequestId.fresh();
        log.debug("request {} was not HTTP: {}", requestId, status.intValue());
        return Problems.response(code, "This is not a request in HTTP/1.1, or goes beyond its limits.", requestId);
    }
}
