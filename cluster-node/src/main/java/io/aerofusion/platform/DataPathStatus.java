package io.aerofusion.platform;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.aerofusion.gateway.Gateway;
import io.aerofusion.gateway.GatewayCounters;
import io.aerofusion.gateway.upstream.UpstreamState;
import io.aerofusion.gateway.usage.Usage;
import java.util.Comparator;
import java.util.List;

/** What {@code GET /api/v1/gateway/status} says of one node's data path. */
final class DataPathStatus {
    /** Upstreams, and endpoints of one, that are told; it travels between nodes in one message. */
    private static final int UPSTREAMS_MAX = 500;

    private static final int ENDPOINTS_MAX = 20;
    /** Routes, and consumers, that are told: those with the most requests. */
    private static final int COUNTED_MAX = 200;

    private DataPathStatus() {}

    static JsonNode of(Gateway gateway, String failure) {
        ObjectNode json = JsonNodeFactory.instance.objectNode().put("serving", gateway.generation());
        if (!failure.isEmpty()) {
            json.put("failure", failure);
        }
        ArrayNode listeners = json.putArray("listeners");
        gateway.doors()
                .forEach(door -> listeners
                        .addObject()
                        .put("name", door.name())
                        .put("port", door.port())
                        .put("hostname", door.hostname())
                        .put("tls", door.tls()));
        GatewayCounters counters = gateway.counters();
        json.putObject("counters")
                .put("connections", gateway.connections())
                .put("requests", counters.requestsFinished.sum())
                .put("inFlight", counters.requestsStarted.sum() - counters.requestsFinished.sum())
                .put("serverErrors", counters.responses(5).sum())
                .put("clientErrors", counters.responses(4).sum())
                .put("retries", counters.retries.sum());
        Usage usage = gateway.usage();
        usage(json.putArray("routes"), usage.routes());
        usage(json.putArray("consumers"), usage.consumers());
        ArrayNode upstreams = json.putArray("upstreams");
        gateway.upstreamStates().stream().limit(UPSTREAMS_MAX).forEach(state -> upstream(upstreams.addObject(), state));
        return json;
    }

    private static void usage(ArrayNode json, List<Usage.Counts> all) {
        all.stream()
                .sorted(Comparator.comparingLong(Usage.Counts::requests).reversed())
                .limit(COUNTED_MAX)
                .forEach(counts -> json.addObject()
                        .put("name", counts.name())
                        .put("requests", counts.requests())
                        .put("errors", counts.errors())
                        .put("active", counts.active())
                        .put("p50Ms", counts.durations().quantileMs(0.5))
                        .put("p95Ms", counts.durations().quantileMs(0.95))
                        .put("p99Ms", counts.durations().quantileMs(0.99)));
    }

    private static void upstream(ObjectNode json, UpstreamState state) {
        json.put("name", state.name())
                .put("panic", state.panic())
                .put("active", state.active())
                .put("pending", state.pending())
                .put("requests", state.requests())
                .put("refused", state.refused())
                .put("retries", state.retries());
        if (!state.endpointsFailure().isEmpty()) {
            json.put("endpointsFailure", state.endpointsFailure());
        }
        ArrayNode endpoints = json.putArray("endpoints");
        state.endpoints().stream()
                .limit(ENDPOINTS_MAX)
                .forEach(endpoint -> endpoints
                        .addObject()
                        .put("address", endpoint.address())
                        .put("priority", endpoint.priority())
                        .put("healthy", endpoint.healthy())
                        .put("ejectedForMs", endpoint.ejectedFor().toMillis())
                        .put("requests", endpoint.requests())
                        .put("serverErrors", endpoint.serverErrors())
                        .put("failures", endpoint.failures()));
    }
}
