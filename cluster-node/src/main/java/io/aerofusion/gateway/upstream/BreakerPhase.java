package io.aerofusion.gateway.upstream;

/** What a circuit breaker does with requests: lets them pass, refuses them, or lets a few pass to see. */
public enum BreakerPhase {
    CLOSED,
    OPEN,
    HALF_OPEN
}
