package io.aerofusion.space;

import akka.NotUsed;
import akka.actor.typed.ActorRef;
import akka.cluster.sharding.typed.javadsl.EntityRef;
import akka.http.javadsl.model.AttributeKeys;
import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpEntities;
import akka.http.javadsl.model.HttpMethods;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.MediaTypes;
import akka.http.javadsl.model.headers.RawHeader;
import akka.http.javadsl.model.ws.WebSocketUpgrade;
import akka.japi.Pair;
import akka.stream.javadsl.Flow;
import akka.stream.javadsl.Source;
import akka.util.ByteString;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.cluster.DeviceLink;
import io.aerofusion.platform.http.Answer;
import io.aerofusion.platform.http.ApiRequest;
import io.aerofusion.platform.http.Endpoint;
import io.aerofusion.platform.http.EntityTag;
import io.aerofusion.platform.http.ProblemException;
import io.aerofusion.platform.security.Authenticator;
import io.aerofusion.platform.security.Principal;
import io.aerofusion.space.wire.FrameException;
import io.aerofusion.space.wire.FrameLimits;
import io.aerofusion.space.wire.HttpBodies;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The sync protocol's doors: the WebSocket, and the same over plain HTTP for curl and simple clients. */
final class SyncRoutes {
    static final String SUBPROTOCOL = "aerofusion.sync.v1";

    private static final Duration ANSWER_MARGIN = Duration.ofSeconds(5);
    private static final int ETAG_BYTES = 12;

    private final SpaceAsk spaces;
    private final DeviceLink devices;
    private final Authenticator authenticator;
    private final SessionLimits sessionLimits;
    private final EntityLimits limits;
    private final FrameLimits frameLimits;
    private final ActorRef<SyncSessions.Command> sessions;
    private final AtomicInteger open;

    SyncRoutes(
            SpaceAsk spaces,
            DeviceLink devices,
            Authenticator authenticator,
            SessionLimits sessionLimits,
            EntityLimits limits,
            FrameLimits frameLimits,
            ActorRef<SyncSessions.Command> sessions,
            AtomicInteger open) {
        this.spaces = spaces;
        this.devices = devices;
        this.authenticator = authenticator;
        this.sessionLimits = sessionLimits;
        this.limits = limits;
        this.frameLimits = frameLimits;
        this.sessions = sessions;
        this.open = open;
    }

    List<Endpoint> endpoints() {
        return List.of(
                new Endpoint(
                        HttpMethods.GET,
                        "/sync/v1",
                        "syncSession",
                        "Opens a sync session: a WebSocket with the subprotocol " + SUBPROTOCOL,
                        Endpoint.Access.PUBLIC,
                        List.of(),
                        "",
                        List.of(new Endpoint.Reply(101, "The socket is open; see docs/protocol.md", "", "")),
                        this::openSession),
                new Endpoint(
                        HttpMethods.POST,
                        "/sync/v1/spaces/{space}/push",
                        "pushChanges",
                        "Merges a device's changes; repeating a push is safe",
                        Endpoint.Access.AUTHENTICATED,
                        List.of(),
                        SpaceSchemas.PUSH,
                        List.of(new Endpoint.Reply(
                                200, "What became of each change", "application/json", SpaceSchemas.PUSHED)),
                        this::push),
                new Endpoint(
                        HttpMethods.GET,
                        "/sync/v1/spaces/{space}/changes",
                        "readChanges",
                        "What changed since a cursor: at once, as a long poll, or as a stream of events",
                        Endpoint.Access.AUTHENTICATED,
                        List.of(
                                parameter("since", "cursor of what was read before; none reads everything", "string"),
                                parameter("limit", "documents per page", "integer"),
                                parameter("wait", "seconds to wait for a change when there is none", "integer"),
                                parameter(
                                        "device",
                                        "who reads: what it has not seen is kept for it; a device credential names it already",
                                        "string"),
                                parameter("collections", "names, separated by commas; none means all", "string")),
                        "",
                        List.of(
                                new Endpoint.Reply(200, "A page of changes", "application/json", SpaceSchemas.CHANGES),
                                new Endpoint.Reply(
                                        200,
                                        "With Accept: text/event-stream, a page per event, its cursor as the event's id",
                                        "text/event-stream",
                                        "{\"type\":\"string\"}")),
                        this::changes),
                new Endpoint(
                        HttpMethods.GET,
                        "/sync/v1/spaces/{space}/documents/{collection}/{id}",
                        "readDocument",
                        "One document as it is now",
                        Endpoint.Access.AUTHENTICATED,
                        List.of(),
                        "",
                        List.of(
                                new Endpoint.Reply(200, "The document", "application/json", "{\"type\":\"object\"}"),
                                new Endpoint.Reply(304, "It is the one named in If-None-Match", "", "")),
                        this::document),
                new Endpoint(
                        HttpMethods.GET,
                        "/sync/v1/spaces/{space}/hash",
                        "readHash",
                        "The hash of all documents, to compare a copy with",
                        Endpoint.Access.AUTHENTICATED,
                        List.of(),
                        "",
                        List.of(new Endpoint.Reply(200, "The hash", "application/json", SpaceSchemas.HASH)),
                        this::hash));
    }

