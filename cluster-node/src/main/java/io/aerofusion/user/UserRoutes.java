package io.aerofusion.user;

import akka.actor.typed.ActorRef;
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
import io.aerofusion.platform.http.IdempotencyKey;
import io.aerofusion.platform.http.Paging;
import io.aerofusion.platform.http.ProblemException;
import io.aerofusion.platform.security.BearerToken;
import io.aerofusion.platform.security.Names;
import io.aerofusion.platform.security.Principal;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.stream.Stream;

/** The HTTP API of users, their tokens and what belongs to them. */
final class UserRoutes {
    private static final String USERS = "/api/v1/users";
    private static final String USER = USERS + "/{user}";
    private static final int TOKEN_ID_BYTES = 8;
    private static final Endpoint.Parameter IF_MATCH = new Endpoint.Parameter(
            "header", "If-Match", false, "Only if the ETag is still this one", "{\"type\":\"string\"}");

    private final Users users;
    private final InstantSource clock;
    private final Users.Listing devicesOf;
    private final Users.Listing spacesOf;
    private final SecureRandom random = new SecureRandom();

    UserRoutes(Users users, InstantSource clock, Users.Listing devicesOf, Users.Listing spacesOf) {
        this.users = users;
        this.clock = clock;
        this.devicesOf = devicesOf;
        this.spacesOf = spacesOf;
    }

    List<Endpoint> endpoints() {
        return Stream.concat(identities().stream(), belongings().stream()).toList();
    }

    private List<Endpoint> identities() {
        return List.of(
                new Endpoint(
                        HttpMethods.GET,
                        "/api/v1/me",
                        "getMe",
                        "Who the token belongs to",
                        Endpoint.Access.AUTHENTICATED,
                        List.of(),
                        "",
                        List.of(Endpoint.Reply.json(
                                200, "The caller", """
                                {"type":"object","properties":{"tenant":{"type":"string"},"user":{"type":"string"},\
                                "roles":%s,"device":{"type":"string","description":"with a device's credential only"}}}""".formatted(UserJson.ROLES.replace(",\"minItems\":1", "")))),
                        request -> Answer.now(Answer.json(me(request.caller())))),
                new Endpoint(
                        HttpMethods.POST,
                        USERS,
                        "createUser",
                        "Create a user",
                        Endpoint.Access.ADMIN,
                        List.of(IdempotencyKey.PARAMETER),
                        """
                        {"type":"object","required":["user"],"properties":{"user":{"type":"string","pattern":"%s"},\
                        "name":{"type":"string","maxLength":128},"roles":%s}}""".formatted("^" + Names.PATTERN + "$", UserJson.ROLES),
                        List.of(Endpoint.Reply.json(201, "Created", UserJson.USER)),
                        this::create),
                new Endpoint(
                        HttpMethods.GET,
                        USERS,
                        "listUsers",
                        "Users in the order of their ids",
                        Endpoint.Access.OPERATOR,
                        Paging.PARAMETERS,
                        "",
                        List.of(Endpoint.Reply.json(200, "A page", Paging.schema(UserJson.LISTED))),
                        this::list),
                new Endpoint(
                        HttpMethods.GET,
                        USER,
                        "getUser",
                        "A user; one's own, or any for operators",
                        Endpoint.Access.AUTHENTICATED,
                        List.of(),
                        "",
                        List.of(Endpoint.Reply.json(200, "The user", UserJson.USER)),
                        request -> described(request, replyTo -> new User.Describe(request.caller(), replyTo))),
                new Endpoint(
                        HttpMethods.PUT,
                        USER + "/roles",
                        "setRoles",
                        "Give the user these roles instead",
                        Endpoint.Access.ADMIN,
                        List.of(IF_MATCH),
                        "{\"type\":\"object\",\"required\":[\"roles\"],\"properties\":{\"roles\":" + UserJson.ROLES
                                + "}}",
                        List.of(Endpoint.Reply.json(200, "The user now", UserJson.USER)),
                        request -> {
                            SortedSet<String> roles = UserJson.roles(UserJson.object(request.json()));
                            Long ifVersion = EntityTag.versionIn(request).orElse(null);
                            return described(
                                    request,
                                    replyTo -> new User.ChangeRoles(request.caller(), roles, ifVersion, replyTo));
                        }),
                new Endpoint(
                        HttpMethods.DELETE,
                        USER,
                        "eraseUser",
                        "Erase the user: devices and sessions end, and the key to everything stored about the user is destroyed",
                        Endpoint.Access.AUTHENTICATED,
                        List.of(),
                        "",
                        List.of(
                                Endpoint.Reply.json(
                                        200,
                                        "Erased; the proof is in the audit log",
                                        "{\"type\":\"object\",\"properties\":{\"user\":{\"type\":\"string\"},\"state\":{\"const\":\"erased\"}}}")),
                        this::erase));
    }

