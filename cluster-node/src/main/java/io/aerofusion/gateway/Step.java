package io.aerofusion.gateway;

/**
 * One step of a policy on the way of a request (who asks, may they, how often): asked on the event loop in the order of the
 * route's steps, so it must not block, and it allocates nothing when it lets a known caller pass.
 */
@FunctionalInterface
public interface Step {
    /** Decides at once, or later by {@link Verdict.Later}; what it reads is gone after it returned. */
    Verdict check(RequestEdit request);
}
