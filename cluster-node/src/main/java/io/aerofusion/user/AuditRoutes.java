package io.aerofusion.user;

import akka.http.javadsl.model.HttpMethods;
import akka.http.javadsl.model.HttpResponse;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.http.ApiRequest;
import io.aerofusion.platform.http.Endpoint;
import io.aerofusion.platform.http.Paging;
import io.aerofusion.platform.http.ProblemException;
import io.aerofusion.platform.persistence.AuditLog;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;

/** Reads the audit log: who did what, the last recorded first; entries of one entity in the order of its events. */
final class AuditRoutes {
    private static final String TIME = "{\"type\":\"string\",\"format\":\"date-time\"}";
    private static final String ENTRY = """
            {"type":"object","properties":{"number":{"type":"integer","description":"without gaps"},"at":%s,\
            "entity":{"type":"string"},"action":{"type":"string"},\
            "actor":{"type":["string","null"],"description":"null when the person it is about was erased"},\
            "details":{"type":"object","additionalProperties":{"type":"string"}}}}""".formatted(TIME);

    private final AuditLog audit;
    private final Executor blocking;

    AuditRoutes(AuditLog audit, Executor blocking) {
        this.audit = audit;
        this.blocking = blocking;
    }

    Endpoint endpoint() {
        List<Endpoint.Parameter> parameters = new ArrayList<>(List.of(
                Endpoint.Parameter.query("actor", "Done by, such as user:alice", "{\"type\":\"string\"}"),
                Endpoint.Parameter.query("subject", "About this user or what the user owns", "{\"type\":\"string\"}"),
                Endpoint.Parameter.query("entity", "Done to, such as Device|default|phone", "{\"type\":\"string\"}"),
                Endpoint.Parameter.query("since", "Done then or later", TIME),
                Endpoint.Parameter.query("until", "Done before", TIME)));
        parameters.addAll(Paging.PARAMETERS);
        return new Endpoint(
                HttpMethods.GET,
                "/api/v1/audit",
                "readAudit",
                "Who did what, the last recorded first",
                Endpoint.Access.OPERATOR,
                parameters,
                "",
                List.of(Endpoint.Reply.json(200, "A page", Paging.schema(ENTRY))),
                this::read);
    }

    private CompletionStage<HttpResponse> read(ApiRequest request) {
        Paging paging = Paging.of(request);
        if (!paging.after().isEmpty() && !paging.after().matches("[0-9]{1,18}")) {
            throw new ProblemException(ErrorCode.BAD_CURSOR, "cursor is not one that this API gave out.");
        }
        String tenant = request.caller().tenant();
        AuditLog.Query query = new AuditLog.Query(
                tenant,
                request.query("entity").orElse(""),
                request.query("actor").orElse(""),
                request.query("subject").map(user -> tenant + "|" + user).orElse(""),
                request.time("since").orElse(0L),
                request.time("until").orElse(Long.MAX_VALUE),
                paging.after(),
                paging.limit());
        return CompletableFuture.supplyAsync(() -> audit.search(query), blocking)
                .thenApply(page -> paging.page(page, AuditRoutes::json));
    }

    private static ObjectNode json(AuditLog.Recorded entry) {
        ObjectNode json = JsonNodeFactory.instance
                .objectNode()
                .put("number", entry.number())
                .put("at", UserJson.time(entry.at()))
                .put("entity", entry.entity())
                .put("action", entry.action())
                .put("actor", entry.actor().orElse(null));
        ObjectNode details = json.putObject("details");
        entry.details().forEach(details::put);
        return json;
    }
}
