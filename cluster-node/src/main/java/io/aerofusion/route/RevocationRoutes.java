package io.aerofusion.route;

import akka.http.javadsl.model.HttpMethods;
import akka.http.javadsl.model.HttpResponse;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.http.Answer;
import io.aerofusion.platform.http.ApiRequest;
import io.aerofusion.platform.http.Endpoint;
import io.aerofusion.platform.http.Paging;
import io.aerofusion.platform.http.ProblemException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Revokes tokens before they expire, on all nodes: by the token's id, by subject, by issuer. */
final class RevocationRoutes {
    /** How long a revocation is kept when nobody says how long its tokens live. */
    static final Duration LIFE_DEFAULT = Duration.ofDays(30);
    /** How long a revocation may be kept. */
    static final Duration LIFE_MAX = Duration.ofDays(366);

    private static final int TEXT_LENGTH_MAX = 512;
    private static final int ID_DIGITS = 24;
    private static final String PATH = "/api/v1/gateway/revocations";
    private static final Set<String> FIELDS = Set.of("jti", "issuer", "subject", "issuedBefore", "expiresAt", "note");
    private static final String TARGET = """
            "jti":{"type":"string","maxLength":512,"description":"one token, of the issuer if that is given"},\
            "issuer":{"type":"string","maxLength":512,"description":"all of its tokens, unless jti or subject say which"},\
            "subject":{"type":"string","maxLength":512,"description":"the tokens of this subject of the issuer"},\
            "issuedBefore":{"type":"string","format":"date-time",\
            "description":"only tokens issued before; without it also those that are issued later"},\
            "expiresAt":{"type":"string","format":"date-time","description":"when the last of the tokens has expired; then the \
            revocation disappears; by default in 30 days, at most in 366"},\
            "note":{"type":"string","maxLength":200}""";
    private static final String REQUEST =
            "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{" + TARGET + "}}";
    private static final String REVOCATION = "{\"type\":\"object\",\"required\":[\"id\",\"expiresAt\",\"at\",\"by\"],"
            + "\"properties\":{\"id\":{\"type\":\"string\"}," + TARGET + ",\"at\":" + GatewayJson.TIME
            + ",\"by\":{\"type\":\"string\"}}}";

    private final GatewayControl control;
    private final RevocationControl revocations;
    private final InstantSource clock;

    RevocationRoutes(GatewayControl control, RevocationControl revocations, InstantSource clock) {
        this.control = control;
        this.revocations = revocations;
        this.clock = clock;
    }

    List<Endpoint> endpoints() {
        return List.of(
                new Endpoint(
                        HttpMethods.POST,
                        PATH,
                        "revokeTokens",
                        "Refuse tokens that have not expired, on all nodes, from now on; the same again replaces it",
                        Endpoint.Access.OPERATOR,
                        List.of(),
                        REQUEST,
                        List.of(
                                GatewayJson.reply(201, "Revoked", REVOCATION),
                                GatewayJson.reply(200, "Replaced the revocation of the same", REVOCATION)),
                        this::revoke),
                new Endpoint(
                        HttpMethods.GET,
                        PATH,
                        "listRevocations",
                        "What is revoked",
                        Endpoint.Access.OPERATOR,
                        Paging.PARAMETERS,
                        "",
                        List.of(GatewayJson.reply(200, "A page", Paging.schema(REVOCATION))),
                        this::list),
                new Endpoint(
                        HttpMethods.DELETE,
                        PATH + "/{revocation}",
                        "liftRevocation",
                        "Let the tokens count again that have not expired",
                        Endpoint.Access.OPERATOR,
                        List.of(),
                        "",
                        List.of(new Endpoint.Reply(204, "Lifted", "", "")),
                        this::lift));
    }

    private CompletionStage<HttpResponse> revoke(ApiRequest request) {
        control.require(request);
        Revocation revocation = revocation(request, clock.millis());
        return revocations.revoke(revocation).thenApply(reply -> switch (reply) {
            case Revocations.Revoked revoked ->
                revoked.replaced()
                        ? Answer.json(shown(revocation))
                        : Answer.created(PATH + "/" + revocation.id(), shown(revocation));
            case Revocations.Lifted lifted -> throw new IllegalStateException("nobody asked to lift anything");
            case Revocations.Refused refused -> throw new ProblemException(refused.code(), refused.detail());
        });
    }

