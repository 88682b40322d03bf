package io.aerofusion.gateway.security;

import io.aerofusion.gateway.routing.Compiled;
import io.aerofusion.gateway.routing.CompiledRule;
import io.aerofusion.route.AuthenticationMethod;
import io.aerofusion.route.ConsumerSpec;
import io.aerofusion.route.PolicySpec;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a consumer may use by the policies of a generation, as far as that can be said without a request. */
public final class ConsumerRights {
    /** Rules that are told; further ones are left out. */
    public static final int RIGHTS_MAX = 500;

    private ConsumerRights() {}

    /** Whether requests of the consumer get through. */
    public enum Access {
        ALLOWED,
        /** It depends on more than who asks: on the address, on claims, on an expression. */
        CONDITIONAL
    }

    /**
     * A rule that the consumer may use.
     *
     * @param apiKey how it shows its key there; null if it cannot, or need not
     * @param limits by the rule's policy
     */
    public record Right(
            CompiledRule rule,
            Access access,
            AuthenticationMethod.@Nullable ApiKey apiKey,
            List<PolicySpec.RateLimit> limits) {}

    /** Those of a consumer, in the order of the generation's rules; none if it is not there or disabled. */
    public static List<Right> of(Compiled compiled, String consumer) {
        ConsumerSpec spec = compiled.consumers().get(consumer);
        List<Right> rights = new ArrayList<>();
        if (spec == null || spec.disabled()) {
            return rights;
        }
        for (CompiledRule rule : compiled.rules()) {
            PolicySpec policy = rule.policy().spec();
            Access access = rule.backends().total() > 0 && identified(policy.authentication(), spec)
                    ? access(policy.authorization(), consumer, spec)
                    : null;
            if (access != null && rights.size() < RIGHTS_MAX) {
                rights.add(new Right(
                        rule,
                        access,
                        apiKey(policy.authentication()),
                        policy.rateLimit() == null ? List.of() : policy.rateLimit()));
            }
        }
        return rights;
    }

    private static AuthenticationMethod.@Nullable ApiKey apiKey(PolicySpec.@Nullable Authentication authentication) {
        if (authentication != null) {
            for (AuthenticationMethod method : authentication.anyOf()) {
                if (method instanceof AuthenticationMethod.ApiKey key) {
                    return key;
                }
            }
        }
        return null;
    }

    /** Whether it can prove who it is, or need not; a key can always be given to it. */
    private static boolean identified(PolicySpec.@Nullable Authentication authentication, ConsumerSpec consumer) {
        if (authentication == null || authentication.anyOf().isEmpty()) {
            return true;
        }
        return authentication.anyOf().stream().anyMatch(method -> switch (method) {
            case AuthenticationMethod.ApiKey key -> true;
            case AuthenticationMethod.Anonymous anybody -> true;
            case AuthenticationMethod.Basic basic -> has(consumer, ConsumerSpec.Credential.Basic.class);
            case AuthenticationMethod.Jwt jwt -> has(consumer, ConsumerSpec.Credential.Jwt.class);
            case AuthenticationMethod.Introspection token -> has(consumer, ConsumerSpec.Credential.Jwt.class);
            case AuthenticationMethod.MutualTls certificate -> has(consumer, ConsumerSpec.Credential.MutualTls.class);
        });
    }

    private static boolean has(ConsumerSpec consumer, Class<? extends ConsumerSpec.Credential> kind) {
        return consumer.credentials().stream().anyMatch(kind::isInstance);
    }

    /** The first rule that applies for certain decides; one before it that may apply makes it depend. Null: never. */
    private static @Nullable Access access(
            PolicySpec.@Nullable Authorization authorization, String name, ConsumerSpec consumer) {
        if (authorization == null) {
            return Access.ALLOWED;
        }
        boolean maybeAllowed = false;
        boolean maybeDenied = false;
        PolicySpec.Action decided = authorization.defaultAction();
        for (PolicySpec.AuthorizationRule rule : authorization.rules()) {
            if (!mayBe(rule.principal(), name, consumer)) {
                continue;
            }
            if (certain(rule)) {
                decided = rule.action();
                break;
            }
            maybeAllowed |= rule.action() == PolicySpec.Action.ALLOW;
            maybeDenied |= rule.action() == PolicySpec.Action.DENY;
        }
        if (decided == PolicySpec.Action.ALLOW) {
            return maybeDenied ? Access.CONDITIONAL : Access.ALLOWED;
        }
        return maybeAllowed ? Access.CONDITIONAL : null;
    }

    private static boolean mayBe(PolicySpec.@Nullable Principal principal, String name, ConsumerSpec consumer) {
        return principal == null
                || ((principal.roles().isEmpty()
                                || principal.roles().stream()
                                        .anyMatch(role -> consumer.roles().contains(role)))
                        && (principal.consumers().isEmpty()
                                || principal.consumers().contains(name)));
    }

    private static boolean certain(PolicySpec.AuthorizationRule rule) {
        PolicySpec.Principal principal = rule.principal();
        return rule.cel() == null
                && (principal == null
                        || (principal.clientCidrs().isEmpty()
                                && principal.scopes().isEmpty()
                                && principal.claims().isEmpty()));
    }
}
