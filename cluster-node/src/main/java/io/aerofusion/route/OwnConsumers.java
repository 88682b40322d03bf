package io.aerofusion.route;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.typesafe.config.Config;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.http.ApiRequest;
import io.aerofusion.platform.http.ProblemException;
import io.aerofusion.platform.security.Principal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Consumers that belong to users. They are resources like all others, part of every generation, and marked with their owner by a label.
 * An operator can hand a consumer over by setting that label.
 */
final class OwnConsumers {
    /** The label with the owner's name. */
    static final String OWNER = "portal.owner";
    /** The label with what the owner calls it. */
    static final String TITLE = "portal.title";

    static final int TITLE_LENGTH_MAX = 60;
    private static final int NAME_LENGTH_MAX = 40;
    private static final int ATTEMPTS_MAX = 5;
    /** Users whose changes of the last minute are counted at once; beyond it the oldest counts are forgotten. */
    private static final int COUNTED_MAX = 10_000;

    /**
     * What the portal allows.
     *
     * @param roles that consumers of users get
     * @param changesMax of one user in a minute, on this node
     */
    record Settings(boolean enabled, int consumersMax, int keysMax, int changesMax, List<String> roles) {
        static Settings of(Config portal) {
            return new Settings(
                    portal.getBoolean("enabled"),
                    portal.getInt("consumers-per-user-max"),
                    portal.getInt("keys-per-consumer-max"),
                    portal.getInt("changes-per-minute-max"),
                    List.copyOf(portal.getStringList("roles")));
        }
    }

    private final GatewayControl control;
    private final Settings settings;
    private final Cache<String, AtomicInteger> changes = Caffeine.newBuilder()
            .maximumSize(COUNTED_MAX)
            .expireAfterWrite(Duration.ofMinutes(1))
            .build();

    OwnConsumers(GatewayControl control, Settings settings) {
        this.control = control;
        this.settings = settings;
    }

    Settings settings() {
        return settings;
    }

    /** The user who asks. */
    String user(ApiRequest request) {
        control.require(request);
        if (request.caller().device() != null) {
            throw new ProblemException(ErrorCode.FORBIDDEN, "A device has no consumers: use a token of its owner.");
        }
        return request.caller().user();
    }

    /** The user who asks for a change; it is counted. */
    String change(ApiRequest request) {
        String user = user(request);
        if (!settings.enabled()) {
            throw new ProblemException(ErrorCode.FORBIDDEN, "Users make no consumers here: ask an operator for one.");
        }
        AtomicInteger count = changes.get(user, first -> new AtomicInteger());
        if (count != null && count.incrementAndGet() > settings.changesMax()) {
            throw new ProblemException(
                    ErrorCode.RATE_LIMITED, "At most " + settings.changesMax() + " changes in a minute.");
        }
        return user;
    }

    /** Those of a user, by name. */
    List<Configuration.Item> of(String user) {
        return of(control.configuration(), user);
    }

    private static List<Configuration.Item> of(Configuration configuration, String user) {
        return configuration
                .items()
                .subMap(new ResourceKey(Kind.CONSUMER, ""), true, new ResourceKey(Kind.CONSUMER, "\uffff"), true)
                .values()
                .stream()
                .filter(item -> owns(user, item.document()))
                .toList();
    }

    private static boolean owns(String user, JsonNode document) {
        return document.path("metadata").path("labels").path(OWNER).asText("").equals(user);
    }

    /** The roles of the settings, without those of the platform that the user does not have. */
    List<String> rolesFor(Principal user) {
        return settings.roles().stream()
                .filter(role -> platformRole(role).map(user::is).orElse(true))
                .toList();
    }

    private static Optional<Principal.Role> platformRole(String name) {
        for (Principal.Role role : Principal.Role.values()) {
            if (role.name().equalsIgnoreCase(name)) {
                return Optional.of(role);
            }
        }
        return Optional.empty();
    }

    /** Makes one; the number of those that there are is held against the bound in the same change. */
    CompletionStage<JsonNode> create(ApiRequest request) {
        String title = request.json().path("title").asText("").strip();
        if (title.isEmpty()
                || title.length() > TITLE_LENGTH_MAX
                || title.chars().anyMatch(c -> c < 0x20 || c == 0x7f)) {
            throw new ProblemException(
                    ErrorCode.INVALID_REQUEST, "title is a text of 1 to " + TITLE_LENGTH_MAX + " characters.");
        }
        return create(request, title, ATTEMPTS_MAX);
    }

