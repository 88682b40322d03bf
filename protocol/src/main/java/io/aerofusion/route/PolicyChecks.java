package io.aerofusion.route;

import com.fasterxml.jackson.core.JsonPointer;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a policy must be, by itself. Expressions, networks and keys are looked at when the whole is compiled. */
final class PolicyChecks {
    static final int TARGETS_MAX = 256;
    static final int METHODS_MAX = 16;
    static final int RULES_MAX = 256;
    static final int LIMITS_MAX = 16;
    static final int NETWORKS_MAX = 10_000;
    static final long BODY_MAX = 1L << 40;

    private static final Set<String> ALGORITHMS =
            Set.of("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA");

    private final Checks checks;

    PolicyChecks(Checks checks) {
        this.checks = checks;
    }

    void check(PolicySpec policy) {
        checks.count("/spec/targetRefs", policy.targetRefs(), TARGETS_MAX);
        for (int i = 0; i < policy.targetRefs().size(); i++) {
            target("/spec/targetRefs/" + i, policy.targetRefs().get(i));
        }
        if (policy.authentication() != null) {
            authentication(policy.authentication().anyOf());
        }
        if (policy.authorization() != null) {
            authorization(policy.authorization());
        }
        if (policy.rateLimit() != null) {
            rateLimits(policy.rateLimit());
        }
        if (policy.ipRestriction() != null) {
            checks.count("/spec/ipRestriction/allow", policy.ipRestriction().allow(), NETWORKS_MAX);
            checks.count("/spec/ipRestriction/deny", policy.ipRestriction().deny(), NETWORKS_MAX);
        }
        if (policy.limits() != null) {
            checks.range("/spec/limits/bodyBytes", policy.limits().bodyBytes(), 0, BODY_MAX);
            checks.range("/spec/limits/headerBytes", policy.limits().headerBytes(), 256, 1_048_576);
        }
        if (policy.cors() != null) {
            RouteChecks.cors("/spec/cors", policy.cors(), checks);
        }
        if (policy.transform() != null) {
            transform(policy.transform());
        }
        answers(policy);
        if (policy.retry() != null) {
            UpstreamChecks.retry("/spec/retry", policy.retry(), checks);
        }
        if (policy.timeout() != null) {
            checks.range("/spec/timeout/request", policy.timeout().request(), Duration.ZERO, RouteChecks.TIMEOUT_MAX);
        }
    }

    private void target(String at, PolicySpec.TargetRef target) {
        checks.name(at + "/name", target.name());
        boolean route =
                target.kind() == PolicySpec.TargetKind.HTTP_ROUTE || target.kind() == PolicySpec.TargetKind.GRPC_ROUTE;
        checks.require(
                target.sectionName() == null || route,
                at + "/sectionName",
                Problem.NOT_TOGETHER,
                "Only routes have rules to name.");
    }

    private void authentication(List<AuthenticationMethod> methods) {
        String at = "/spec/authentication/anyOf";
        checks.count(at, methods, METHODS_MAX);
        checks.require(!methods.isEmpty(), at, Problem.REQUIRED, "Name at least one method.");
        for (int i = 0; i < methods.size(); i++) {
            String here = at + "/" + i;
            switch (methods.get(i)) {
                case AuthenticationMethod.Jwt jwt -> providers(here + "/jwt/providers", jwt.providers());
                case AuthenticationMethod.ApiKey key -> {
                    checks.tokens(here + "/apiKey/headers", key.headers(), 8);
                    checks.tokens(here + "/apiKey/queryParams", key.queryParams(), 8);
                }
                case AuthenticationMethod.Introspection introspection -> {
                    checks.uri(here + "/introspection/uri", introspection.uri());
                    checks.text(here + "/introspection/clientId", introspection.clientId());
                    checks.text(here + "/introspection/clientSecret", introspection.clientSecret());
                    checks.range(
                            here + "/introspection/cacheDuration",
                            introspection.cacheDuration(),
                            Duration.ZERO,
                            Duration.ofHours(1));
                }
                case AuthenticationMethod.Anonymous anonymous ->
                    checks.require(
                            i == methods.size() - 1,
                            here,
                            Problem.NOT_TOGETHER,
                            "What stands after anonymous is never reached.");
                case AuthenticationMethod.Basic basic -> {}
                case AuthenticationMethod.MutualTls certificate -> {}
            }
        }
    }

