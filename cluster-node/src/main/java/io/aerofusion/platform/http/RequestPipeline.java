package io.aerofusion.platform.http;

import akka.actor.typed.ActorSystem;
import akka.http.javadsl.model.HttpHeader;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.headers.RawHeader;
import akka.stream.Materializer;
import akka.stream.SystemMaterializer;
import com.fasterxml.jackson.databind.JsonNode;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.security.Authenticator;
import io.aerofusion.platform.security.Authenticator.Accepted;
import io.aerofusion.platform.security.Principal;
import io.aerofusion.platform.telemetry.RequestTrace;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * The way of a request: id and trace, path and method, token, role, body, endpoint; and of its response: what went wrong as
 * {@code problem+json}, and the headers that every response carries.
 */
final class RequestPipeline {
    private static final String TRACEPARENT = "traceparent";
    private static final Logger LOG = LoggerFactory.getLogger(RequestPipeline.class);
    private static final String BEARER = "Bearer ";
    /** Longer tokens are not looked at. */
    private static final int TOKEN_LENGTH_MAX = 8_192;

    private static final int SWITCHING_PROTOCOLS = 101;

    private final PathTable table;
    private final HttpSettings settings;
    private final Authenticator authenticator;
    private final RequestBodies bodies;
    private final Materializer materializer;
    private final List<HttpHeader> everyResponse;

    RequestPipeline(
            ActorSystem<?> system,
            HttpSettings settings,
            List<Endpoint> endpoints,
            Authenticator authenticator,
            boolean secure) {
        this.table = new PathTable(endpoints);
        this.settings = settings;
        this.authenticator = authenticator;
        this.materializer = SystemMaterializer.get(system).materializer();
        this.bodies = new RequestBodies(settings, materializer);
        List<HttpHeader> headers = new ArrayList<>(List.of(
                RawHeader.create("X-Content-Type-Options", "nosniff"),
                RawHeader.create("Referrer-Policy", "no-referrer")));
        if (secure) {
            headers.add(RawHeader.create("Strict-Transport-Security", "max-age=31536000"));
        }
        this.everyResponse = List.copyOf(headers);
    }

    /** Never fails: what goes wrong is the response. */
    CompletionStage<HttpResponse> answer(HttpRequest request) {
        String id = RequestId.of(request);
        RequestTrace trace = RequestTrace.start(
                request.method().value(), request.getHeader(TRACEPARENT).map(HttpHeader::value));
        CompletionStage<HttpResponse> response;
        try {
            response = route(request, id, trace);
        } catch (RuntimeException e) {
            response = CompletableFuture.failedFuture(e);
        }
        return response.exceptionally(failure -> problem(unwrap(failure), request, id, trace))
                .thenApply(answer -> finish(request, answer, id, trace));
    }

    private CompletionStage<HttpResponse> route(HttpRequest request, String id, RequestTrace trace) {
        PathTable.Match match = table.find(request.getUri().getPathString());
        return switch (match) {
            case PathTable.Match.Malformed malformed ->
                refuse(request, ErrorCode.INVALID_REQUEST, "The path is not valid percent-encoded UTF-8.", id);
            case PathTable.Match.Nothing nothing ->
                refuse(request, ErrorCode.NOT_FOUND, "Nothing is served at this path.", id);
            case PathTable.Match.Found found -> {
                String method = PathTable.served(request.method());
                Endpoint endpoint = found.methods().get(method);
                if (endpoint != null) {
                    trace.endpoint(endpoint.id());
                    yield serve(endpoint, request, found.path(), id, trace);
                }
                HttpHeader allow = RawHeader.create("Allow", allowed(found.methods()));
                if (method.equals("OPTIONS")) {
                    discard(request);
                    yield Answer.now(Answer.nothing().addHeader(allow));
                }
                yield refuse(request, ErrorCode.METHOD_NOT_ALLOWED, "This path knows other methods.", id)
                        .thenApply(problem -> problem.addHeader(allow));
            }
        };
    }

    private CompletionStage<HttpResponse> serve(
            Endpoint endpoint, HttpRequest request, Map<String, String> path, String id, RequestTrace trace) {
        return identify(request)
                .thenApply(identity -> {
                    permit(endpoint.access(), identity.map(Accepted::principal).orElse(null));
                    return identity;
                })
                .whenComplete((identity, failure) -> {
                    if (failure != null || endpoint.request().isEmpty()) {
                        discard(request);
                    }
                })
                .thenCompose(identity -> endpoint.request().isEmpty()
                        ? handle(endpoint, request, path, identity, null, id, trace)
                        : bodies.read(
                                request,
                                endpoint.media(),
                                json -> handle(endpoint, request, path, identity, json, id, trace)));
    }

    private CompletionStage<HttpResponse> handle(
            Endpoint endpoint,
            HttpRequest request,
            Map<String, String> path,
            Optional<Accepted> identity,
            @Nullable JsonNode body,
            String id,
            RequestTrace trace) {
        Principal principal = identity.map(Accepted::principal).orElse(null);
        long until = identity.map(Accepted::until).orElse(Long.MAX_VALUE);
        return call(endpoint, new ApiRequest(following(request, trace), path, principal, until, body, id), trace)
                // a stage of our own, so that the limit does not complete the endpoint's
                .thenApply(response -> response)
                .toCompletableFuture()
                .orTimeout(settings.handlerTimeout().toMillis(), TimeUnit.MILLISECONDS);
    }