    private CompletionStage<JsonNode> create(ApiRequest request, String title, int attempts) {
        Configuration now = control.configuration();
        String user = request.caller().user();
        if (of(now, user).size() >= settings.consumersMax()) {
            throw new ProblemException(
                    ErrorCode.PORTAL_LIMIT_REACHED, "You may have " + settings.consumersMax() + " consumers.");
        }
        ObjectNode document = document(request.caller(), title);
        ResourceKey key = new ResourceKey(
                Kind.CONSUMER, document.path("metadata").path("name").asText());
        ChangeSet set = new ChangeSet(
                List.of(new ChangeSet.Wanted(document, ChangeSet.ABSENT)),
                List.of(),
                false,
                now.generation(),
                "consumer of " + user,
                0);
        return control.publish(request, set, false).thenCompose(reply -> switch (reply) {
            case Publication.Published published ->
                CompletableFuture.<JsonNode>completedFuture(control.configuration()
                        .find(key)
                        .map(Configuration.Item::document)
                        .orElse(document));
            case Publication.Refused refused -> {
                if (refused.code() != ErrorCode.PRECONDITION_FAILED || attempts == 1) {
                    throw GatewayJson.problem(refused);
                }
                // something else was published meanwhile: count again
                yield control.refreshed(now.generation() + 1)
                        .thenCompose(newer -> create(request, title, attempts - 1));
            }
        });
    }

    private ObjectNode document(Principal user, String title) {
        ObjectNode document = JsonNodeFactory.instance.objectNode().put("kind", Kind.CONSUMER.label());
        ObjectNode metadata = document.putObject("metadata").put("name", name(user.user(), title));
        metadata.putObject("labels").put(OWNER, user.user()).put(TITLE, title);
        ObjectNode spec = document.putObject("spec");
        rolesFor(user).forEach(spec.putArray("roles")::add);
        spec.putObject("labels").put("portal", "true");
        return document;
    }

    /** A name that no other user's consumer has, so that nobody takes names from others. */
    private static String name(String user, String title) {
        String plain =
                title.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-").replaceAll("^-+|-+$", "");
        String cut =
                (plain.length() > NAME_LENGTH_MAX ? plain.substring(0, NAME_LENGTH_MAX) : plain).replaceAll("-+$", "");
        return (cut.isEmpty() ? "app" : cut) + ".u-"
                + ConsumerKeys.sha256("portal|" + user).substring(0, 12);
    }

    /** Removes the one that the path names. */
    CompletionStage<Publication.Reply> delete(ApiRequest request) {
        String name = request.path("name");
        Configuration.Item item = control.configuration()
                .find(new ResourceKey(Kind.CONSUMER, name))
                .orElseThrow(() -> missing(name));
        mayChange(request.caller().user(), item.document());
        return control.publish(request, ChangeSet.remove(Kind.CONSUMER, name, item.version(), "by its owner"), false)
                .thenApply(reply -> switch (reply) {
                    case Publication.Published published -> published;
                    case Publication.Refused refused -> throw GatewayJson.problem(refused);
                });
    }

    /** Throws unless the consumer is the user's. Of those of others it is not told that they are there. */
    void mayChange(String user, JsonNode document) {
        if (!owns(user, document)) {
            throw missing(document.path("metadata").path("name").asText());
        }
    }

    /** Throws unless the consumer is the user's and may have one more key. */
    void mayIssue(String user, JsonNode document) {
        mayChange(user, document);
        if (document.at("/spec/credentials").size() >= settings.keysMax()) {
            throw new ProblemException(
                    ErrorCode.PORTAL_LIMIT_REACHED, "A consumer may have " + settings.keysMax() + " keys.");
        }
    }

    private static ProblemException missing(String name) {
        return new ProblemException(ErrorCode.NOT_FOUND, "You have no consumer " + name + ".");
    }

    /** Removes all of a user who is being erased; safe to repeat. */
    CompletionStage<Void> forget(String user, String by) {
        return forget(user, by, ATTEMPTS_MAX);
    }

    private CompletionStage<Void> forget(String user, String by, int attempts) {
        Configuration now = control.configuration();
        List<ChangeSet.Removed> removed = new ArrayList<>();
        for (Configuration.Item item : of(now, user)) {
            removed.add(new ChangeSet.Removed(
                    Kind.CONSUMER, item.document().path("metadata").path("name").asText(), null));
        }
        if (removed.isEmpty()) {
            return CompletableFuture.completedFuture(null);
        }
        ChangeSet set = new ChangeSet(List.of(), removed, false, null, "their owner was erased", 0);
        return control.publish(set, false, by).thenCompose(reply -> switch (reply) {
            case Publication.Published published -> CompletableFuture.<Void>completedFuture(null);
            case Publication.Refused refused -> {
                if (attempts == 1) {
                    throw GatewayJson.problem(refused);
                }
                yield control.refreshed(now.generation() + 1).thenCompose(newer -> forget(user, by, attempts - 1));
            }
        });
    }
}
