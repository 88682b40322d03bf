package io.aerofusion.gateway.security;

import io.aerofusion.gateway.RequestEdit;
import io.aerofusion.gateway.RequestView;
import io.aerofusion.gateway.Step;
import io.aerofusion.gateway.Verdict;
import io.aerofusion.route.PolicySpec;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What callers may do: the first rule that applies decides, or else the default. A condition that cannot be evaluated refuses the request,
 * whatever its rule would have done.
 */
final class AccessRules implements Step {
    private static final Verdict FORBIDDEN = new Verdict.Refuse(403, "forbidden", "The caller may not do this.");
    private static final Verdict UNDECIDED =
            new Verdict.Refuse(403, "forbidden", "Whether the caller may do this could not be decided.");

    private final List<Rule> rules;
    private final boolean allowed;

    /** A rule, ready to be asked. */
    private record Rule(
            boolean allows,
            @Nullable Cidrs networks,
            Set<String> roles,
            Set<String> scopes,
            List<PolicySpec.Claim> claims,
            Set<String> consumers,
            @Nullable Expression condition) {}

    /** @throws IllegalArgumentException when an expression or a network cannot be read */
    AccessRules(PolicySpec.Authorization authorization) {
        this.allowed = authorization.defaultAction() == PolicySpec.Action.ALLOW;
        this.rules = new ArrayList<>();
        for (PolicySpec.AuthorizationRule rule : authorization.rules()) {
            PolicySpec.Principal principal = rule.principal();
            rules.add(new Rule(
                    rule.action() == PolicySpec.Action.ALLOW,
                    principal == null || principal.clientCidrs().isEmpty() ? null : Cidrs.of(principal.clientCidrs()),
                    principal == null ? Set.of() : Set.copyOf(principal.roles()),
                    principal == null ? Set.of() : Set.copyOf(principal.scopes()),
                    principal == null ? List.of() : principal.claims(),
                    principal == null ? Set.of() : Set.copyOf(principal.consumers()),
                    rule.cel() == null ? null : Expression.compile(Expression.Kind.CONDITION, rule.cel())));
        }
    }

    @Override
    public Verdict check(RequestEdit request) {
        Principal principal = request.principal() instanceof Principal known ? known : Principal.ANONYMOUS;
        for (int i = 0; i < rules.size(); i++) {
            Rule rule = rules.get(i);
            if (!concerns(rule, request, principal)) {
                continue;
            }
            if (rule.condition() != null) {
                Optional<Boolean> holds = rule.condition().holds(request, principal);
                if (holds.isEmpty()) {
                    return UNDECIDED;
                }
                if (!holds.get()) {
                    continue;
                }
            }
            return rule.allows() ? Verdict.PASS : FORBIDDEN;
        }
        return allowed ? Verdict.PASS : FORBIDDEN;
    }

    private static boolean concerns(Rule rule, RequestView request, Principal principal) {
        return (rule.consumers().isEmpty()
                        || (principal.consumer() != null && rule.consumers().contains(principal.consumer())))
                && (rule.roles().isEmpty() || hasOne(principal.roles(), rule.roles()))
                && (rule.scopes().isEmpty() || principal.scopes().containsAll(rule.scopes()))
                && (rule.claims().isEmpty() || rule.claims().stream().allMatch(claim -> has(principal, claim)))
                && (rule.networks() == null || rule.networks().contains(request.clientAddress()));
    }

    private static boolean hasOne(Set<String> roles, Set<String> wanted) {
        for (String role : wanted) {
            if (roles.contains(role)) {
                return true;
            }
        }
        return false;
    }

    private static boolean has(Principal principal, PolicySpec.Claim claim) {
        Object value = VerifiedToken.claim(principal.claims(), claim.name());
        return value instanceof Collection<?> several
                ? several.stream().anyMatch(one -> one != null && claim.values().contains(String.valueOf(one)))
                : value != null && claim.values().contains(String.valueOf(value));
    }
}
