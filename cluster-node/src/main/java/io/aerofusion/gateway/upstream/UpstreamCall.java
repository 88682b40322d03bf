package io.aerofusion.gateway.upstream;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A request on its way to an upstream: the endpoint of the current try, its outcome, the next try, and at the end {@link #end}. Confined
 * to one thread at a time. See the package for its life.
 */
public final class UpstreamCall implements Admission {
    /** The current try: nothing is known yet, its outcome was counted, or it holds no endpoint any more. */
    private enum Try {
        RUNNING,
        JUDGED,
        RELEASED
    }

    private final Upstream upstream;
    private final RetryPolicy policy;
    private final long hashKey;
    private final boolean idempotent;
    private @Nullable Endpoint endpoint;
    private long pass;
    private Try phase = Try.RELEASED;
    private boolean retryable;
    private boolean ended;
    private int retries;
    private long backOffNanos;
    private Endpoint @Nullable [] tried;

    UpstreamCall(Upstream upstream, RetryPolicy policy, long hashKey, boolean idempotent) {
        this.upstream = upstream;
        this.policy = policy;
        this.hashKey = hashKey;
        this.idempotent = idempotent;
    }

    /** Where the current try goes. */
    public Endpoint endpoint() {
        return Objects.requireNonNull(endpoint);
    }

    public Upstream upstream() {
        return upstream;
    }

    public RetryPolicy policy() {
        return policy;
    }

    /** How many tries were made before the current one. */
    public int retries() {
        return retries;
    }

    /** How long to wait before the try that {@link #retry} gave. */
    public long backoffNanos() {
        return backOffNanos;
    }

    /**
     * The head of the answer came. What breaks after that counts no more for the endpoint, but can still be told with
     * {@link #failed}, which makes the call retryable if nothing was passed on.
     *
     * @param status not 1xx, except 101
     */
    public void answered(int status) {
        if (phase == Try.RUNNING) {
            phase = Try.JUDGED;
            retryable = policy.retriesAfter(status, idempotent);
            upstream.answered(endpoint(), pass, status);
        }
    }

    /** As {@link #answered}, for an answer of gRPC with this status. */
    public void answeredGrpc(int grpcStatus) {
        if (phase == Try.RUNNING) {
            phase = Try.JUDGED;
            retryable = policy.retriesAfterGrpc(grpcStatus);
            upstream.answered(endpoint(), pass, GrpcStatus.judgedStatus(grpcStatus));
        }
    }

    /** The try brought no answer, or the answer broke off. */
    public void failed(Failure failure) {
        if (phase == Try.RELEASED) {
            return;
        }
        retryable = policy.retriesAfter(failure, idempotent);
        if (phase == Try.RUNNING) {
            phase = Try.JUDGED;
            upstream.failed(endpoint(), pass, failure);
        }
    }

    /**
     * Asks for another try after an outcome that was told: the next endpoint, another than those tried if there is one. Null if the
     * outcome is none to retry, the tries are used up, the budget is, or nobody is there: then the outcome stands, and the call still
     * holds its endpoint until {@link #end}. To be asked only if nothing of the answer was passed on and the request can be sent again.
     */
    public @Nullable Endpoint retry() {
        if (!retryable || ended || retries >= policy.retries()) {
            return null;
        }
        return upstream.retry(this) ? endpoint : null;
    }

    /** The call is over. Releases what it holds; again does nothing. Without an outcome the last try counts for nothing. */
    public void end() {
        if (!ended) {
            ended = true;
            if (phase == Try.RUNNING) {
                endpoint().breaker.cancelled(pass);
            }
            phase = Try.RELEASED;
            upstream.ended(endpoint());
        }
    }

    long hashKey() {
        return hashKey;
    }

    /** The next try goes there; the endpoint was taken for it. */
    void take(Endpoint next, long breakerPass) {
        if (endpoint != null) {
            if (tried == null) {
                tried = new Endpoint[policy.retries()];
            }
            tried[retries++] = endpoint;
        }
        endpoint = next;
        pass = breakerPass;
        phase = Try.RUNNING;
        retryable = false;
    }

    void backOff(long nanos) {
        backOffNanos = nanos;
    }

    boolean hasTried(Endpoint candidate) {
        if (candidate == endpoint) {
            return true;
        }
        for (int i = 0; i < retries; i++) {
            if (tried != null && tried[i] == candidate) {
                return true;
            }
        }
        return false;
    }
}