    private static Revocation revocation(ApiRequest request, long now) {
        RequestFields fields = RequestFields.of(request.json(), FIELDS);
        String jti = fields.text("jti", TEXT_LENGTH_MAX);
        String issuer = fields.text("issuer", TEXT_LENGTH_MAX);
        String subject = fields.text("subject", TEXT_LENGTH_MAX);
        String note = fields.text("note", GatewayJson.Requests.NOTE_LENGTH_MAX);
        Long issuedBefore = fields.time("issuedBefore");
        Long expiresAt = fields.time("expiresAt");
        if (jti == null && issuer == null) {
            throw RequestFields.invalid("Give jti, or issuer, or subject and issuer.");
        }
        if (jti != null && (subject != null || issuedBefore != null)) {
            throw RequestFields.invalid("jti names one token: leave out subject and issuedBefore.");
        }
        if (issuedBefore != null && issuedBefore <= 0) {
            throw RequestFields.invalid("issuedBefore is a time after 1970.");
        }
        long end = expiresAt == null ? now + LIFE_DEFAULT.toMillis() : expiresAt;
        if (end <= now || end - now > LIFE_MAX.toMillis()) {
            throw RequestFields.invalid("expiresAt lies ahead, at most " + LIFE_MAX.toDays() + " days.");
        }
        return new Revocation(
                id(jti, issuer, subject),
                jti,
                issuer,
                subject,
                issuedBefore == null ? 0 : issuedBefore,
                end,
                note == null ? "" : note,
                request.caller().actor(),
                now);
    }

    /** Of what is revoked, so that the same is never revoked twice. */
    private static String id(@Nullable String jti, @Nullable String issuer, @Nullable String subject) {
        String target = JsonNodeFactory.instance
                .arrayNode()
                .add(jti)
                .add(issuer)
                .add(subject)
                .toString();
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(target.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest).substring(0, ID_DIGITS);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    private CompletionStage<HttpResponse> list(ApiRequest request) {
        control.require(request);
        Paging paging = Paging.of(request);
        List<Revocation> after = revocations.state().living(clock.millis()).stream()
                .filter(revocation -> revocation.id().compareTo(paging.after()) > 0)
                .toList();
        List<Revocation> page = after.subList(0, Math.min(paging.limit(), after.size()));
        return Answer.now(paging.page(
                page.stream().map(RevocationRoutes::shown).toList(),
                page.size() < after.size() ? page.getLast().id() : null));
    }

    private CompletionStage<HttpResponse> lift(ApiRequest request) {
        control.require(request);
        return revocations
                .lift(request.path("revocation"), request.caller().actor())
                .thenApply(reply -> switch (reply) {
                    case Revocations.Lifted lifted -> {
                        if (lifted.revision() == 0) {
                            throw new ProblemException(ErrorCode.NOT_FOUND, "There is no such revocation.");
                        }
                        yield Answer.nothing();
                    }
                    case Revocations.Revoked revoked ->
                        throw new IllegalStateException("nobody asked to revoke anything");
                    case Revocations.Refused refused -> throw new ProblemException(refused.code(), refused.detail());
                });
    }

    private static ObjectNode shown(Revocation revocation) {
        ObjectNode json = JsonNodeFactory.instance.objectNode().put("id", revocation.id());
        put(json, "jti", revocation.jti());
        put(json, "issuer", revocation.issuer());
        put(json, "subject", revocation.subject());
        if (revocation.issuedBefore() > 0) {
            json.put("issuedBefore", time(revocation.issuedBefore()));
        }
        json.put("expiresAt", time(revocation.expiresAt()));
        if (!revocation.note().isEmpty()) {
            json.put("note", revocation.note());
        }
        return json.put("at", time(revocation.at())).put("by", revocation.by());
    }

    private static void put(ObjectNode json, String field, @Nullable String text) {
        if (text != null) {
            json.put(field, text);
        }
    }

    private static String time(long millis) {
        return Instant.ofEpochMilli(millis).toString();
    }
}
