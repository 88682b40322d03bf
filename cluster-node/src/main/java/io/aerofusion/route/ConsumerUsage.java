package io.aerofusion.route;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.aerofusion.platform.cluster.RevisionedMessage.Holding;
import java.util.List;
import java.util.Optional;

/** How much a consumer did, summed over what nodes tell of it in their status. */
final class ConsumerUsage {
    private ConsumerUsage() {}

    /** Since the start of each node; empty if no node tells anything of it, as when it did nothing, or little beside many others. */
    static Optional<ObjectNode> of(List<Holding> nodes, String consumer) {
        long requests = 0;
        long errors = 0;
        long active = 0;
        int told = 0;
        for (Holding node : nodes) {
            for (JsonNode counts : node.detail().path("consumers")) {
                if (counts.path("name").asText().equals(consumer)) {
                    requests += counts.path("requests").asLong();
                    errors += counts.path("errors").asLong();
                    active += counts.path("active").asLong();
                    told++;
                }
            }
        }
        return told == 0
                ? Optional.empty()
                : Optional.of(JsonNodeFactory.instance
                        .objectNode()
                        .put("requests", requests)
                        .put("errors", errors)
                        .put("active", active)
                        .put("nodes", told));
    }
}
