package io.aerofusion.space;

import akka.actor.typed.ActorRef;
import akka.http.javadsl.model.HttpMethod;
import akka.http.javadsl.model.HttpMethods;
import akka.http.javadsl.model.HttpResponse;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.http.Answer;
import io.aerofusion.platform.http.ApiRequest;
import io.aerofusion.platform.http.Endpoint;
import io.aerofusion.platform.http.EntityTag;
import io.aerofusion.platform.http.Paging;
import io.aerofusion.platform.http.ProblemException;
import io.aerofusion.platform.persistence.SpaceIndex;
import io.aerofusion.platform.security.Principal;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.Predicate;

/** The API to spaces: making them, their members, schemas and quota, and what people have to decide in them. */
final class SpaceRoutes {
    private static final String BASE = "/api/v1/spaces";
    private static final int TITLE_LENGTH_MAX = 200;
    private static final int NAME_BYTES = 12;

    private final SpaceAsk spaces;
    private final SpaceIndex index;
    private final Predicate<String> erased;
    private final Executor blocking;

    /**
     * Over the spaces of this cluster.
     *
     * @param erased whether a data subject ({@code tenant|user}) was erased; blocks
     */
    SpaceRoutes(SpaceAsk spaces, SpaceIndex index, Predicate<String> erased, Executor blocking) {
        this.spaces = spaces;
        this.index = index;
        this.erased = erased;
        this.blocking = blocking;
    }

    List<Endpoint> endpoints() {
        return List.of(
                endpoint(
                        HttpMethods.POST,
                        "",
                        "createSpace",
                        "Makes a space that the caller owns",
                        SpaceSchemas.CREATE,
                        new Endpoint.Reply(201, "The space", "application/json", SpaceSchemas.SPACE),
                        List.of(header("Idempotency-Key", "the same key with the same request makes one space")),
                        this::create),
                endpoint(
                        HttpMethods.GET,
                        "",
                        "listSpaces",
                        "The spaces that the caller may see",
                        "",
                        ok(Paging.schema(SpaceSchemas.LISTED_SPACE)),
                        Paging.PARAMETERS,
                        request -> list(request, request.caller().user())),
                endpoint(
                        HttpMethods.GET,
                        "/{space}",
                        "getSpace",
                        "A space without its documents",
                        "",
                        ok(SpaceSchemas.SPACE),
                        this::get),
                endpoint(
                        HttpMethods.PUT,
                        "/{space}/members/{user}",
                        "setSpaceMember",
                        "Gives a user a right in the space",
                        SpaceSchemas.MEMBER,
                        ok(SpaceSchemas.SPACE),
                        List.of(ifMatch()),
                        request -> addMember(request, right(request.json()))),
                endpoint(
                        HttpMethods.DELETE,
                        "/{space}/members/{user}",
                        "removeSpaceMember",
                        "Takes a user's right; open sessions of the user lose the space at once",
                        "",
                        ok(SpaceSchemas.SPACE),
                        List.of(ifMatch()),
                        request -> setMember(request, null)),
                endpoint(
                        HttpMethods.GET,
                        "/{space}/collections/{collection}/schema",
                        "getSchema",
                        "The schema of a collection",
                        "",
                        ok(SpaceSchemas.SCHEMA),
                        this::getSchema),
                endpoint(
                        HttpMethods.PUT,
                        "/{space}/collections/{collection}/schema",
                        "setSchema",
                        "Sets the schema of a collection for what is written from now on",
                        SpaceSchemas.SCHEMA,
                        ok(SpaceSchemas.SPACE),
                        List.of(ifMatch()),
                        this::setSchema),
                endpoint(
                        HttpMethods.PUT,
                        "/{space}/quota",
                        "setQuota",
                        "Sets how much a space may hold (operators)",
                        SpaceSchemas.QUOTA,
                        ok(SpaceSchemas.SPACE),
                        List.of(ifMatch()),
                        this::setQuota),
                endpoint(
                        HttpMethods.GET,
                        "/{space}/presence",
                        "listPresence",
                        "Who follows the space and what they announced",
                        "",
                        ok(SpaceSchemas.PRESENCE),
                        this::presence));
    }

    static Endpoint endpoint(
            HttpMethod method,
            String path,
            String id,
            String summary,
            String body,
            Endpoint.Reply reply,
            Endpoint.Handler handler) {
        return endpoint(method, path, id, summary, body, reply, List.of(), handler);
    }