    private void providers(String at, List<AuthenticationMethod.Provider> providers) {
        checks.require(!providers.isEmpty(), at, Problem.REQUIRED, "Name at least one provider.");
        checks.count(at, providers, METHODS_MAX);
        Set<String> issuers = new HashSet<>();
        for (int i = 0; i < providers.size(); i++) {
            AuthenticationMethod.Provider provider = providers.get(i);
            String here = at + "/" + i;
            checks.text(here + "/issuer", provider.issuer());
            checks.require(
                    issuers.add(provider.issuer()),
                    here + "/issuer",
                    Problem.DUPLICATE,
                    "Another provider has this issuer.");
            int sources = (provider.remoteJwks() == null ? 0 : 1)
                    + (provider.localJwks() == null ? 0 : 1)
                    + (provider.discovery() ? 1 : 0);
            checks.require(
                    sources == 1,
                    here,
                    Problem.NOT_TOGETHER,
                    "Write exactly one of remoteJWKS, localJWKS and discovery.");
            if (provider.remoteJwks() != null) {
                checks.uri(here + "/remoteJWKS/uri", provider.remoteJwks().uri());
                checks.range(
                        here + "/remoteJWKS/cacheDuration",
                        provider.remoteJwks().cacheDuration(),
                        Duration.ofSeconds(1),
                        Duration.ofHours(24));
            }
            if (provider.discovery()) {
                checks.uri(here + "/issuer", provider.issuer());
            }
            checks.range(here + "/clockSkew", provider.clockSkew(), Duration.ZERO, Duration.ofMinutes(10));
            for (int j = 0; j < provider.algorithms().size(); j++) {
                checks.require(
                        ALGORITHMS.contains(provider.algorithms().get(j)),
                        here + "/algorithms/" + j,
                        Problem.INVALID,
                        "Write an asymmetric algorithm such as RS256, PS256, ES256 or EdDSA.");
            }
            for (int j = 0; j < provider.claimToHeaders().size(); j++) {
                checks.text(
                        here + "/claimToHeaders/" + j + "/claim",
                        provider.claimToHeaders().get(j).claim());
                checks.token(
                        here + "/claimToHeaders/" + j + "/header",
                        provider.claimToHeaders().get(j).header());
            }
        }
    }

    private void authorization(PolicySpec.Authorization authorization) {
        checks.count("/spec/authorization/rules", authorization.rules(), RULES_MAX);
        for (int i = 0; i < authorization.rules().size(); i++) {
            PolicySpec.AuthorizationRule rule = authorization.rules().get(i);
            String at = "/spec/authorization/rules/" + i;
            PolicySpec.@Nullable Principal principal = rule.principal();
            if (principal != null) {
                checks.count(at + "/principal/clientCIDRs", principal.clientCidrs(), NETWORKS_MAX);
                for (int j = 0; j < principal.claims().size(); j++) {
                    checks.text(
                            at + "/principal/claims/" + j + "/name",
                            principal.claims().get(j).name());
                    checks.require(
                            !principal.claims().get(j).values().isEmpty(),
                            at + "/principal/claims/" + j + "/values",
                            Problem.REQUIRED,
                            "Write the values that apply.");
                }
            }
            if (rule.cel() != null) {
                checks.text(at + "/cel", rule.cel());
            }
        }
    }

    private void rateLimits(List<PolicySpec.RateLimit> limits) {
        checks.count("/spec/rateLimit", limits, LIMITS_MAX);
        for (int i = 0; i < limits.size(); i++) {
            PolicySpec.RateLimit limit = limits.get(i);
            String at = "/spec/rateLimit/" + i;
            switch (limit.key()) {
                case HEADER -> checks.token(at + "/name", limit.name() == null ? "" : limit.name());
                case CLAIM -> checks.text(at + "/name", limit.name());
                case CONSUMER, CLIENT_IP -> {}
            }
            checks.range(at + "/requests", limit.requests(), 1, 1_000_000_000);
            checks.range(at + "/burst", limit.burst(), 1, 1_000_000_000);
            Cost cost = limit.cost();
            if (cost != null && cost.cel() == null) {
                checks.range(at + "/cost", cost.fixed(), 0, 1_000_000);
            }
        }
    }

