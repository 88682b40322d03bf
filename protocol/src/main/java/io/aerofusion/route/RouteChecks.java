package io.aerofusion.route;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a route must be, by itself. The bounds are those of the Gateway API, or wider. */
final class RouteChecks {
    static final int HOSTNAMES_MAX = 64;
    static final int RULES_MAX = 128;
    static final int MATCHES_MAX = 128;
    static final int CONDITIONS_MAX = 16;
    static final int FILTERS_MAX = 16;
    static final int BACKENDS_MAX = 64;
    static final int WEIGHT_MAX = 1_000_000;
    static final int PATH_LENGTH_MAX = 1024;
    static final Duration TIMEOUT_MAX = Duration.ofHours(24);

    private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);

    private final Checks checks;

    RouteChecks(Checks checks) {
        this.checks = checks;
    }

    void check(RouteSpec route) {
        common(route.parentRefs(), route.hostnames());
        checks.count("/spec/rules", route.rules(), RULES_MAX);
        new VersioningChecks(checks).check(route.versioning(), route.rules());
        Set<String> names = new HashSet<>();
        for (int i = 0; i < route.rules().size(); i++) {
            RouteSpec.Rule rule = route.rules().get(i);
            String at = "/spec/rules/" + i;
            ruleName(at, rule.name(), names);
            checks.count(at + "/matches", rule.matches(), MATCHES_MAX);
            boolean prefixOnly = !rule.matches().isEmpty();
            for (int j = 0; j < rule.matches().size(); j++) {
                match(at + "/matches/" + j, rule.matches().get(j));
                RouteSpec.@Nullable PathMatch path = rule.matches().get(j).path();
                prefixOnly &= path == null || path.type() == RouteSpec.PathMatch.Type.PATH_PREFIX;
            }
            filters(
                    at + "/filters",
                    rule.filters(),
                    prefixOnly || rule.matches().isEmpty(),
                    rule.backendRefs());
            backends(
                    at + "/backendRefs",
                    rule.backendRefs(),
                    prefixOnly || rule.matches().isEmpty());
            timeouts(at + "/timeouts", rule.timeouts());
            if (rule.retry() != null) {
                checks.range(at + "/retry/attempts", rule.retry().attempts(), 0, 10);
                checks.range(at + "/retry/backoff", rule.retry().backoff(), Duration.ZERO, Duration.ofMinutes(1));
                for (int j = 0; j < rule.retry().codes().size(); j++) {
                    checks.range(at + "/retry/codes/" + j, rule.retry().codes().get(j), 400, 599);
                }
            }
        }
    }

    void check(GrpcRouteSpec route) {
        common(route.parentRefs(), route.hostnames());
        checks.count("/spec/rules", route.rules(), RULES_MAX);
        Set<String> names = new HashSet<>();
        for (int i = 0; i < route.rules().size(); i++) {
            GrpcRouteSpec.Rule rule = route.rules().get(i);
            String at = "/spec/rules/" + i;
            ruleName(at, rule.name(), names);
            checks.count(at + "/matches", rule.matches(), MATCHES_MAX);
            for (int j = 0; j < rule.matches().size(); j++) {
                GrpcRouteSpec.Match match = rule.matches().get(j);
                GrpcRouteSpec.@Nullable MethodMatch method = match.method();
                checks.require(
                        method == null || method.service() != null || method.method() != null,
                        at + "/matches/" + j + "/method",
                        Problem.REQUIRED,
                        "Name a service, a method, or both.");
                conditions(at + "/matches/" + j + "/headers", match.headers(), true);
            }
            for (int j = 0; j < rule.filters().size(); j++) {
                Filter.Type type = rule.filters().get(j).type();
                checks.require(
                        type != Filter.Type.REQUEST_REDIRECT
                                && type != Filter.Type.URL_REWRITE
                                && type != Filter.Type.CORS,
                        at + "/filters/" + j + "/type",
                        Problem.INVALID,
                        "A GRPCRoute has no such filter.");
            }
            filters(at + "/filters", rule.filters(), false, rule.backendRefs());
            backends(at + "/backendRefs", rule.backendRefs(), false);
        }
    }

    private void common(List<ParentRef> parents, List<String> hostnames) {
        checks.count("/spec/parentRefs", parents, 32);
        for (int i = 0; i < parents.size(); i++) {
            checks.range("/spec/parentRefs/" + i + "/port", parents.get(i).port(), 1, 65535);
        }
        checks.count("/spec/hostnames", hostnames, HOSTNAMES_MAX);
        for (int i = 0; i < hostnames.size(); i++) {
            checks.hostname("/spec/hostnames/" + i, hostnames.get(i), true);
        }
    }

    private void ruleName(String at, @Nullable String name, Set<String> names) {
        if (name != null) {
            checks.name(at + "/name", name);
            checks.require(names.add(name), at + "/name", Problem.DUPLICATE, "Another rule has this name.");
        }
    }

    private void match(String at, RouteSpec.Match match) {
        RouteSpec.@Nullable PathMatch path = match.path();
        if (path != null) {
            String value = path.value();
            checks.require(
                    value.length() <= PATH_LENGTH_MAX,
                    at + "/path/value",
                    Problem.OUT_OF_RANGE,
                    "At most 1024 characters.");
            if (path.type() != RouteSpec.PathMatch.Type.REGULAR_EXPRESSION) {
                checks.require(
                        value.startsWith("/"), at + "/path/value", Problem.INVALID, "A path begins with a slash.");
                boolean plain = value.chars().allMatch(unit -> unit > 0x20 && unit < 0x7f && unit != '?' && unit != '#')
                        && !value.contains("//")
                        && !(value + "/").contains("/./")
                        && !(value + "/").contains("/../");
                checks.require(
                        plain,
                        at + "/path/value",
                        Problem.INVALID,
                        "A path has no empty, . or .. segments, no ? or #; other characters are percent-encoded.");
            }
        }
        conditions(at + "/headers", match.headers(), true);
        conditions(at + "/queryParams", match.queryParams(), false);
        if (match.method() != null) {
            checks.method(at + "/method", match.method());
        }
    }

    private void conditions(String at, List<HeaderMatch> conditions, boolean headers) {
        checks.count(at, conditions, CONDITIONS_MAX);
        for (int i = 0; i < conditions.size(); i++) {
            HeaderMatch condition = conditions.get(i);
            if (headers) {
                checks.token(at + "/" + i + "/name", condition.name());
            } else {
                checks.text(at + "/" + i + "/name", condition.name());
            }
            checks.value(at + "/" + i + "/value", condition.value());
        }
    }

    private void backends(String at, List<BackendRef> backends, boolean prefixOnly) {
        checks.count(at, backends, BACKENDS_MAX);
        for (int i = 0; i < backends.size(); i++) {
            BackendRef backend = backends.get(i);
            backend(at + "/" + i, backend);
            filters(at + "/" + i + "/filters", backend.filters(), prefixOnly, List.of());
            for (int j = 0; j < backend.filters().size(); j++) {
                switch (backend.filters().get(j).type()) {
                    case REQUEST_HEADER_MODIFIER, RESPONSE_HEADER_MODIFIER, REQUEST_REDIRECT, URL_REWRITE, UNKNOWN -> {}
                    case REQUEST_MIRROR, CORS, EXTENSION_REF ->
                        checks.add(
                                at + "/" + i + "/filters/" + j + "/type",
                                Problem.INVALID,
                                "A backend has no such filter: write it at the rule.");
                }
            }
        }
    }

    private void backend(String at, BackendRef backend) {
        checks.name(at + "/name", backend.name());
        checks.range(at + "/port", backend.port(), 1, 65535);
        checks.range(at + "/weight", backend.weight(), 0, WEIGHT_MAX);
    }

    private void timeouts(String at, RouteSpec.@Nullable Timeouts timeouts) {
        if (timeouts == null) {
            return;
        }
        checks.range(at + "/request", timeouts.request(), Duration.ZERO, TIMEOUT_MAX);
        checks.range(at + "/backendRequest", timeouts.backendRequest(), Duration.ZERO, TIMEOUT_MAX);
        Duration whole = timeouts.request();
        Duration each = timeouts.backendRequest();
        if (whole != null && each != null && !whole.isZero() && each.compareTo(whole) > 0) {
            checks.add(
                    at + "/backendRequest", Problem.NOT_TOGETHER, "One try cannot take longer than the whole request.");
        }
    }

    private void filters(String at, List<Filter> filters, boolean prefixOnly, List<BackendRef> backends) {
        checks.count(at, filters, FILTERS_MAX);
        Set<Filter.Type> once = new HashSet<>();
        for (int i = 0; i < filters.size(); i++) {
            Filter filter = filters.get(i);
            String here = at + "/" + i;
            if (filter.type() != Filter.Type.REQUEST_MIRROR && filter.type() != Filter.Type.EXTENSION_REF) {
                checks.require(
                        once.add(filter.type()), here + "/type", Problem.DUPLICATE, "This filter can be there once.");
            }
            filter(here, filter, prefixOnly);
        }
        if (once.contains(Filter.Type.REQUEST_REDIRECT)) {
            checks.require(
                    !once.contains(Filter.Type.URL_REWRITE),
                    at,
                    Problem.NOT_TOGETHER,
                    "A rule redirects or rewrites, not both.");
            checks.require(backends.isEmpty(), at, Problem.NOT_TOGETHER, "A rule that redirects has no backends.");
        }
    }

    private void filter(String at, Filter filter, boolean prefixOnly) {
        int present = 0;
        for (Object member : new @Nullable Object[] {
            filter.requestHeaderModifier(),
            filter.responseHeaderModifier(),
            filter.requestRedirect(),
            filter.urlRewrite(),
            filter.requestMirror(),
            filter.cors(),
            filter.extensionRef()
        }) {
            present += member == null ? 0 : 1;
        }
        checks.require(present <= 1, at, Problem.NOT_TOGETHER, "A filter has only the member that its type names.");
        switch (filter.type()) {
            case REQUEST_HEADER_MODIFIER -> headers(at + "/requestHeaderModifier", filter.requestHeaderModifier());
            case RESPONSE_HEADER_MODIFIER -> headers(at + "/responseHeaderModifier", filter.responseHeaderModifier());
            case REQUEST_REDIRECT -> redirect(at + "/requestRedirect", filter.requestRedirect(), prefixOnly);
            case URL_REWRITE -> rewrite(at + "/urlRewrite", filter.urlRewrite(), prefixOnly);
            case REQUEST_MIRROR -> mirror(at + "/requestMirror", filter.requestMirror());
            case CORS -> cors(at + "/cors", filter.cors(), checks);
            case EXTENSION_REF -> {
                if (needed(at + "/extensionRef", filter.extensionRef()) && filter.extensionRef() != null) {
                    checks.require(
                            filter.extensionRef().kind().equals("Policy"),
                            at + "/extensionRef/kind",
                            Problem.INVALID,
                            "Only a Policy can be referred to.");
                    checks.name(at + "/extensionRef/name", filter.extensionRef().name());
                }
            }
            case UNKNOWN -> checks.add(at + "/type", Problem.REQUIRED, "A filter needs its type.");
        }
    }

    private boolean needed(String at, @Nullable Object member) {
        checks.require(member != null, at, Problem.REQUIRED, "The member that the filter's type names is missing.");
        return member != null;
    }

    private void headers(String at, Filter.@Nullable HeaderModifier change) {
        if (!needed(at, change) || change == null) {
            return;
        }
        checks.named(at + "/set", change.set(), 64);
        checks.named(at + "/add", change.add(), 64);
        checks.tokens(at + "/remove", change.remove(), 64);
    }

    private void redirect(String at, Filter.@Nullable RequestRedirect redirect, boolean prefixOnly) {
        if (!needed(at, redirect) || redirect == null) {
            return;
        }
        checks.require(
                REDIRECTS.contains(redirect.statusCode()),
                at + "/statusCode",
                Problem.INVALID,
                "Write 301, 302, 303, 307 or 308.");
        if (redirect.scheme() != null) {
            checks.require(
                    redirect.scheme().equals("http") || redirect.scheme().equals("https"),
                    at + "/scheme",
                    Problem.INVALID,
                    "Write http or https.");
        }
        if (redirect.hostname() != null) {
            checks.hostname(at + "/hostname", redirect.hostname(), false);
        }
        checks.range(at + "/port", redirect.port(), 1, 65535);
        path(at + "/path", redirect.path(), prefixOnly);
    }

    private void rewrite(String at, Filter.@Nullable UrlRewrite rewrite, boolean prefixOnly) {
        if (!needed(at, rewrite) || rewrite == null) {
            return;
        }
        if (rewrite.hostname() != null) {
            checks.hostname(at + "/hostname", rewrite.hostname(), false);
        }
        path(at + "/path", rewrite.path(), prefixOnly);
    }

    private void path(String at, Filter.@Nullable PathModifier path, boolean prefixOnly) {
        if (path == null) {
            return;
        }
        boolean full = path.type() == Filter.PathModifier.Replacement.REPLACE_FULL_PATH;
        String value = full ? path.replaceFullPath() : path.replacePrefixMatch();
        checks.require(
                (full ? path.replacePrefixMatch() : path.replaceFullPath()) == null,
                at,
                Problem.NOT_TOGETHER,
                "A path has only the member that its type names.");
        checks.require(value != null, at, Problem.REQUIRED, "The member that the type names is missing.");
        if (value != null) {
            checks.require(value.length() <= PATH_LENGTH_MAX, at, Problem.OUT_OF_RANGE, "At most 1024 characters.");
            checks.require(
                    value.isEmpty() || value.startsWith("/"), at, Problem.INVALID, "A path begins with a slash.");
            boolean plain = value.chars().allMatch(unit -> unit > 0x20 && unit < 0x7f && unit != '?' && unit != '#');
            checks.require(plain, at, Problem.INVALID, "A path has no ? or #; other characters are percent-encoded.");
        }
        checks.require(
                full || prefixOnly,
                at,
                Problem.NOT_TOGETHER,
                "A prefix can be replaced only where every match of the rule is a PathPrefix.");
    }

    private void mirror(String at, Filter.@Nullable RequestMirror mirror) {
        if (!needed(at, mirror) || mirror == null) {
            return;
        }
        backend(at + "/backendRef", mirror.backendRef());
        checks.require(
                mirror.percent() == null || mirror.fraction() == null,
                at,
                Problem.NOT_TOGETHER,
                "A mirror has a percentage or a fraction, not both.");
        checks.range(at + "/percent", mirror.percent(), 0, 100);
        if (mirror.fraction() != null) {
            checks.range(at + "/fraction/denominator", mirror.fraction().denominator(), 1, Integer.MAX_VALUE);
            checks.range(
                    at + "/fraction/numerator",
                    mirror.fraction().numerator(),
                    0,
                    mirror.fraction().denominator());
        }
    }

    static void cors(String at, Filter.@Nullable Cors cors, Checks checks) {
        if (cors == null) {
            checks.add(at, Problem.REQUIRED, "The member that the filter's type names is missing.");
            return;
        }
        checks.count(at + "/allowOrigins", cors.allowOrigins(), 64);
        for (int i = 0; i < cors.allowOrigins().size(); i++) {
            checks.require(
                    cors.allowOrigins()
                            .get(i)
                            .matches("\\*|[a-z][a-z0-9+.-]*://(\\*|(\\*\\.)?[A-Za-z0-9.:\\[\\]_-]+)(:\\d{1,5})?"),
                    at + "/allowOrigins/" + i,
                    Problem.INVALID,
                    "Write an origin such as https://example.com, https://*.example.com, or *.");
        }
        checks.tokens(at + "/allowMethods", cors.allowMethods(), 64);
        checks.tokens(at + "/allowHeaders", cors.allowHeaders(), 64);
        checks.tokens(at + "/exposeHeaders", cors.exposeHeaders(), 64);
        checks.range(at + "/maxAge", cors.maxAge(), 1, 604_800);
    }
}