    static Endpoint endpoint(
            HttpMethod method,
            String path,
            String id,
            String summary,
            String body,
            Endpoint.Reply reply,
            List<Endpoint.Parameter> parameters,
            Endpoint.Handler handler) {
        return new Endpoint(
                method,
                BASE + path,
                id,
                summary,
                Endpoint.Access.AUTHENTICATED,
                parameters,
                body,
                List.of(reply),
                handler);
    }

    static Endpoint.Reply ok(String schema) {
        return new Endpoint.Reply(200, "Done", "application/json", schema);
    }

    private static Endpoint.Parameter header(String name, String description) {
        return new Endpoint.Parameter("header", name, false, description, "{\"type\":\"string\"}");
    }

    private static Endpoint.Parameter ifMatch() {
        return header("If-Match", "the ETag that was read: the change is refused when somebody else was faster");
    }

    // --- the space

    private CompletionStage<HttpResponse> create(ApiRequest request) {
        Principal caller = request.caller();
        ObjectNode body = object(request.json(), "space", "title", "declaredOnly");
        Optional<String> key = request.header("Idempotency-Key");
        // Without a name the key names the space, so that a repetition finds what the first request made.
        String name = body.path("space")
                .asText(key.map(k -> "s-" + digest(caller.user() + "\n" + k))
                        .orElseGet(() -> "s-" + UUID.randomUUID()));
        if (!SpaceNames.isSpace(name)) {
            throw new ProblemException(ErrorCode.INVALID_REQUEST, "A space's name matches " + SpaceNames.PATTERN + ".");
        }
        String title = body.path("title").asText("");
        if (title.length() > TITLE_LENGTH_MAX) {
            throw new ProblemException(
                    ErrorCode.INVALID_REQUEST, "A title has at most " + TITLE_LENGTH_MAX + " characters.");
        }
        String digest = key.map(SpaceRoutes::digest).orElse("") + ":" + digest(CanonicalJson.text(body));
        return spaces.ask(
                        spaces.space(caller, name),
                        spaces.timeout(),
                        Space.Described.class,
                        replyTo -> new Space.Create(
                                caller, title, body.path("declaredOnly").asBoolean(false), digest, replyTo))
                .thenApply(described ->
                        tagged(Answer.created(BASE + "/" + name, json(described.space())), described.space()));
    }

    /** A page of the spaces of a user, from the read model: a new one appears there within a second or two. */
    CompletionStage<HttpResponse> list(ApiRequest request, String user) {
        Paging paging = Paging.of(request);
        String tenant = request.caller().tenant();
        return CompletableFuture.supplyAsync(() -> index.of(tenant, user, paging.after(), paging.limit()), blocking)
                .thenApply(page -> paging.page(page, SpaceRoutes::json));
    }

