package io.aerofusion.gateway.upstream;

import io.aerofusion.route.RouteSpec;
import io.aerofusion.route.UpstreamSpec;
import java.time.Duration;
import java.util.Collection;
import java.util.EnumSet;
import java.util.Set;

/**
 * Which outcomes are tried again, how often and after which pause.
 *
 * <p>A request is repeated only if that is safe: after {@link Failure#CONNECT} and {@link Failure#REFUSED_STREAM} the endpoint cannot have
 * acted on it; after anything else it must be idempotent (by its method, RFC 9110 section 9.2.2, or because it carries an
 * {@code Idempotency-Key}), whatever conditions are configured. The
 * statuses of gRPC are the exception: all of its calls are POST, so whoever names one says that the calls may be repeated.
 */
public final class RetryPolicy {
    /** More retries than this are not made. */
    public static final int RETRIES_MAX = 10;

    static final Duration BACK_OFF_BASE = Duration.ofMillis(25);
    static final Duration BACK_OFF_MAX = Duration.ofMillis(250);

    /** An outcome to try again after; names and meaning are Envoy's. */
    public enum Condition {
        /** No connection could be made. */
        CONNECT_FAILURE,
        /** The endpoint did not take the stream. */
        REFUSED_STREAM,
        /** The connection broke, or nothing came within the time of the try. */
        RESET,
        /** An answer 502, 503 or 504. */
        GATEWAY_ERROR,
        /** Any answer 5xx, and everything of the above. */
        SERVER_ERROR,
        /** A gRPC call that brought nothing but this status; and so on. */
        GRPC_CANCELLED,
        GRPC_DEADLINE_EXCEEDED,
        GRPC_INTERNAL,
        GRPC_RESOURCE_EXHAUSTED,
        GRPC_UNAVAILABLE
    }

    /** What is done where nothing is configured: two retries of what certainly or harmlessly can be sent again. */
    public static final RetryPolicy DEFAULT = new RetryPolicy(
            2,
            EnumSet.of(Condition.CONNECT_FAILURE, Condition.REFUSED_STREAM, Condition.RESET),
            Set.of(),
            Duration.ZERO,
            BACK_OFF_BASE,
            BACK_OFF_MAX);

    private final int retries;
    private final Set<Condition> conditions;
    private final Set<Integer> statuses;
    private final Duration perTry;
    private final long baseNanos;
    private final long mostNanos;

    /**
     * @param retries beside the first try, at most {@link #RETRIES_MAX}
     * @param statuses answers to try again after, beside those of the conditions
     * @param perTry for how long an answer's head is awaited before the next try; zero for as long as the request may take
     * @param backOffBase the pause before the n-th retry is random between zero and base * 2^(n-1) ("full jitter"),
     * @param backOffMax but not longer than this
     */
    public RetryPolicy(
            int retries,
            Set<Condition> conditions,
            Collection<Integer> statuses,
            Duration perTry,
            Duration backOffBase,
            Duration backOffMax) {
        if (retries < 0 || retries > RETRIES_MAX) {
            throw new IllegalArgumentException("Retries are 0 to " + RETRIES_MAX + ", not " + retries);
        }
        if (perTry.isNegative() || backOffBase.isNegative() || backOffMax.compareTo(backOffBase) < 0) {
            throw new IllegalArgumentException(
                    "Durations of a retry are not negative, and the longest is the longest.");
        }
        this.retries = retries;
        this.conditions = Set.copyOf(conditions);
        this.statuses = Set.copyOf(statuses);
        this.perTry = perTry;
        this.baseNanos = backOffBase.toNanos();
        this.mostNanos = backOffMax.toNanos();
    }

    /** What an upstream or a policy says. */
    public static RetryPolicy of(UpstreamSpec.Retry retry) {
        return SettingsOfSpec.retry(retry);
    }

    /**
     * What a route's rule says.
     *
     * @param perTry the rule's {@code timeouts.backendRequest}; zero for none
     */
    public static RetryPolicy of(RouteSpec.Retry retry, Duration perTry) {
        return SettingsOfSpec.retry(retry, perTry);
    }

    /** Zero when a try may take as long as the request. */
    public Duration perTry() {
        return perTry;
    }

    int retries() {
        return retries;
    }

    boolean retriesAfter(int status, boolean idempotent) {
        if (!idempotent || status < 400) {
            return false;
        }
        return (status >= 500 && conditions.contains(Condition.SERVER_ERROR))
                || (status >= 502 && status <= 504 && conditions.contains(Condition.GATEWAY_ERROR))
                || statuses.contains(status);
    }

    boolean retriesAfter(Failure failure, boolean idempotent) {
        if (!idempotent && !failure.unseen()) {
            return false;
        }
        return switch (failure) {
            case CONNECT -> asks(Condition.CONNECT_FAILURE);
            case REFUSED_STREAM -> asks(Condition.REFUSED_STREAM);
            case RESET, TRY_TIMEOUT -> asks(Condition.RESET);
            case INVALID_ANSWER -> asks(Condition.GATEWAY_ERROR);
            case STALE_CONNECTION -> retries > 0;
            case CANCELLED -> false;
        };
    }

    boolean retriesAfterGrpc(int grpcStatus) {
        return switch (grpcStatus) {
            case 1 -> conditions.contains(Condition.GRPC_CANCELLED);
            case 4 -> conditions.contains(Condition.GRPC_DEADLINE_EXCEEDED);
            case 8 -> conditions.contains(Condition.GRPC_RESOURCE_EXHAUSTED);
            case 13 -> conditions.contains(Condition.GRPC_INTERNAL);
            case 14 -> conditions.contains(Condition.GRPC_UNAVAILABLE);
            default -> false;
        };
    }

    private boolean asks(Condition condition) {
        return conditions.contains(condition) || conditions.contains(Condition.SERVER_ERROR);
    }

    /** The pause before the n-th retry, counted from 1. */
    long backOffNanos(int nth, Dice dice) {
        int doublings = nth - 1;
        long bound = doublings >= Long.numberOfLeadingZeros(baseNanos) - 1 ? mostNanos : baseNanos << doublings;
        return dice.upTo(Math.min(bound, mostNanos));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof RetryPolicy policy
                && retries == policy.retries
                && conditions.equals(policy.conditions)
                && statuses.equals(policy.statuses)
                && perTry.equals(policy.perTry)
                && baseNanos == policy.baseNanos
                && mostNanos == policy.mostNanos;
    }

    @Override
    public int hashCode() {
        return retries + 31 * conditions.hashCode() + 961 * statuses.hashCode();
    }

    @Override
    public String toString() {
        return retries + " retries after " + conditions + " " + statuses;
    }
}
