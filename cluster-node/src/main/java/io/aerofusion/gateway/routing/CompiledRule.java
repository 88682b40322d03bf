package io.aerofusion.gateway.routing;

import io.aerofusion.route.Kind;
import io.aerofusion.route.RouteSpec;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A rule of a route, ready to be applied.
 *
 * @param index counts the rules of a generation from 0, without gaps
 * @param kind of the route: HTTPRoute or GRPCRoute
 * @param route the route's name
 * @param number the place of the rule in its route
 * @param name the rule's own name, if it has one
 * @param backends where it forwards to; none at all, or none with a weight, is answered with 500
 * @param policy what of all policies applies here
 * @param allowed the ambiguous paths it allows, as bits of {@link NormalPath}
 * @param version what it has to do with versions of its route's API; null if that has none, or the rule takes any
 */
public record CompiledRule(
        int index,
        Kind kind,
        String route,
        int number,
        @Nullable String name,
        Filters filters,
        Backends backends,
        RouteSpec.@Nullable Timeouts timeouts,
        RouteSpec.@Nullable Retry retry,
        EffectivePolicy policy,
        int allowed,
        @Nullable RuleVersion version) {
    /** How long a whole request may take: the rule's own word before the policies'; null if neither says. */
    public @Nullable Duration requestTimeout() {
        if (timeouts != null && timeouts.request() != null) {
            return timeouts.request();
        }
        return policy.spec().timeout() == null ? null : policy.spec().timeout().request();
    }
}
