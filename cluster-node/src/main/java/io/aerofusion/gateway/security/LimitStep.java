package io.aerofusion.gateway.security;

import io.aerofusion.gateway.RequestEdit;
import io.aerofusion.gateway.Step;
import io.aerofusion.gateway.Verdict;
import io.aerofusion.gateway.limit.LeasedLimit;
import io.aerofusion.gateway.limit.Limit;
import io.aerofusion.gateway.limit.LimitKeys;
import io.aerofusion.gateway.limit.Limits;
import io.aerofusion.gateway.limit.Rate;
import io.aerofusion.gateway.limit.RateLimitFields;
import io.aerofusion.route.Cost;
import io.aerofusion.route.PolicySpec;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One rate limit of a policy. A request without what it counts by (nobody known, no such header or claim) is counted by its address: leaving a
 * header out must not be a way around a limit. A refused request is answered with 429, {@code Retry-After} and the {@code RateLimit} fields.
 */
final class LimitStep implements Step {
    private final PolicySpec.RateLimit.Key key;
    private final String name;
    private final String stateField;
    private final Rate rate;
    private final long fixedCost;
    private final @Nullable Expression cost;
    private final boolean dryRun;
    private final @Nullable Limit local;
    private final @Nullable LeasedLimit leased;
    private final String policyField;
    private final boolean bySubject;

    /**
     * @param identity what its use is remembered by over generations and told apart from other limits
     * @throws IllegalArgumentException when the rate or the cost is none
     */
    LimitStep(PolicySpec.RateLimit spec, String identity, String shown, Limits limits) {
        this.key = spec.key();
        this.name = spec.name() == null
                ? ""
                : spec.key() == PolicySpec.RateLimit.Key.HEADER ? AuthMethod.lower(spec.name()) : spec.name();
        this.stateField = RateLimitFields.stateOf(shown);
        this.rate = rate(spec);
        Cost stated = spec.cost();
        this.fixedCost = stated == null || stated.cel() != null ? 1 : stated.fixed();
        this.cost = stated == null || stated.cel() == null
                ? null
                : Expression.compile(Expression.Kind.NUMBER, stated.cel());
        this.dryRun = spec.dryRun();
        boolean global = spec.scope() == PolicySpec.RateLimit.Scope.GLOBAL;
        this.local = global ? null : limits.local(identity);
        this.leased = global ? limits.leased(identity) : null;
        this.policyField = RateLimitFields.policy(shown, rate);
        this.bySubject = key == PolicySpec.RateLimit.Key.CLAIM && name.equals("sub");
    }

    static Rate rate(PolicySpec.RateLimit spec) {
        if (spec.requests() > Rate.REQUESTS_MAX || spec.burst() > Rate.REQUESTS_MAX) {
            throw new IllegalArgumentException("requests and burst are 1 to " + Rate.REQUESTS_MAX);
        }
        Duration per = switch (spec.unit()) {
            case SECOND -> Duration.ofSeconds(1);
            case MINUTE -> Duration.ofMinutes(1);
            case HOUR -> Duration.ofHours(1);
        };
        return new Rate(spec.requests().intValue(), per, spec.burst().intValue());
    }

    /** Whether it needs to know who asks. */
    boolean needsPrincipal() {
        return key == PolicySpec.RateLimit.Key.CONSUMER || key == PolicySpec.RateLimit.Key.CLAIM || cost != null;
    }

    @Override
    public Verdict check(RequestEdit request) {
        String counted = counted(request);
        int units = cost(request);
        if (local != null) {
            long fingerprint = counted == null ? LimitKeys.of(request.clientAddress()) : LimitKeys.of(counted);
            long answer = local.take(rate, fingerprint, units);
            return answer >= 0 || dryRun ? passed(request, units, answer) : refused(units, answer);
        }
        if (leased == null) {
            return Verdict.PASS;
        }
        String global = counted == null ? LimitKeys.name(request.clientAddress()) : "key:" + counted;
        long answer = leased.take(rate, global, units);
        if (answer != LeasedLimit.ASK) {
            return answer >= 0 || dryRun ? passed(request, units, answer) : refused(units, answer);
        }
        return new Verdict.Later(leased.later(rate, global, units)
                .thenApply(decided -> decided >= 0 || dryRun ? passedLater(units, decided) : refused(units, decided)));
    }

    private @Nullable String counted(RequestEdit request) {
        return switch (key) {
            case CONSUMER -> {
                String consumer = request.consumer();
                // Somebody known by a token only is counted by what the token calls him.
                yield consumer != null
                        ? consumer
                        : request.principal() instanceof Principal known
                                        && !known.subject().isEmpty()
                                ? "\0" + known.subject()
                                : null;
            }
            case CLIENT_IP -> null;
            case HEADER -> request.header(name);
            case CLAIM -> request.principal() instanceof Principal known ? claim(known) : null;
        };
    }

    private @Nullable String claim(Principal known) {
        // The most usual claim is at hand already.
        if (bySubject && !known.claims().isEmpty() && !known.subject().isEmpty()) {
            return known.subject();
        }
        Object claim = VerifiedToken.claim(known.claims(), name);
        return claim == null ? null : claim.toString();
    }

    private int cost(RequestEdit request) {
        if (cost == null) {
            return (int) Math.min(fixedCost, Integer.MAX_VALUE);
        }
        Principal principal = request.principal() instanceof Principal known ? known : Principal.ANONYMOUS;
        // What cannot be evaluated counts as an ordinary request.
        return Math.clamp(cost.number(request, principal).orElse(1), 0, Integer.MAX_VALUE);
    }

    private Verdict passed(RequestEdit request, int units, long answer) {
        if (dryRun) {
            return answer >= 0 ? Verdict.PASS : Verdict.WOULD_REFUSE;
        }
        request.setResponseHeader(RateLimitFields.POLICY, policyField);
        request.setResponseHeader(RateLimitFields.STATE, RateLimitFields.state(stateField, rate, units, answer));
        return Verdict.PASS;
    }

    /** The same of a request that had to wait: what it changes of the response is done by whoever takes the verdict. */
    private Verdict passedLater(int units, long answer) {
        if (dryRun) {
            return answer >= 0 ? Verdict.PASS : Verdict.WOULD_REFUSE;
        }
        return new Verdict.Pass(
                false,
                Map.of(
                        RateLimitFields.POLICY,
                        policyField,
                        RateLimitFields.STATE,
                        RateLimitFields.state(stateField, rate, units, answer)));
    }

    private Verdict refused(int units, long answer) {
        return new Verdict.Refuse(
                429,
                "rate-limited",
                "Too many requests; wait as long as Retry-After says.",
                Map.of(
                        RateLimitFields.POLICY,
                        policyField,
                        RateLimitFields.STATE,
                        RateLimitFields.state(stateField, rate, units, answer),
                        RateLimitFields.RETRY_AFTER,
                        Long.toString(RateLimitFields.retryAfterSeconds(answer))));
    }
}
