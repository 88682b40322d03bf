package io.aerofusion.gateway.routing;

import io.aerofusion.route.PolicySpec;
import java.util.Map;

/**
 * What of all policies applies to one thing, merged.
 *
 * @param spec the merged policy; what no policy says is null
 * @param origins for each field that is set, by its name in documents, the policy that said it
 */
public record EffectivePolicy(PolicySpec spec, Map<String, String> origins) {
    /** No policy. */
    public static final EffectivePolicy NONE = new EffectivePolicy(PolicySpec.NONE, Map.of());

    public EffectivePolicy {
        origins = Map.copyOf(origins);
    }
}
