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
    static final long REFUSED = -1;

    private sealed interface State {
        int epoch();
    }

    private record Closed(int epoch, int failures) implements State {}

    private record Open(int epoch, long until) implements State {}

    private record HalfOpen(int epoch, int trials, int successes) implements State {}

    private final AtomicReference<State> state = new AtomicReference<>(new Closed(0, 0));

    /** A pass for the request, to be given back with its result: the epoch and the failures of its beginning; or REFUSED. */
    long acquire(BreakerSettings settings) {
        while (true) {
            State now = state.get();
            switch (now) {
                case Closed closed -> {
                    return pass(closed.epoch, closed.failures);
                }
                case Open open -> {
                    return REFUSED;
                }
                case HalfOpen half -> {
                    if (half.trials + half.successes >= settings.successThreshold()) {
                        return REFUSED;
                    }
                    if (state.compareAndSet(half, new HalfOpen(half.epoch, half.trials + 1, half.successes))) {
                        return pass(half.epoch, 0);
                    }
                }
            }
        }
    }

    /** Whether this changed the phase. */
    boolean succeeded(long pass, BreakerSettings settings) {
        int epoch = epoch(pass);
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

    /**
     * Whether this changed the phase: then the breaker is open until now + recovery.
     *
     * @param alone whether it counts only if no other failure was counted since the request began: one incident may break all
     *     connections at once, and is one failure then
     */
    boolean failed(long pass, BreakerSettings settings, long nanos, boolean alone) {
        int epoch = epoch(pass);
        while (true) {
            State now = state.get();
            if (now.epoch() != epoch) {
                return false;
            }
            State next = switch (now) {
                case Closed closed -> counted(closed, alone && closed.failures > failures(pass), settings, nanos);
                case Open open -> open;
                case HalfOpen half -> open(epoch, settings, nanos);
            };
            if (next.equals(now) || state.compareAndSet(now, next)) {
                return next.epoch() != epoch;
            }
        }
    }

    private static State counted(Closed closed, boolean known, BreakerSettings settings, long nanos) {
        if (known) {
            return closed;
        }
        return closed.failures + 1 >= settings.failureThreshold()
                ? open(closed.epoch, settings, nanos)
                : new Closed(closed.epoch, closed.failures + 1);
    }

    /** The request ended without a result; a trial may be made by another. */
    void cancelled(long pass) {
        int epoch = epoch(pass);
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

    private static long pass(int epoch, int failures) {
        return (long) epoch << Integer.SIZE | failures;
    }

    private static int epoch(long pass) {
        return (int) (pass >>> Integer.SIZE);
    }

    private static int failures(long pass) {
        return (int) pass;
    }
}