    private List<Endpoint> belongings() {
        return List.of(
                new Endpoint(
                        HttpMethods.POST,
                        USER + "/tokens",
                        "issueToken",
                        "Issue an API token; it is shown once",
                        Endpoint.Access.AUTHENTICATED,
                        List.of(IdempotencyKey.PARAMETER),
                        """
                        {"type":"object","required":["name"],"properties":{"name":{"type":"string","maxLength":128},\
                        "expiresInSeconds":{"type":"integer","minimum":1,"maximum":%d,"default":%d}}}""".formatted(UserState.TOKEN_LIFETIME_MAX.toSeconds(), UserState.TOKEN_LIFETIME.toSeconds()),
                        List.of(
                                Endpoint.Reply.json(201, "Issued", UserJson.NEW_TOKEN),
                                Endpoint.Reply.json(
                                        200,
                                        "Issued by an earlier request with this key, and in use since",
                                        UserJson.TOKEN)),
                        this::issueToken),
                new Endpoint(
                        HttpMethods.DELETE,
                        USER + "/tokens/{token}",
                        "revokeToken",
                        "Revoke an API token",
                        Endpoint.Access.AUTHENTICATED,
                        List.of(),
                        "",
                        List.of(new Endpoint.Reply(204, "It is void", "", "")),
                        request -> ask(
                                        request,
                                        replyTo -> new User.RevokeToken(
                                                request.caller(), Names.find(request.path("token")), replyTo))
                                .thenApply(reply -> {
                                    view(reply);
                                    users.forgetTokens(request.caller().tenant(), request.path("user"));
                                    return Answer.nothing();
                                })),
                listing("/devices", "listDevicesOfUser", "The devices of a user", devicesOf),
                listing("/spaces", "listSpacesOfUser", "The spaces a user is a member of", spacesOf));
    }

    private Endpoint listing(String path, String id, String summary, Users.Listing listing) {
        return new Endpoint(
                HttpMethods.GET,
                USER + path,
                id,
                summary,
                Endpoint.Access.AUTHENTICATED,
                Paging.PARAMETERS,
                "",
                List.of(Endpoint.Reply.json(200, "A page", Paging.schema("{\"type\":\"object\"}"))),
                // The user answers whether the caller may look, and whether there is such a user at all.
                request -> ask(request, replyTo -> new User.Describe(request.caller(), replyTo))
                        .thenCompose(reply -> listing.of(request, view(reply).user())));
    }

    private CompletionStage<HttpResponse> create(ApiRequest request) {
        Principal caller = request.caller();
        JsonNode body = UserJson.object(request.json());
        String user = Names.require("user", UserJson.text(body, "user", ""));
        String name = UserJson.text(body, "name", "");
        UserState.complaintAboutName(name).ifPresent(complaint -> {
            throw new ProblemException(ErrorCode.INVALID_REQUEST, complaint);
        });
        SortedSet<String> roles = body.has("roles")
                ? UserJson.roles(body)
                : new TreeSet<>(List.of(UserState.wireName(Principal.Role.USER)));
        String fingerprint =
                IdempotencyKey.of(request).map(key -> key.fingerprint(body)).orElse("");
        return users.ask(
                        caller.tenant(),
                        user,
                        replyTo -> new User.Create(name, roles, fingerprint, caller.actor(), replyTo))
                .thenApply(reply -> {
                    User.View view = view(reply);
                    return tagged(Answer.created(USERS + "/" + user, UserJson.user(view)), view);
                });
    }

