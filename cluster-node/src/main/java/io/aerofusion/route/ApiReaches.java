package io.aerofusion.route;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Works out of a configuration by which ways through the gateway upstreams are reached. */
final class ApiReaches {
    /** Ways to one upstream that are told. */
    static final int REACHES_MAX = 1000;

    private final List<GatewayListener> listeners;
    private final List<PolicySpec> ages = new ArrayList<>();
    private final Map<String, List<ApiReach>> byUpstream = new HashMap<>();

    private ApiReaches(List<GatewayListener> listeners) {
        this.listeners = listeners;
    }

    /** By the upstream's name, in the order of routes and rules. */
    static Map<String, List<ApiReach>> of(Configuration configuration, List<GatewayListener> listeners) {
        ApiReaches reaches = new ApiReaches(listeners);
        List<Resource> routes = new ArrayList<>();
        configuration.items().forEach((key, item) -> {
            boolean wanted = key.kind() == Kind.HTTP_ROUTE
                    || (key.kind() == Kind.POLICY
                            && !item.document().at("/spec/version").isMissingNode());
            if (wanted) {
                try {
                    Resource resource = item.resource();
                    switch (resource.spec()) {
                        case RouteSpec route -> routes.add(resource);
                        case PolicySpec policy -> reaches.ages.add(policy);
                        case GrpcRouteSpec other -> {}
                        case UpstreamSpec other -> {}
                        case ConsumerSpec other -> {}
                        case CertificateSpec other -> {}
                    }
                } catch (IllegalArgumentException olderThanThisVersion) {
                    // it is not served either
                }
            }
        });
        routes.forEach(reaches::route);
        return reaches.byUpstream;
    }

    private void route(Resource resource) {
        RouteSpec route = (RouteSpec) resource.spec();
        List<ApiReach.Origin> origins = origins(route);
        for (RouteSpec.Rule rule : route.rules()) {
            PolicySpec.@Nullable Version age = age(resource.name(), rule.name());
            Versioning versioning = rule.version() == null ? null : route.versioning();
            Versioning.@Nullable ApiVersion version = version(versioning, rule.version());
            List<RouteSpec.Match> matches = rule.matches().isEmpty()
                    ? List.of(new RouteSpec.Match(null, List.of(), List.of(), null))
                    : rule.matches();
            for (BackendRef backend : rule.backendRefs()) {
                if (backend.weight() == 0) {
                    continue;
                }
                List<ApiReach> reaches = byUpstream.computeIfAbsent(backend.name(), name -> new ArrayList<>());
                // the backend's rewrite comes after the rule's, and both begin with the path as it was sent
                Filter.@Nullable PathModifier rewrite = rewrite(backend.filters());
                Filter.@Nullable PathModifier used = rewrite == null ? rewrite(rule.filters()) : rewrite;
                for (RouteSpec.Match match : matches) {
                    if (reaches.size() < REACHES_MAX) {
                        reaches.add(new ApiReach(
                                resource.name(),
                                rule.name(),
                                origins,
                                match.method(),
                                match.path() == null
                                        ? new RouteSpec.PathMatch(RouteSpec.PathMatch.Type.PATH_PREFIX, "/")
                                        : match.path(),
                                used == null ? null : used.replaceFullPath(),
                                used == null ? null : used.replacePrefixMatch(),
                                versioning,
                                rule.version(),
                                version != null && version.deprecated() != null
                                        ? version.deprecated()
                                        : age == null ? null : age.deprecated(),
                                version != null && version.sunset() != null
                                        ? version.sunset()
                                        : age == null ? null : age.sunset()));
                    }
                }
            }
        }
    }

    private static Versioning.@Nullable ApiVersion version(@Nullable Versioning versioning, @Nullable String name) {
        return versioning == null || name == null
                ? null
                : versioning.versions().stream()
                        .filter(one -> one.name().equalsIgnoreCase(name))
                        .findFirst()
                        .orElse(null);
    }

    private static Filter.@Nullable PathModifier rewrite(List<Filter> filters) {
        for (Filter filter : filters) {
            if (filter.urlRewrite() != null && filter.urlRewrite().path() != null) {
                return filter.urlRewrite().path();
            }
        }
        return null;
    }

    /** What policies say of a rule's age: the word on the rule before that on the route before that on the gateway. */
    private PolicySpec.@Nullable Version age(String route, @Nullable String rule) {
        PolicySpec.@Nullable Version found = null;
        int closeness = 0;
        for (PolicySpec policy : ages) {
            for (PolicySpec.TargetRef target : policy.targetRefs()) {
                int close = switch (target.kind()) {
                    case GATEWAY -> 1;
                    case HTTP_ROUTE ->
                        !target.name().equals(route)
                                ? 0
                                : target.sectionName() == null
                                        ? 2
                                        : target.sectionName().equals(rule) ? 3 : 0;
                    case GRPC_ROUTE, UPSTREAM -> 0;
                };
                if (close > closeness) {
                    found = policy.version();
                    closeness = close;
                }
            }
        }
        return found;
    }

    private List<ApiReach.Origin> origins(RouteSpec route) {
        Set<ApiReach.Origin> origins = new LinkedHashSet<>();
        for (GatewayListener listener : listeners) {
            if (!route.parentRefs().isEmpty() && route.parentRefs().stream().noneMatch(listener::is)) {
                continue;
            }
            for (String hostname : route.hostnames().isEmpty() ? List.of("") : route.hostnames()) {
                String both = both(hostname, listener.hostname());
                if (both != null) {
                    origins.add(listener.origin(both));
                }
            }
        }
        return List.copyOf(origins);
    }

    /** The hosts that two patterns have in common; null if there are none. */
    private static @Nullable String both(String one, String other) {
        if (one.isEmpty() || one.equals(other)) {
            return other;
        }
        if (other.isEmpty()) {
            return one;
        }
        if (one.startsWith("*.") && other.endsWith(one.substring(1))) {
            return other;
        }
        return other.startsWith("*.") && one.endsWith(other.substring(1)) ? one : null;
    }

    /** Whether it should no longer be used now. */
    static boolean past(@Nullable Instant deprecated, Instant now) {
        return deprecated != null && !deprecated.isAfter(now);
    }
}
