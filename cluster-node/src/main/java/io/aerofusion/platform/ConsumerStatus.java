package io.aerofusion.platform;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.aerofusion.gateway.security.ConsumerRights;
import io.aerofusion.route.PolicySpec;
import io.aerofusion.route.ResourceCodec;
import java.util.List;
import java.util.Locale;

/** What the portal tells of a consumer: where it may go, and how often. */
final class ConsumerStatus {
    private ConsumerStatus() {}

    static ObjectNode rights(List<ConsumerRights.Right> rights) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        ArrayNode routes = json.putArray("routes");
        for (ConsumerRights.Right right : rights) {
            ObjectNode route = routes.addObject()
                    .put("kind", right.rule().kind().label())
                    .put("route", right.rule().route());
            if (right.rule().name() != null) {
                route.put("rule", right.rule().name());
            }
            route.put("access", right.access().name().toLowerCase(Locale.ROOT));
            if (right.apiKey() != null) {
                ObjectNode key = route.putObject("apiKey");
                right.apiKey().headers().forEach(key.putArray("headers")::add);
                right.apiKey().queryParams().forEach(key.putArray("queryParams")::add);
            }
            limits(route.putArray("limits"), right.limits());
        }
        return json;
    }

    private static void limits(ArrayNode json, List<PolicySpec.RateLimit> limits) {
        // with the names and words that the policy has them under
        var written = ResourceCodec.json(new PolicySpec(
                List.of(), null, null, limits, null, null, null, null, null, null, null, null, null, null));
        written.path("rateLimit").forEach(limit -> {
            ObjectNode shown = json.addObject();
            for (String field : List.of("requests", "unit", "burst", "key", "name", "scope", "dryRun")) {
                if (limit.has(field)) {
                    shown.set(field, limit.get(field));
                }
            }
        });
    }
}
