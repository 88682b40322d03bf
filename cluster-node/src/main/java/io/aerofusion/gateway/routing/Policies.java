package io.aerofusion.gateway.routing;

import io.aerofusion.route.Kind;
import io.aerofusion.route.PolicySpec;
import io.aerofusion.route.PolicySpec.TargetKind;
import io.aerofusion.route.Problem;
import io.aerofusion.route.Resource;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Which policy says what of which target. The more specific word wins, field by field: rule before route before gateway. Two policies
 * that set the same field of the same target contradict each other and are refused.
 */
final class Policies {
    private static final Map<String, Function<PolicySpec, @Nullable Object>> FIELDS = fields();
    /** What is done at an upstream; the rest is decided before one is chosen. */
    private static final Set<String> OF_UPSTREAMS = Set.of("retry", "timeout");
    /** A preflight and a GET are no calls of gRPC. */
    private static final Set<String> NOT_OF_GRPC = Set.of("cors", "cache");

    private final Map<String, Resource> byName = new HashMap<>();
    private final Map<Target, Layer> layers = new HashMap<>();
    private final Problems problems;

    private record Target(TargetKind kind, String name, String section) {}

    private record Layer(PolicySpec spec, Map<String, String> origins) {
        static final Layer NONE = new Layer(PolicySpec.NONE, Map.of());
    }

    Policies(List<Resource> policies, Problems problems) {
        this.problems = problems;
        for (Resource policy : policies) {
            byName.put(policy.name(), policy);
            mustHaveEffect(policy);
            for (PolicySpec.TargetRef ref : ((PolicySpec) policy.spec()).targetRefs()) {
                // there is one gateway, so every name of it stands for the same
                String name = ref.kind() == TargetKind.GATEWAY ? "" : ref.name();
                Target target = new Target(ref.kind(), name, ref.sectionName() == null ? "" : ref.sectionName());
                layers.put(target, joined(layers.getOrDefault(target, Layer.NONE), policy));
            }
        }
    }

    /** Whoever writes that an upstream is protected must not believe it in vain: what has no effect on a target is refused. */
    private void mustHaveEffect(Resource policy) {
        Set<TargetKind> kinds = EnumSet.noneOf(TargetKind.class);
        ((PolicySpec) policy.spec()).targetRefs().forEach(ref -> kinds.add(ref.kind()));
        for (TargetKind kind : kinds) {
            switch (kind) {
                case UPSTREAM ->
                    mustHaveEffect(
                            policy,
                            OF_UPSTREAMS::contains,
                            "It has no effect on an Upstream: write it in a policy for the routes that lead there, or for"
                                    + " the Gateway.");
                case GRPC_ROUTE -> mustHaveEffectOnGrpc(policy);
                case HTTP_ROUTE, GATEWAY -> {}
            }
        }
    }

    private void mustHaveEffectOnGrpc(Resource policy) {
        mustHaveEffect(policy, field -> !NOT_OF_GRPC.contains(field), "It has no effect on a GRPCRoute.");
    }

    private void mustHaveEffect(Resource policy, Predicate<String> has, String otherwise) {
        FIELDS.forEach((field, value) -> {
            if (!has.test(field) && value.apply((PolicySpec) policy.spec()) != null) {
                problems.addHereAndNow(policy, "/spec/" + field, Problem.NOT_TOGETHER, otherwise);
            }
        });
    }

    @Nullable Resource find(String name) {
        return byName.get(name);
    }

    EffectivePolicy ofUpstream(String name) {
        return effective(List.of(layer(TargetKind.UPSTREAM, name, "")));
    }

    /**
     * What applies to a rule.
     *
     * @param extensions policies that the rule itself refers to
     */
    EffectivePolicy ofRule(Kind kind, String route, @Nullable String rule, List<Resource> extensions) {
        TargetKind target = kind == Kind.HTTP_ROUTE ? TargetKind.HTTP_ROUTE : TargetKind.GRPC_ROUTE;
        Layer own = rule == null ? Layer.NONE : layer(target, route, rule);
        for (Resource extension : extensions) {
            if (kind == Kind.GRPC_ROUTE) {
                mustHaveEffectOnGrpc(extension);
            }
            own = joined(own, extension);
        }
        return effective(List.of(layer(TargetKind.GATEWAY, "", ""), layer(target, route, ""), own));
    }

    private Layer layer(TargetKind kind, String name, String section) {
        return layers.getOrDefault(new Target(kind, name, section), Layer.NONE);
    }

    /** Two policies for the same target: each field may come from one of them only. */
    private Layer joined(Layer layer, Resource policy) {
        PolicySpec spec = (PolicySpec) policy.spec();
        Map<String, String> origins = new HashMap<>(layer.origins());
        FIELDS.forEach((field, value) -> {
            if (value.apply(spec) == null) {
                return;
            }
            String other = origins.put(field, policy.name());
            if (other != null && !other.equals(policy.name())) {
                problems.add(
                        policy,
                        "/spec/" + field,
                        Problem.POLICY_CONFLICT,
                        "Policy " + other + " sets this for the same target: leave it to one of them.");
            }
        });
        return new Layer(over(layer.spec(), spec), origins);
    }

    private static EffectivePolicy effective(List<Layer> layers) {
        PolicySpec spec = PolicySpec.NONE;
        Map<String, String> origins = new HashMap<>();
        for (Layer layer : layers) {
            if (!layer.origins().isEmpty()) {
                spec = over(spec, layer.spec());
                origins.putAll(layer.origins());
            }
        }
        return origins.isEmpty() ? EffectivePolicy.NONE : new EffectivePolicy(spec, origins);
    }

    private static Map<String, Function<PolicySpec, @Nullable Object>> fields() {
        Map<String, Function<PolicySpec, @Nullable Object>> fields = new LinkedHashMap<>();
        fields.put("authentication", PolicySpec::authentication);
        fields.put("authorization", PolicySpec::authorization);
        fields.put("rateLimit", PolicySpec::rateLimit);
        fields.put("ipRestriction", PolicySpec::ipRestriction);
        fields.put("limits", PolicySpec::limits);
        fields.put("cors", PolicySpec::cors);
        fields.put("transform", PolicySpec::transform);
        fields.put("compression", PolicySpec::compression);
        fields.put("cache", PolicySpec::cache);
        fields.put("version", PolicySpec::version);
        fields.put("accessLog", PolicySpec::accessLog);
        fields.put("retry", PolicySpec::retry);
        fields.put("timeout", PolicySpec::timeout);
        return fields;
    }

    private static PolicySpec over(PolicySpec base, PolicySpec more) {
        return new PolicySpec(
                List.of(),
                or(more.authentication(), base.authentication()),
                or(more.authorization(), base.authorization()),
                or(more.rateLimit(), base.rateLimit()),
                or(more.ipRestriction(), base.ipRestriction()),
                or(more.limits(), base.limits()),
                or(more.cors(), base.cors()),
                or(more.transform(), base.transform()),
                or(more.compression(), base.compression()),
                or(more.cache(), base.cache()),
                or(more.version(), base.version()),
                or(more.accessLog(), base.accessLog()),
                or(more.retry(), base.retry()),
                or(more.timeout(), base.timeout()));
    }

    private static <T> @Nullable T or(@Nullable T more, @Nullable T base) {
        return more == null ? base : more;
    }
}