    private CompletionStage<HttpResponse> list(ApiRequest request) {
        Paging paging = Paging.of(request);
        return users.list(request.caller().tenant(), paging.after(), paging.limit())
                .thenApply(page -> paging.page(page, UserJson::listed));
    }

    private CompletionStage<HttpResponse> issueToken(ApiRequest request) {
        Principal caller = request.caller();
        String user = Names.find(request.path("user"));
        JsonNode body = UserJson.object(request.json());
        String name = UserJson.text(body, "name", "");
        if (name.isBlank()) {
            throw new ProblemException(ErrorCode.INVALID_REQUEST, "name is needed: it tells tokens apart.");
        }
        long seconds = body.path("expiresInSeconds").asLong(UserState.TOKEN_LIFETIME.toSeconds());
        if (seconds < 1 || seconds > UserState.TOKEN_LIFETIME_MAX.toSeconds()) {
            throw new ProblemException(
                    ErrorCode.INVALID_REQUEST,
                    "expiresInSeconds is a number from 1 to " + UserState.TOKEN_LIFETIME_MAX.toSeconds() + ".");
        }
        String id = IdempotencyKey.of(request).map(IdempotencyKey::derivedId).orElseGet(this::randomId);
        BearerToken token = BearerToken.issue(BearerToken.Kind.USER, caller.tenant(), user, random);
        long expiresAt = clock.millis() + seconds * 1_000;
        return ask(request, replyTo -> new User.IssueToken(caller, id, name, token.hash(), expiresAt, replyTo))
                .thenApply(reply -> {
                    User.View view = view(reply);
                    Optional<User.TokenView> issued =
                            Optional.ofNullable(view.tokens().get(id));
                    ObjectNode json = UserJson.token(id, issued.orElseThrow());
                    users.forgetTokens(caller.tenant(), user);
                    return reply instanceof User.TokenIssued known && known.taken()
                            ? Answer.created(USERS + "/" + user, json.put("secret", token.text()))
                            : Answer.json(json);
                });
    }

    private CompletionStage<HttpResponse> erase(ApiRequest request) {
        String user = Names.find(request.path("user"));
        return users.ask(
                        request.caller().tenant(),
                        user,
                        replyTo -> new User.Erase(request.caller(), replyTo),
                        Users.ERASURE_TIMEOUT)
                .thenApply(reply -> {
                    users.forgetTokens(request.caller().tenant(), user);
                    if (!(reply instanceof User.ErasedForGood)) {
                        view(reply);
                    }
                    return Answer.json(JsonNodeFactory.instance
                            .objectNode()
                            .put("user", user)
                            .put("state", "erased"));
                });
    }

    private static ObjectNode me(Principal caller) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("tenant", caller.tenant()).put("user", caller.user());
        ArrayNode roles = json.putArray("roles");
        caller.roles().stream().map(UserState::wireName).sorted().forEach(roles::add);
        if (caller.device() != null) {
            json.put("device", caller.device());
        }
        return json;
    }

    private CompletionStage<HttpResponse> described(
            ApiRequest request, Function<ActorRef<User.Reply>, User.Command> command) {
        return ask(request, command).thenApply(reply -> {
            User.View view = view(reply);
            if (!request.safe()) { // whoever only looks changes nothing that any node has to hear of
                users.forgetTokens(request.caller().tenant(), view.user());
            }
            return tagged(Answer.json(UserJson.user(view)), view);
        });
    }

    private CompletionStage<User.Reply> ask(ApiRequest request, Function<ActorRef<User.Reply>, User.Command> command) {
        String tenant = request.caller().tenant();
        String user = Names.find(request.path("user"));
        return request.safe() ? users.read(tenant, user, command) : users.ask(tenant, user, command);
    }

    private static User.View view(User.Reply reply) {
        return switch (reply) {
            case User.Described described -> described.user();
            case User.TokenIssued issued -> issued.user();
            case User.ErasedForGood erased -> throw new ProblemException(ErrorCode.ERASED, "The user was erased.");
            case User.Refused refused -> throw new ProblemException(refused.code(), refused.detail());
        };
    }

    private static HttpResponse tagged(HttpResponse response, User.View view) {
        return Answer.tagged(response, EntityTag.of(view.version()));
    }

    private String randomId() {
        byte[] bytes = new byte[TOKEN_ID_BYTES];
        random.nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }
}
