package io.aerofusion.space;

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
import io.aerofusion.platform.http.Paging;
import io.aerofusion.platform.http.ProblemException;
import io.aerofusion.platform.security.Principal;
import io.aerofusion.space.wire.HttpBodies;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The API to what people look into and decide: conflicts, quarantine, and the history of documents. */
final class DecisionRoutes {
    private final SpaceAsk spaces;
    private final SpaceHistory history;

    DecisionRoutes(SpaceAsk spaces, SpaceHistory history) {
        this.spaces = spaces;
        this.history = history;
    }

    List<Endpoint> endpoints() {
        return List.of(
                SpaceRoutes.endpoint(
                        HttpMethods.GET,
                        "/{space}/conflicts",
                        "listConflicts",
                        "What waits for somebody to choose: paths, and whole documents, with the policy manual",
                        "",
                        SpaceRoutes.ok(Paging.schema(SpaceSchemas.CONFLICT_QUEUED)),
                        Paging.PARAMETERS,
                        this::conflicts),
                SpaceRoutes.endpoint(
                        HttpMethods.POST,
                        "/{space}/conflicts/resolve",
                        "resolveConflict",
                        "Settles a path, or with the path \"\" a document; the value replaces all that waits",
                        SpaceSchemas.RESOLUTION,
                        SpaceRoutes.ok(SpaceSchemas.CURSOR),
                        this::resolve),
                SpaceRoutes.endpoint(
                        HttpMethods.GET,
                        "/{space}/quarantine",
                        "listQuarantine",
                        "Changes of devices that were away too long",
                        "",
                        SpaceRoutes.ok(Paging.schema(SpaceSchemas.QUARANTINED)),
                        Paging.PARAMETERS,
                        this::quarantine),
                SpaceRoutes.endpoint(
                        HttpMethods.POST,
                        "/{space}/quarantine/{device}/{seq}",
                        "decideQuarantine",
                        "Applies or drops a change in quarantine",
                        SpaceSchemas.QUARANTINE_DECISION,
                        SpaceRoutes.ok(SpaceSchemas.CURSOR),
                        this::decide),
                SpaceRoutes.endpoint(
                        HttpMethods.GET,
                        "/{space}/documents/{collection}/{id}/history",
                        "readHistory",
                        "What was done to a document, oldest first, from the journal",
                        "",
                        SpaceRoutes.ok(SpaceSchemas.HISTORY),
                        List.of(query("from", "the next of the answer before; the beginning when missing", "integer")),
                        this::history),
                SpaceRoutes.endpoint(
                        HttpMethods.GET,
                        "/{space}/documents/{collection}/{id}/as-of",
                        "readDocumentAsOf",
                        "A document as it was after an operation of this region, or at a time",
                        "",
                        SpaceRoutes.ok("{\"type\":\"object\"}"),
                        List.of(
                                query("number", "an operation's number, as in the history", "integer"),
                                query("time", "such as 2026-11-21T08:00:00Z", "string")),
                        this::asOf));
    }

    private static Endpoint.Parameter query(String name, String description, String type) {
        return new Endpoint.Parameter("query", name, false, description, "{\"type\":\"" + type + "\"}");
    }

    private CompletionStage<HttpResponse> conflicts(ApiRequest request) {
        Paging paging = Paging.of(request);
        int bar = paging.after().indexOf('\n');
        DocumentKey after = bar < 0
                ? null
                : new DocumentKey(
                        paging.after().substring(0, bar), paging.after().substring(bar + 1));
        return spaces.ask(
                        request,
                        Space.Conflicts.class,
                        replyTo -> new Space.ListConflicts(request.caller(), after, paging.limit(), replyTo))
                .thenApply(found -> {
                    List<QueuedConflict> conflicts = found.conflicts();
                    long documents = conflicts.stream()
                            .map(conflict -> new DocumentKey(conflict.collection(), conflict.id()))
                            .distinct()
                            .count();
                    String last = documents < paging.limit()
                            ? null
                            : conflicts.getLast().collection() + "\n"
                                    + conflicts.getLast().id();
                    return paging.page(
                            conflicts.stream().map(DecisionRoutes::json).toList(), last);
                });
    }