    private static Endpoint.Parameter parameter(String name, String description, String type) {
        return new Endpoint.Parameter("query", name, false, description, "{\"type\":\"" + type + "\"}");
    }

    private CompletionStage<HttpResponse> openSession(ApiRequest request) {
        WebSocketUpgrade upgrade = request.http()
                .getAttribute(AttributeKeys.webSocketUpgrade)
                .orElseThrow(() -> new ProblemException(
                        ErrorCode.INVALID_REQUEST, "This address speaks WebSocket: send the upgrade headers."));
        boolean spoken = false;
        for (String protocol : upgrade.getRequestedProtocols()) {
            spoken |= protocol.equals(SUBPROTOCOL);
        }
        if (!spoken) {
            throw new ProblemException(ErrorCode.INVALID_REQUEST, "Ask for the subprotocol " + SUBPROTOCOL + ".");
        }
        if (open.get() >= sessionLimits.sessionsMax()) {
            throw new ProblemException(ErrorCode.UNAVAILABLE, "The node has as many sessions as it may.");
        }
        Principal principal = request.principal();
        Authenticator.@Nullable Accepted identity =
                principal == null ? null : new Authenticator.Accepted(principal, request.until());
        String token = token(request);
        SocketStage stage = new SocketStage(
                sessionLimits.frameBytesMax(),
                sessionLimits.unsentBytesMax() / 2,
                opening -> sessions.tell(new SyncSessions.Command.Open(opening, token, identity)));
        return Answer.now(upgrade.handleMessagesWith(Flow.fromGraph(stage), SUBPROTOCOL));
    }

    private CompletionStage<HttpResponse> push(ApiRequest request) {
        Principal caller = request.caller();
        Push push;
        try {
            push = HttpBodies.push(request.json(), frameLimits);
        } catch (FrameException e) {
            throw new ProblemException(e.code(), e.detail());
        }
        String trace = request.header("traceparent").orElse(null);
        return bearing(caller, push.device())
                .thenCompose(allowed ->
                        spaces.push(spaces.space(request), replyTo -> new Space.Push(caller, push, trace, replyTo)))
                .thenApply(pushed -> Answer.json(
                        HttpBodies.pushed(pushed.upTo(), pushed.rejections(), pushed.conflicts(), pushed.after())));
    }

    /** Fails when the caller may not act under the device's name. */
    private CompletionStage<Void> bearing(Principal caller, String device) {
        if (!SpaceNames.isDevice(device)) {
            throw new ProblemException(ErrorCode.INVALID_REQUEST, "The device's name is not acceptable.");
        }
        if (caller.device() != null) {
            if (!caller.device().equals(device)) {
                throw new ProblemException(ErrorCode.DEVICE_UNKNOWN, "The credential belongs to another device.");
            }
            return CompletableFuture.completedFuture(null);
        }
        return devices.mayBear(caller, device).handle((allowed, failure) -> {
            if (failure != null) {
                throw new ProblemException(ErrorCode.UNAVAILABLE, "The device's name could not be checked.");
            }
            if (!allowed) {
                throw new ProblemException(
                        ErrorCode.DEVICE_UNKNOWN, "The name is that of somebody else's registered device.");
            }
            return null;
        });
    }

    private CompletionStage<HttpResponse> changes(ApiRequest request) {
        Principal caller = request.caller();
        List<String> collections = request.query("collections")
                .map(names -> Arrays.stream(names.split(",", -1))
                        .filter(name -> !name.isBlank())
                        .toList())
                .orElse(List.of());
        int documents = (int) number(request, "limit", limits.pageDocumentsMax(), 1, limits.pageDocumentsMax());
        boolean stream = request.header("Accept").orElse("").contains("text/event-stream");
        String since = request.query("since")
                .or(() -> stream ? request.header("Last-Event-ID") : Optional.empty())
                .orElse(null);
        long wait = number(request, "wait", 0, 0, limits.waitMax().toSeconds());
        String device = request.query("device").orElse(caller.device());
        Reader reader = new Reader(caller, device, collections, documents);
        return (device == null ? CompletableFuture.<Void>completedFuture(null) : bearing(caller, device))
                .thenCompose(allowed -> stream
                        ? stream(request, reader, since)
                        : page(request, reader, since, Duration.ofSeconds(wait))
                                .thenApply(page -> Answer.json(json(page))));
    }

    /** Who reads what, page after page. */
    private record Reader(Principal caller, @Nullable String device, List<String> collections, int documents) {}

