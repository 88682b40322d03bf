package io.aerofusion.gateway.security;

import io.aerofusion.gateway.Step;
import io.aerofusion.gateway.cache.CacheStep;
import io.aerofusion.gateway.cache.ResponseCache;
import io.aerofusion.gateway.transform.CompressionStep;
import io.aerofusion.gateway.transform.JsonStep;
import io.aerofusion.route.AuthenticationMethod;
import io.aerofusion.route.Cost;
import io.aerofusion.route.JsonChange;
import io.aerofusion.route.PolicySpec;
import io.aerofusion.route.Problem;
import io.aerofusion.route.Resource;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Makes the steps that guard a route out of what its policies say, once per generation; and says before what of a policy cannot be used.
 *
 * <p>The order on the way of a request: addresses, limits by address, who it is, what they may do, the other limits. So neither guessing
 * passwords nor being refused goes around a limit by address, and only those who may ask use up the others.
 */
public final class PolicyCompiler {
    private final GuardState state;
    private final Consumers consumers;
    private final Set<JwtSettings> usedVerifiers = new HashSet<>();
    private final Set<Introspection.Settings> usedIntrospections = new HashSet<>();
    private final Set<String> usedLimits = new HashSet<>();
    private final Set<ResponseCache> usedCaches = new HashSet<>();

    /** A compiler for one generation with these consumers. */
    public PolicyCompiler(GuardState state, Consumers consumers) {
        this.state = state;
        this.consumers = consumers;
    }

    /** What is wrong with a policy beyond its form: expressions, networks, keys, addresses of issuers, rates. Pure; asks nobody. */
    public static List<Problem> check(Resource policy, PolicySpec spec) {
        List<Problem> problems = new ArrayList<>();
        if (spec.authentication() != null) {
            List<AuthenticationMethod> methods = spec.authentication().anyOf();
            for (int i = 0; i < methods.size(); i++) {
                checkMethod(policy, "/spec/authentication/anyOf/" + i, methods.get(i), problems);
            }
        }
        if (spec.authorization() != null) {
            List<PolicySpec.AuthorizationRule> rules = spec.authorization().rules();
            for (int i = 0; i < rules.size(); i++) {
                String at = "/spec/authorization/rules/" + i;
                PolicySpec.AuthorizationRule rule = rules.get(i);
                if (rule.cel() != null) {
                    checkCel(policy, at + "/cel", Expression.Kind.CONDITION, rule.cel(), problems);
                }
                if (rule.principal() != null) {
                    checkNetworks(
                            policy,
                            at + "/principal/clientCIDRs",
                            rule.principal().clientCidrs(),
                            problems);
                }
            }
        }
        if (spec.ipRestriction() != null) {
            checkNetworks(
                    policy, "/spec/ipRestriction/allow", spec.ipRestriction().allow(), problems);
            checkNetworks(
                    policy, "/spec/ipRestriction/deny", spec.ipRestriction().deny(), problems);
        }
        List<PolicySpec.RateLimit> limits = spec.rateLimit() == null ? List.of() : spec.rateLimit();
        for (int i = 0; i < limits.size(); i++) {
            String at = "/spec/rateLimit/" + i;
            try {
                LimitStep.rate(limits.get(i));
            } catch (IllegalArgumentException refused) {
                problems.add(Problem.of(policy, at, Problem.OUT_OF_RANGE, sentence(refused)));
            }
            Cost cost = limits.get(i).cost();
            if (cost != null && cost.cel() != null) {
                checkCel(policy, at + "/cost", Expression.Kind.NUMBER, cost.cel(), problems);
            }
        }
        return problems;
    }