    private static ObjectNode json(QueuedConflict conflict) {
        ObjectNode json = JsonNodeFactory.instance
                .objectNode()
                .put("collection", conflict.collection())
                .put("id", conflict.id())
                .put("path", conflict.path());
        json.set("live", json(conflict.live()));
        ArrayNode waiting = json.putArray("waiting");
        conflict.waiting().forEach(choice -> waiting.add(json(choice)));
        return json;
    }

    private static ObjectNode json(QueuedConflict.Choice choice) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        if (choice.value() != null) {
            json.set("value", choice.value());
        }
        json.set("stamp", HttpBodies.stamp(choice.stamp()));
        return json;
    }

    private CompletionStage<HttpResponse> resolve(ApiRequest request) {
        ObjectNode body = SpaceRoutes.object(request.json(), "collection", "id", "path", "value");
        return done(
                request,
                replyTo -> new Space.ResolveConflict(
                        request.caller(),
                        required(body, "collection"),
                        required(body, "id"),
                        required(body, "path"),
                        body.get("value"),
                        replyTo));
    }

    private CompletionStage<HttpResponse> quarantine(ApiRequest request) {
        Paging paging = Paging.of(request);
        Space.Held after = held(paging.after());
        return spaces.ask(
                        request,
                        Space.Quarantine.class,
                        replyTo -> new Space.ListQuarantine(request.caller(), after, paging.limit(), replyTo))
                .thenApply(found -> {
                    List<Quarantined> held = found.held();
                    String last = held.size() < paging.limit() ? null : key(held.getLast());
                    return paging.page(held.stream().map(DecisionRoutes::json).toList(), last);
                });
    }

    private static String key(Quarantined held) {
        return held.at() + "\n" + held.seq() + "\n" + held.device();
    }

    /** Reads {@link #key}; null for the beginning. */
    private static Space.@Nullable Held held(String key) {
        String[] parts = key.split("\n", 3);
        try {
            return parts.length < 3
                    ? null
                    : new Space.Held(Long.parseLong(parts[0]), parts[2], Long.parseLong(parts[1]));
        } catch (NumberFormatException e) {
            throw new ProblemException(ErrorCode.BAD_CURSOR, "The cursor is not one of this list.");
        }
    }

    private static ObjectNode json(Quarantined held) {
        ObjectNode json = JsonNodeFactory.instance
                .objectNode()
                .put("device", held.device())
                .put("seq", held.seq())
                .put("at", Instant.ofEpochMilli(held.at()).toString());
        json.setAll(HttpBodies.mutation(held.mutation()));
        return json;
    }

    private CompletionStage<HttpResponse> decide(ApiRequest request) {
        JsonNode accept = SpaceRoutes.object(request.json(), "accept").path("accept");
        if (!accept.isBoolean()) {
            throw new ProblemException(ErrorCode.INVALID_REQUEST, "accept is true or false.");
        }
        long seq;
        try {
            seq = Long.parseLong(request.path("seq"));
        } catch (NumberFormatException e) {
            throw new ProblemException(ErrorCode.NOT_FOUND, "A change is named by device and number.");
        }
        return done(
                request,
                replyTo -> new Space.DecideQuarantine(
                        request.caller(), request.path("device"), seq, accept.booleanValue(), replyTo));
    }

    private CompletionStage<HttpResponse> done(
            ApiRequest request, Function<ActorRef<Space.Reply>, Space.Command> command) {
        return spaces.ask(request, Space.Done.class, command)
                .thenApply(done ->
                        Answer.json(JsonNodeFactory.instance.objectNode().put("cursor", done.cursor())));
    }

    private CompletionStage<HttpResponse> history(ApiRequest request) {
        Principal caller = request.caller();
        DocumentKey document = new DocumentKey(request.path("collection"), request.path("id"));
        long from = SyncRoutes.number(request, "from", 1, 1, Long.MAX_VALUE);
        return spaces.ask(request, Space.Done.class, replyTo -> new Space.Admit(caller, replyTo))
                .thenCompose(admitted -> history.of(caller.tenant(), request.path("space"), document, from))
                .thenApply(part -> {
                    ObjectNode json = JsonNodeFactory.instance.objectNode();
                    ArrayNode items = json.putArray("items");
                    part.entries().forEach(entry -> items.add(json(entry)));
                    if (part.next() > 0) {
                        json.put("next", part.next());
                    }
                    return Answer.json(json);
                });
    }

    private CompletionStage<HttpResponse> asOf(ApiRequest request) {
        Principal caller = request.caller();
        DocumentKey document = new DocumentKey(request.path("collection"), request.path("id"));
        SpaceHistory.Until until = new SpaceHistory.Until(
                request.query("number").isPresent() ? SyncRoutes.number(request, "number", 0, 0, Long.MAX_VALUE) : null,
                request.time("time").orElse(null));
        if ((until.number() == null) == (until.atMillis() == null)) {
            throw new ProblemException(ErrorCode.INVALID_REQUEST, "Name either a number or a time.");
        }
        return spaces.ask(request, Space.Done.class, replyTo -> new Space.Admit(caller, replyTo))
                .thenCompose(admitted -> history.asOf(caller.tenant(), request.path("space"), document, until))
                .thenApply(state -> Answer.json(state.document(document.collection(), document.id())
                        .orElseThrow(
                                () -> new ProblemException(ErrorCode.NOT_FOUND, "The document did not exist then."))));
    }

    private static ObjectNode json(SpaceHistory.Entry entry) {
        ObjectNode json = JsonNodeFactory.instance
                .objectNode()
                .put("number", entry.operation().number())
                .put("region", entry.region())
                .put("at", Instant.ofEpochMilli(entry.at()).toString())
                .put("device", entry.device())
                .put("seq", entry.operation().seq());
        switch (entry.operation().kind()) {
            case Operation.Delete delete -> json.put("deleted", true);
            case Operation.Update update -> {
                json.putObject("set").setAll(update.set());
                ArrayNode unset = json.putArray("unset");
                update.unset().forEach(unset::add);
                ArrayNode edited = json.putArray("edited");
                ArrayNode edits = json.putArray("edits");
                update.edits().forEach(edit -> {
                    edited.add(edit.path());
                    edits.add(json(edit));
                });
            }
        }
        return json;
    }

    /** What an operation did to a path that is more than last-writer-wins, in the words of a push. */
    private static ObjectNode json(CellEdit edit) {
        ObjectNode json = JsonNodeFactory.instance.objectNode().put("path", edit.path());
        switch (edit) {
            case CellEdit.Increment increment -> json.put("inc", increment.by());
            case CellEdit.Extreme extreme -> json.set("set", extreme.value());
            case CellEdit.First first -> setOrUnset(json, first.value());
            case CellEdit.Candidate candidate -> setOrUnset(json, candidate.value());
            case CellEdit.Clear clear -> json.put("unset", true);
            case CellEdit.Elements elements -> {
                elements.added().forEach(value -> json.withArray("/add").add(value));
                elements.removed().forEach(dot -> json.withArray("/removed").add(dot.toString()));
            }
            case CellEdit.Items items -> {
                items.added().forEach(item -> json.withArray("/insert").add(item.value()));
                items.removed().forEach(dot -> json.withArray("/removed").add(dot.toString()));
            }
        }
        return json;
    }

    private static void setOrUnset(ObjectNode json, @Nullable JsonNode value) {
        if (value == null) {
            json.put("unset", true);
        } else {
            json.set("set", value);
        }
    }

    private static String required(ObjectNode body, String name) {
        JsonNode value = body.path(name);
        if (!value.isTextual()) {
            throw new ProblemException(ErrorCode.INVALID_REQUEST, name + " is a string.");
        }
        return value.textValue();
    }
}