    private CompletionStage<Space.Changed> page(
            ApiRequest request, Reader reader, @Nullable String since, Duration wait) {
        EntityRef<Space.Command> space = spaces.space(request);
        Function<ActorRef<Space.Reply>, Space.Command> command = replyTo -> new Space.Changes(
                reader.caller(),
                reader.device(),
                since,
                reader.collections(),
                reader.documents(),
                wait.toMillis(),
                replyTo);
        return wait.isZero()
                ? spaces.read(space, Space.Changed.class, command)
                : spaces.ask(space, wait.plus(ANSWER_MARGIN), Space.Changed.class, command);
    }

    /**
     * A page per event; the next one is asked for when the client took the last, so a slow client holds up nothing and one page
     * is all it costs. The first page is asked for before the answer begins: a refusal is a problem, not an empty stream.
     */
    private CompletionStage<HttpResponse> stream(ApiRequest request, Reader reader, @Nullable String since) {
        return page(request, reader, since, Duration.ZERO).thenApply(first -> {
            Source<ByteString, NotUsed> rest = Source.unfoldAsync(
                    first.cursor(),
                    cursor -> page(request, reader, cursor, limits.waitMax())
                            .thenCompose(next -> stillCounts(request)
                                    .thenApply(counts -> Optional.of(Pair.create(next.cursor(), event(next)))
                                            .filter(any -> counts)))
                            .exceptionally(SyncRoutes::refused));
            return HttpResponse.create()
                    .withEntity(HttpEntities.create(
                            MediaTypes.TEXT_EVENT_STREAM.toContentType(),
                            Source.single(event(first)).concat(rest)))
                    .addHeader(RawHeader.create("Cache-Control", "no-cache"));
        });
    }

    /** A refusal ends the stream as its end; anything else breaks it off, and is logged where it happened. */
    private static Optional<Pair<String, ByteString>> refused(Throwable failure) {
        if (failure instanceof CompletionException wrapped && wrapped.getCause() instanceof ProblemException) {
            return Optional.empty();
        }
        throw new CompletionException(failure);
    }

    /** Whether the token still stands for the same caller. Nobody who could say so now is as good as no. */
    private CompletionStage<Boolean> stillCounts(ApiRequest request) {
        return authenticator
                .authenticate(token(request))
                .thenApply(outcome -> outcome instanceof Authenticator.Accepted accepted
                        && accepted.principal().equals(request.principal()));
    }

    private static String token(ApiRequest request) {
        return request.header("Authorization")
                .map(header -> header.substring("Bearer ".length()).strip())
                .orElse("");
    }

    private static ByteString event(Space.Changed page) {
        // A comment keeps proxies and the idle timeout content while nothing happens.
        return ByteString.fromString(
                page.changes().isEmpty() && !page.reset()
                        ? ": nothing new\n\n"
                        : "id: " + page.cursor() + "\nevent: changes\ndata: " + json(page) + "\n\n");
    }

    private static ObjectNode json(Space.Changed page) {
        return HttpBodies.changes(page.cursor(), page.changes(), page.more(), page.reset());
    }

    private CompletionStage<HttpResponse> document(ApiRequest request) {
        Principal caller = request.caller();
        return spaces.ask(
                        request,
                        Space.Document.class,
                        replyTo ->
                                new Space.ReadDocument(caller, request.path("collection"), request.path("id"), replyTo))
                .thenApply(found -> {
                    JsonNode document = found.document();
                    if (document == null) {
                        throw new ProblemException(ErrorCode.NOT_FOUND, "There is no such document.");
                    }
                    byte[] canonical = CanonicalJson.bytes(document);
                    EntityTag tag = new EntityTag(digest(canonical));
                    boolean known = request.header("If-None-Match")
                            .map(tags -> tags.contains(tag.header()))
                            .orElse(false);
                    HttpResponse answer = known
                            ? HttpResponse.create().withStatus(304)
                            : HttpResponse.create()
                                    .withEntity(HttpEntities.create(ContentTypes.APPLICATION_JSON, canonical));
                    return Answer.tagged(answer, tag);
                });
    }

    private CompletionStage<HttpResponse> hash(ApiRequest request) {
        Principal caller = request.caller();
        return spaces.ask(request, Space.Hash.class, replyTo -> new Space.ReadHash(caller, replyTo))
                .thenApply(hash -> Answer.json(JsonNodeFactory.instance
                        .objectNode()
                        .put("hash", hash.hash())
                        .put("documents", hash.documents())
                        .put("cursor", hash.cursor())));
    }

    private static String digest(byte[] bytes) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes);
            return HexFormat.of().formatHex(digest, 0, ETAG_BYTES);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    static long number(ApiRequest request, String name, long otherwise, long min, long max) {
        Optional<String> text = request.query(name);
        if (text.isEmpty()) {
            return otherwise;
        }
        try {
            long number = Long.parseLong(text.get());
            if (number >= min && number <= max) {
                return number;
            }
        } catch (NumberFormatException e) {
            // told below, like a number out of range
        }
        throw new ProblemException(ErrorCode.INVALID_REQUEST, name + " is a number from " + min + " to " + max + ".");
    }
}