    /** The request as the endpoint sees it: its trace context is that of this request's own span. */
    private static HttpRequest following(HttpRequest request, RequestTrace trace) {
        HttpRequest bare = request.getHeader(TRACEPARENT).isPresent() ? request.removeHeader(TRACEPARENT) : request;
        return trace.following()
                .map(own -> bare.addHeader(RawHeader.create(TRACEPARENT, own)))
                .orElse(bare);
    }

    /** What the endpoint logs while it begins carries who asked for it. */
    private static CompletionStage<HttpResponse> call(Endpoint endpoint, ApiRequest request, RequestTrace trace) {
        MDC.put("request", request.id());
        MDC.put("trace", trace.traceId());
        Principal principal = request.principal();
        if (principal != null) {
            MDC.put("user", principal.user());
            if (principal.device() != null) {
                MDC.put("device", principal.device());
            }
        }
        try {
            return endpoint.handler().handle(request);
        } finally {
            MDC.clear();
        }
    }

    /** A token that is given must be right, on public endpoints too: a caller with a revoked one has to learn it. */
    private CompletionStage<Optional<Accepted>> identify(HttpRequest request) {
        Optional<String> header = request.getHeader("Authorization").map(HttpHeader::value);
        if (header.isEmpty()) {
            return CompletableFuture.completedFuture(Optional.empty());
        }
        String value = header.get();
        if (!value.regionMatches(true, 0, BEARER, 0, BEARER.length()) || value.length() > TOKEN_LENGTH_MAX) {
            return CompletableFuture.failedFuture(
                    new ProblemException(ErrorCode.UNAUTHENTICATED, "Authorization needs the form: Bearer <token>."));
        }
        return authenticator
                .authenticate(value.substring(BEARER.length()).strip())
                .thenApply(outcome -> switch (outcome) {
                    case Accepted accepted -> Optional.of(accepted);
                    case Authenticator.Refused refused -> throw new ProblemException(refused.code(), refused.detail());
                });
    }

    private static void permit(Endpoint.Access access, @Nullable Principal principal) {
        if (access == Endpoint.Access.PUBLIC) {
            return;
        }
        if (principal == null) {
            throw new ProblemException(ErrorCode.UNAUTHENTICATED, "This needs a token.");
        }
        boolean admin = principal.is(Principal.Role.ADMIN);
        boolean permitted = switch (access) {
            case PUBLIC, AUTHENTICATED -> true;
            case OPERATOR -> admin || principal.is(Principal.Role.OPERATOR);
            case ADMIN -> admin;
        };
        if (!permitted) {
            throw new ProblemException(
                    ErrorCode.FORBIDDEN, "This needs the role " + access.name().toLowerCase(Locale.ROOT) + ".");
        }
    }

    private CompletionStage<HttpResponse> refuse(HttpRequest request, ErrorCode code, String detail, String id) {
        discard(request);
        return Answer.now(Problems.response(code, detail, id));
    }

    private void discard(HttpRequest request) {
        bodies.discard(request);
    }

    private HttpResponse problem(Throwable failure, HttpRequest request, String id, RequestTrace trace) {
        if (failure instanceof ProblemException problem) {
            return Problems.response(
                    problem.code(),
                    Problems.body(problem.code(), problem.detail(), id).setAll(problem.members()));
        }
        if (failure instanceof TimeoutException) {
            return Problems.response(ErrorCode.TIMEOUT, "The part that should answer did not do so in time.", id);
        }
        LOG.atError()
                .addKeyValue("request", id)
                .addKeyValue("trace", trace.traceId())
                .addKeyValue("method", request.method().value())
                .setCause(failure)
                .log("a request failed");
        return Problems.response(ErrorCode.INTERNAL, "The request id names it in the log.", id);
    }

    private HttpResponse finish(HttpRequest request, HttpResponse response, String id, RequestTrace trace) {
        // The path stays out: it names people and documents. The endpoint says which kind of request it was.
        LOG.atDebug()
                .addKeyValue("request", id)
                .addKeyValue("trace", trace.traceId())
                .addKeyValue("method", request.method().value())
                .addKeyValue("endpoint", trace.endpoint())
                .addKeyValue("status", response.status().intValue())
                .log("answered");
        trace.finish(response.status().intValue());
        List<HttpHeader> headers = new ArrayList<>(everyResponse);
        headers.add(RawHeader.create(RequestId.HEADER, id));
        headers.add(RawHeader.create(TRACEPARENT, trace.traceparent()));
        if (response.getHeader("Cache-Control").isEmpty() && response.status().intValue() != SWITCHING_PROTOCOLS) {
            headers.add(RawHeader.create("Cache-Control", "no-store"));
        }
        return response.addHeaders(headers);
    }

    private static String allowed(Map<String, Endpoint> methods) {
        TreeSet<String> allowed = new TreeSet<>(methods.keySet());
        allowed.add("OPTIONS");
        if (allowed.contains("GET")) {
            allowed.add("HEAD");
        }
        return String.join(", ", allowed);
    }

    private static Throwable unwrap(Throwable failure) {
        return failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
    }
}