    private static ObjectNode json(SpaceIndex.Membership membership) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("space", membership.space().space())
                .put("owner", membership.space().owner())
                .put("title", membership.space().title())
                .put("right", membership.right());
    }

    private CompletionStage<HttpResponse> get(ApiRequest request) {
        return described(request, replyTo -> new Space.Describe(request.caller(), replyTo));
    }

    /**
     * Who was erased is never heard of again: nobody brings them back by giving them something. Asked once more when it is done, because
     * an erasure that ran beside it may have looked for memberships before this one was there.
     */
    private CompletionStage<HttpResponse> addMember(ApiRequest request, SpaceRight right) {
        return isErased(request)
                .thenCompose(gone -> gone ? refuseErased() : setMember(request, right))
                .thenCompose(done -> isErased(request)
                        .thenCompose(gone -> gone
                                ? dismiss(request).thenCompose(dismissed -> refuseErased())
                                : CompletableFuture.completedFuture(done)));
    }

    private CompletionStage<Boolean> isErased(ApiRequest request) {
        String subject = request.caller().tenant() + "|" + request.path("user");
        return CompletableFuture.supplyAsync(() -> erased.test(subject), blocking);
    }

    private static CompletionStage<HttpResponse> refuseErased() {
        return CompletableFuture.failedFuture(new ProblemException(ErrorCode.ERASED, "The user was erased for good."));
    }

    private CompletionStage<?> dismiss(ApiRequest request) {
        String by = request.caller().actor();
        return spaces.ask(
                request, Space.Described.class, replyTo -> new Space.Dismiss(request.path("user"), by, replyTo));
    }

    private CompletionStage<HttpResponse> setMember(
            ApiRequest request, @org.jspecify.annotations.Nullable SpaceRight right) {
        return described(
                request,
                replyTo -> new Space.SetMember(
                        request.caller(),
                        request.path("user"),
                        right,
                        EntityTag.versionIn(request).orElse(null),
                        replyTo));
    }

    private static SpaceRight right(JsonNode body) {
        String name = object(body, "right").path("right").asText();
        for (SpaceRight right : SpaceRight.values()) {
            if (text(right).equals(name)) {
                return right;
            }
        }
        throw new ProblemException(ErrorCode.INVALID_REQUEST, "right is read, write or manage.");
    }

    private CompletionStage<HttpResponse> setQuota(ApiRequest request) {
        ObjectNode body = object(request.json(), "documents", "bytes");
        long documents = body.path("documents").asLong();
        long bytes = body.path("bytes").asLong();
        if (documents < 1 || documents > Integer.MAX_VALUE || bytes < 1) {
            throw new ProblemException(ErrorCode.INVALID_REQUEST, "documents and bytes are positive numbers.");
        }
        return described(
                request,
                replyTo -> new Space.SetQuota(
                        request.caller(),
                        documents,
                        bytes,
                        EntityTag.versionIn(request).orElse(null),
                        replyTo));
    }

    private CompletionStage<HttpResponse> described(
            ApiRequest request, Function<ActorRef<Space.Reply>, Space.Command> command) {
        return spaces.ask(request, Space.Described.class, command)
                .thenApply(described -> tagged(Answer.json(json(described.space())), described.space()));
    }

    private static HttpResponse tagged(HttpResponse response, Space.View space) {
        return Answer.tagged(response, EntityTag.of(space.version()));
    }

    private static ObjectNode json(Space.View space) {
        ObjectNode json = JsonNodeFactory.instance
                .objectNode()
                .put("space", space.space())
                .put("owner", space.owner())
                .put("title", space.title())
                .put("declaredOnly", space.declared());
        ObjectNode members = json.putObject("members");
        space.members().forEach((user, right) -> members.put(user, text(right)));
        ObjectNode collections = json.putObject("collections");
        space.collections().forEach(collections::put);
        json.putObject("deleted").put("documents", space.deletedDocuments()).put("bytes", space.deletedBytes());
        json.putObject("quota").put("documents", space.quotaDocuments()).put("bytes", space.quotaBytes());
        return json.put("documents", space.documents())
                .put("bytes", space.bytes())
                .put("devices", space.devices())
                .put("cursor", space.cursor())
                .put("version", space.version())
                .put("createdAt", Instant.ofEpochMilli(space.createdAt()).toString());
    }

    static String text(SpaceRight right) {
        return right.name().toLowerCase(Locale.ROOT);
    }

    // --- schemas

    private CompletionStage<HttpResponse> getSchema(ApiRequest request) {
        return spaces.ask(
                        request,
                        Space.Schema.class,
                        replyTo -> new Space.ReadSchema(request.caller(), request.path("collection"), replyTo))
                .thenApply(found -> Answer.tagged(Answer.json(found.schema()), EntityTag.of(found.version())));
    }

    private CompletionStage<HttpResponse> setSchema(ApiRequest request) {
        String collection = request.path("collection");
        return spaces.ask(
                        request,
                        Space.Described.class,
                        replyTo -> new Space.SetSchema(
                                request.caller(),
                                collection,
                                request.json(),
                                EntityTag.versionIn(request).orElse(null),
                                replyTo))
                .thenApply(described -> Answer.tagged(
                        Answer.json(json(described.space())),
                        EntityTag.of(described.space().collections().getOrDefault(collection, 0L))));
    }

    // --- what people decide

    private CompletionStage<HttpResponse> presence(ApiRequest request) {
        return spaces.ask(request, Space.Presence.class, replyTo -> new Space.ListPresence(request.caller(), replyTo))
                .thenApply(found -> {
                    ObjectNode json = JsonNodeFactory.instance.objectNode();
                    ArrayNode items = json.putArray("items");
                    found.present()
                            .forEach(one -> items.addObject()
                                    .put("device", one.device())
                                    .set("state", one.state()));
                    return Answer.json(json);
                });
    }

    // --- bodies

    /** The body as an object with no other members than these: a slip of the pen must not silently change nothing. */
    static ObjectNode object(JsonNode body, String... members) {
        if (!(body instanceof ObjectNode object)) {
            throw new ProblemException(ErrorCode.INVALID_REQUEST, "The body is a JSON object.");
        }
        List<String> known = List.of(members);
        object.fieldNames().forEachRemaining(name -> {
            if (!known.contains(name)) {
                throw new ProblemException(ErrorCode.INVALID_REQUEST, "The body has " + String.join(", ", known) + ".");
            }
        });
        return object;
    }

    private static String digest(String text) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest, 0, NAME_BYTES);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