    private void transform(PolicySpec.Transform transform) {
        checks.range("/spec/transform/bodyBytesMax", transform.bodyBytesMax(), 1, 67_108_864);
        PolicySpec.@Nullable RequestChanges request = transform.request();
        if (request != null) {
            checks.named("/spec/transform/request/setHeaders", request.setHeaders(), 64);
            checks.tokens("/spec/transform/request/removeHeaders", request.removeHeaders(), 64);
            checks.count("/spec/transform/request/setQuery", request.setQuery(), 64);
            checks.count("/spec/transform/request/removeQuery", request.removeQuery(), 64);
            json("/spec/transform/request/json", request.json());
        }
        PolicySpec.@Nullable ResponseChanges response = transform.response();
        if (response != null) {
            checks.named("/spec/transform/response/setHeaders", response.setHeaders(), 64);
            checks.tokens("/spec/transform/response/removeHeaders", response.removeHeaders(), 64);
            json("/spec/transform/response/json", response.json());
        }
    }

    private void json(String at, List<JsonChange> changes) {
        checks.count(at, changes, 64);
        for (int i = 0; i < changes.size(); i++) {
            JsonChange change = changes.get(i);
            String here = at + "/" + i;
            pointer(here + "/path", change.path());
            boolean set = change.op() == JsonChange.Operation.SET;
            boolean move = change.op() == JsonChange.Operation.MOVE;
            checks.require(
                    set == (change.value() != null),
                    here + "/value",
                    Problem.NOT_TOGETHER,
                    "Set needs a value, the others have none.");
            checks.require(
                    move == (change.from() != null),
                    here + "/from",
                    Problem.NOT_TOGETHER,
                    "Move needs from, the others have none.");
            if (change.from() != null) {
                pointer(here + "/from", change.from());
            }
        }
    }

    private void pointer(String at, String pointer) {
        try {
            checks.require(
                    JsonPointer.compile(pointer).length() <= Checks.TEXT_LENGTH_MAX,
                    at,
                    Problem.OUT_OF_RANGE,
                    "At most 4096 characters.");
        } catch (IllegalArgumentException refusal) {
            checks.add(at, Problem.INVALID, "Write a JSON pointer such as /user/name (RFC 6901).");
        }
    }

    private void answers(PolicySpec policy) {
        PolicySpec.@Nullable Compression compression = policy.compression();
        if (compression != null) {
            checks.range("/spec/compression/minBytes", compression.minBytes(), 0, 1_048_576);
            checks.count("/spec/compression/types", compression.types(), 64);
        }
        PolicySpec.@Nullable Cache cache = policy.cache();
        if (cache != null) {
            checks.range("/spec/cache/maxObjectBytes", cache.maxObjectBytes(), 1, 67_108_864);
            checks.range("/spec/cache/maxBytes", cache.maxBytes(), 1, 1L << 36);
            checks.range("/spec/cache/defaultTtl", cache.defaultTtl(), Duration.ZERO, Duration.ofDays(365));
            checks.range(
                    "/spec/cache/staleWhileRevalidate",
                    cache.staleWhileRevalidate(),
                    Duration.ZERO,
                    Duration.ofDays(365));
            for (int i = 0; i < cache.methods().size(); i++) {
                checks.require(
                        cache.methods().get(i).equals("GET")
                                || cache.methods().get(i).equals("HEAD"),
                        "/spec/cache/methods/" + i,
                        Problem.INVALID,
                        "Only answers to GET and HEAD are kept.");
            }
        }
        if (policy.version() != null && policy.version().link() != null) {
            checks.value("/spec/version/link", policy.version().link());
        }
        if (policy.accessLog() != null) {
            double sample = policy.accessLog().sample();
            checks.require(sample >= 0 && sample <= 1, "/spec/accessLog/sample", Problem.OUT_OF_RANGE, "From 0 to 1.");
        }
    }
}