    private static void checkMethod(Resource policy, String at, AuthenticationMethod method, List<Problem> problems) {
        switch (method) {
            case AuthenticationMethod.Jwt jwt -> {
                for (int i = 0; i < jwt.providers().size(); i++) {
                    AuthenticationMethod.Provider provider = jwt.providers().get(i);
                    String here = at + "/jwt/providers/" + i;
                    try {
                        JwtSettings settings = settings(provider);
                        if (settings.keys() instanceof JwtSettings.Keys.Local local
                                && KeySet.parse(local.jwks()).isEmpty()) {
                            problems.add(Problem.of(
                                    policy,
                                    here + "/localJWKS",
                                    Problem.INVALID,
                                    "No key of the JWKS can verify tokens."));
                        }
                    } catch (IllegalArgumentException refused) {
                        problems.add(Problem.of(policy, here, Problem.INVALID, sentence(refused)));
                    }
                }
            }
            case AuthenticationMethod.Introspection introspection -> {
                try {
                    settings(introspection);
                } catch (IllegalArgumentException refused) {
                    problems.add(Problem.of(policy, at + "/introspection/uri", Problem.INVALID, sentence(refused)));
                }
            }
            case AuthenticationMethod.ApiKey key -> {}
            case AuthenticationMethod.Basic basic -> {}
            case AuthenticationMethod.MutualTls certificate -> {}
            case AuthenticationMethod.Anonymous anonymous -> {}
        }
    }

    private static void checkCel(
            Resource policy, String at, Expression.Kind kind, String text, List<Problem> problems) {
        try {
            Expression.compile(kind, text);
        } catch (IllegalArgumentException refused) {
            problems.add(Problem.of(policy, at, Problem.INVALID_CEL, sentence(refused)));
        }
    }

    private static void checkNetworks(Resource policy, String at, List<String> networks, List<Problem> problems) {
        for (int i = 0; i < networks.size(); i++) {
            if (!Cidrs.isNetwork(networks.get(i))) {
                problems.add(Problem.of(
                        policy,
                        at + "/" + i,
                        Problem.INVALID,
                        "Write a network such as 10.0.0.0/8 or 2001:db8::/32, without bits behind the prefix."));
            }
        }
    }

    private static String sentence(IllegalArgumentException refused) {
        String text = String.valueOf(refused.getMessage());
        return text.endsWith(".") ? text : text + ".";
    }

    /**
     * The steps of a route or rule.
     *
     * @param policy what of all policies applies there
     * @param origins for each field of it the name of the policy that said it: routes that share a policy share its limits
     * @throws IllegalArgumentException for what {@link #check} would have named
     */
    public List<Step> steps(PolicySpec policy, Map<String, String> origins) {
        List<Step> steps = new ArrayList<>();
        if (policy.ipRestriction() != null) {
            steps.add(new AddressRules(policy.ipRestriction()));
        }
        List<LimitStep> limits = limits(policy, origins.getOrDefault("rateLimit", ""));
        limits.stream().filter(limit -> !limit.needsPrincipal()).forEach(steps::add);
        if (policy.authentication() != null) {
            steps.addAll(authenticate(policy.authentication()).steps());
        }
        if (policy.authorization() != null) {
            steps.add(new AccessRules(policy.authorization()));
        }
        limits.stream().filter(LimitStep::needsPrincipal).forEach(steps::add);
        EditStep edits = new EditStep(policy.transform(), policy.version());
        if (!edits.isEmpty()) {
            steps.add(edits);
        }
        treat(policy, origins, steps);
        return List.copyOf(steps);
    }

    /** What is done with responses; a step that stands later sees them earlier: bodies are changed, then kept, then compressed. */
    private void treat(PolicySpec policy, Map<String, String> origins, List<Step> steps) {
        if (policy.compression() != null) {
            steps.add(new CompressionStep(policy.compression()));
        }
        if (policy.cache() != null) {
            ResponseCache cache = state.cache(origins.getOrDefault("cache", ""), policy.cache());
            usedCaches.add(cache);
            steps.addAll(new CacheStep(
                            cache, request -> request.principal() instanceof Principal known && !known.isAnonymous())
                    .steps());
        }
        PolicySpec.Transform transform = policy.transform();
        if (transform != null) {
            List<JsonChange> requests = transform.request() == null
                    ? List.of()
                    : transform.request().json();
            List<JsonChange> responses = transform.response() == null
                    ? List.of()
                    : transform.response().json();
            if (!requests.isEmpty() || !responses.isEmpty()) {
                steps.add(new JsonStep(
                        requests, responses, transform.bodyBytesMax().intValue()));
            }
        }
    }

    /** All steps of the generation are made: what {@link GuardState} holds beyond them is dropped. Once the generation is in service. */
    public void retain() {
        state.retain(usedVerifiers, usedIntrospections, usedLimits, usedCaches);
    }

