package io.aerofusion.gateway.upstream;

import java.util.concurrent.atomic.AtomicReference;

/**
 * The circuit breaker of one endpoint (Nygard, "Release It!"). Closed: requests pass, consecutive failures are counted, at the
 * threshold it opens. Open: nothing passes until the recovery time is over. Half open: as many requests at a time as successes are needed
 * pass as trials; so many successes close it, one failure opens it again.
 *
 * <p>The state is one immutable record, replaced by compare-and-set; a success while closed and without failures writes nothing. Each
 * change of phase begins an epoch, and results of an earlier epoch are ignored: a request that began before the breaker opened says nothing
 * about the recovery.
 */
final class Breaker {
    /** The answer to a request that may not pass. */
    static final int REFUSED = -1;

    private sealed interface State {
        int epoch();
    }

    private record Closed(int epoch, int failures) implements State {}

    private record Open(int epoch, long until) implements State {}

    private record HalfOpen(int epoch, int trials, int successes) implements State {}

    private final AtomicReference<State> state = new AtomicReference<>(new Closed(0, 0));

    /** The epoch in which the request passes, to be given back with its result; or REFUSED. */
    int acquire(BreakerSettings settings) {
        while (true) {
            State now = state.get();
            switch (now) {
                case Closed closed -> {
                    return closed.epoch;
                }
                case Open open -> {
                    return REFUSED;
                }
                case HalfOpen half -> {
                    if (half.trials + half.successes >= settings.successThreshold()) {
                        return REFUSED;
                    }
                    if (state.compareAndSet(half, new HalfOpen(half.epoch, half.trials + 1, half.successes))) {
                        return half.epoch;
                    }
                }
            }
        }
    }

    /** Whether this changed the phase. */
    boolean succeeded(int epoch, BreakerSettings settings) {
        while (true) {
            State now = state.get();
            if (now.epoch() != epoch) {
                return false;
            }
            State next = switch (now) {
                case Closed closed -> closed.failures == 0 ? closed : new Closed(epoch, 0);
                case Open open -> open;
                case HalfOpen half ->
                    half.successes + 1 >= settings.successThreshold()
                            ? new Closed(next(epoch), 0)
                            : new HalfOpen(epoch, half.trials - 1, half.successes + 1);
            };
            if (next.equals(now) || state.compareAndSet(now, next)) {
                return next.epoch() != epoch;
            }
        }
    }

    /** Whether this changed the phase: then the breaker is open until now + recovery. */
    boolean failed(int epoch, BreakerSettings settings, long nanos) {
        while (true) {
            State now = state.get();
            if (now.epoch() != epoch) {
                return false;
            }
            State next = switch (now) {
                case Closed closed ->
                    closed.failures + 1 >= settings.failureThreshold()
                            ? open(epoch, settings, nanos)
                            : new Closed(epoch, closed.failures + 1);
                case Open open -> open;
                case HalfOpen half -> open(epoch, settings, nanos);
            };
            if (next.equals(now) || state.compareAndSet(now, next)) {
                return next.epoch() != epoch;
            }
        }
    }

    /** The request ended without a result; a trial may be made by another. */
    void cancelled(int epoch) {
        while (state.get() instanceof HalfOpen half && half.epoch == epoch) {
            if (state.compareAndSet(half, new HalfOpen(epoch, half.trials - 1, half.successes))) {
                return;
            }
        }
    }

    /** Goes to half open when the recovery time is over. Whether it did. */
    boolean recoverIfDue(long nanos) {
        return state.get() instanceof Open open
                && nanos - open.until >= 0
                && state.compareAndSet(open, new HalfOpen(next(open.epoch), 0, 0));
    }

    /** Something else shows that the endpoint lives: an open breaker makes its trials now. Whether it was open. */
    boolean recoverNow() {
        return state.get() instanceof Open open && state.compareAndSet(open, new HalfOpen(next(open.epoch), 0, 0));
    }

    boolean isOpen() {
        return state.get() instanceof Open;
    }

    BreakerPhase phase() {
        return switch (state.get()) {
            case Closed closed -> BreakerPhase.CLOSED;
            case Open open -> BreakerPhase.OPEN;
            case HalfOpen half -> BreakerPhase.HALF_OPEN;
        };
    }

    private static Open open(int epoch, BreakerSettings settings, long nanos) {
        return new Open(next(epoch), nanos + settings.recovery().toNanos());
    }

    private static int next(int epoch) {
        return (epoch + 1) & Integer.MAX_VALUE;
    }
}
