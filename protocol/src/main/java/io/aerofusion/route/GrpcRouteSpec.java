package io.aerofusion.route;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A GRPCRoute of the Gateway API: which calls, what is done to them, where they go. */
public record GrpcRouteSpec(List<ParentRef> parentRefs, List<String> hostnames, List<Rule> rules) implements Spec {
    public GrpcRouteSpec {
        parentRefs = Defaults.list(parentRefs);
        hostnames = Defaults.list(hostnames);
        rules = Defaults.list(rules);
    }

    /** A rule: a call that meets any of {@code matches} (without any: every call) goes through {@code filters} to one of {@code backendRefs}. */
    public record Rule(@Nullable String name, List<Match> matches, List<Filter> filters, List<BackendRef> backendRefs) {
        public Rule {
            matches = Defaults.list(matches);
            filters = Defaults.list(filters);
            backendRefs = Defaults.list(backendRefs);
        }
    }

    /** What a call must be: all that is stated. */
    public record Match(@Nullable MethodMatch method, List<HeaderMatch> headers) {
        public Match {
            headers = Defaults.list(headers);
        }
    }

    /** Which methods: of a service, of that name in any service, or one. */
    public record MethodMatch(
            HeaderMatch.Type type,
            @Nullable String service,
            @Nullable String method) {
        public MethodMatch {
            type = Defaults.or(type, HeaderMatch.Type.EXACT);
        }
    }
}