    private List<LimitStep> limits(PolicySpec policy, String origin) {
        List<LimitStep> steps = new ArrayList<>();
        List<PolicySpec.RateLimit> limits = policy.rateLimit() == null ? List.of() : policy.rateLimit();
        for (int i = 0; i < limits.size(); i++) {
            PolicySpec.RateLimit limit = limits.get(i);
            String identity = origin + "/" + i;
            usedLimits.add(identity);
            steps.add(new LimitStep(limit, identity, origin + "-" + i, state.limits()));
        }
        return steps;
    }

    Authenticate authenticate(PolicySpec.Authentication authentication) {
        List<AuthMethod> methods = new ArrayList<>();
        List<Authenticate.Passed> passed = new ArrayList<>();
        boolean anonymous = false;
        for (AuthenticationMethod method : authentication.anyOf()) {
            switch (method) {
                case AuthenticationMethod.Jwt jwt -> {
                    methods.add(new JwtMethod(
                            jwt.providers().stream().map(this::verifier).toList(), consumers));
                    for (AuthenticationMethod.Provider provider : jwt.providers()) {
                        provider.claimToHeaders()
                                .forEach(claim -> passed.add(
                                        new Authenticate.Passed(claim.claim(), AuthMethod.lower(claim.header()))));
                    }
                }
                case AuthenticationMethod.ApiKey key ->
                    methods.add(new ApiKeyMethod(key.headers(), key.queryParams(), consumers, state.clock()));
                case AuthenticationMethod.Basic basic -> methods.add(new BasicMethod(consumers, state.passwords()));
                case AuthenticationMethod.MutualTls certificate ->
                    methods.add(new MutualTlsMethod(consumers, state.clock()));
                case AuthenticationMethod.Introspection introspection -> {
                    Introspection.Settings settings = settings(introspection);
                    usedIntrospections.add(settings);
                    methods.add(new IntrospectionMethod(state.introspection(settings), consumers));
                }
                case AuthenticationMethod.Anonymous nobody -> anonymous = true;
            }
        }
        return new Authenticate(methods, anonymous, passed);
    }

    private JwtVerifier verifier(AuthenticationMethod.Provider provider) {
        JwtSettings settings = settings(provider);
        usedVerifiers.add(settings);
        return state.verifier(settings);
    }

    private static JwtSettings settings(AuthenticationMethod.Provider provider) {
        JwtSettings usual = JwtSettings.of(provider.issuer(), provider.audiences(), keys(provider));
        Set<JwsAlgorithm> algorithms = provider.algorithms().stream()
                .map(name -> JwsAlgorithm.named(name)
                        .orElseThrow(() -> new IllegalArgumentException("an unknown algorithm: " + name)))
                .collect(Collectors.toCollection(() -> EnumSet.noneOf(JwsAlgorithm.class)));
        return new JwtSettings(
                usual.issuer(),
                usual.audiences(),
                algorithms.isEmpty() ? usual.algorithms() : algorithms,
                provider.clockSkew(),
                usual.keys(),
                usual.types(),
                usual.rolesClaims(),
                usual.scopesClaims());
    }

    private static JwtSettings.Keys keys(AuthenticationMethod.Provider provider) {
        if (provider.localJwks() != null) {
            return new JwtSettings.Keys.Local(provider.localJwks().toString());
        }
        return provider.remoteJwks() != null
                ? new JwtSettings.Keys.Remote(
                        URI.create(provider.remoteJwks().uri()),
                        fresh(provider.remoteJwks().cacheDuration()))
                : new JwtSettings.Keys.Discovered(JwtSettings.FRESH);
    }

    /** The model allows a second; the issuer is not asked that often. */
    private static Duration fresh(Duration stated) {
        return stated.compareTo(JwtSettings.REFRESH_PAUSE) < 0 ? JwtSettings.REFRESH_PAUSE : stated;
    }

    private static Introspection.Settings settings(AuthenticationMethod.Introspection introspection) {
        @Nullable Duration stated = introspection.cacheDuration();
        return new Introspection.Settings(
                URI.create(introspection.uri()),
                introspection.clientId(),
                introspection.clientSecret(),
                stated == null
                        ? Introspection.ACTIVE
                        : stated.compareTo(Introspection.FAILED) < 0 ? Introspection.FAILED : stated);
    }
}
