package io.aerofusion.gateway.upstream;

import java.time.Duration;
import java.util.function.Consumer;

/**
 * Watches an endpoint whose connections failed while its breaker is open: connects to it four times a second, and once it was seen down and is
 * seen up again, the breaker makes its trials at once. Without it a rolling restart, a few seconds for each endpoint, would leave every
 * breaker open for the recovery time although every endpoint is there. An endpoint that takes connections all the time, and fails
 * in another way, stays out for the whole time. Runs on the timeline.
 */
final class ComebackWatch {
    static final Duration INTERVAL = Duration.ofMillis(250);

    private final Endpoint endpoint;
    private final UpstreamServices services;
    private final Duration connect;
    private final Consumer<Endpoint> changed;
    private boolean seenDown;

    private ComebackWatch(Endpoint endpoint, UpstreamServices services, Duration connect, Consumer<Endpoint> changed) {
        this.endpoint = endpoint;
        this.services = services;
        this.connect = connect;
        this.changed = changed;
    }

    /** Watches the endpoint until its breaker is no longer open, unless it is watched already. Any thread. */
    static void start(Endpoint endpoint, UpstreamServices services, Duration connect, Consumer<Endpoint> changed) {
        if (endpoint.watched.compareAndSet(false, true)) {
            ComebackWatch watch = new ComebackWatch(endpoint, services, connect, changed);
            services.timeline().schedule(Duration.ZERO, watch::look);
        }
    }

    private void look() {
        if (over() && !again()) {
            return;
        }
        services.prober()
                .reach(endpoint.target(), connect)
                .whenComplete((reached, failure) ->
                        services.timeline().schedule(Duration.ZERO, () -> looked(failure == null)));
    }

    private boolean over() {
        return endpoint.removed() || !endpoint.breaker.isOpen();
    }

    /** Ends the watch, or goes on when the breaker opened just now and found it still there. */
    private boolean again() {
        seenDown = false;
        endpoint.watched.set(false);
        return !over() && endpoint.watched.compareAndSet(false, true);
    }

    private void looked(boolean up) {
        if (up && seenDown && endpoint.breaker.recoverNow()) {
            changed.accept(endpoint);
        }
        seenDown = !up;
        services.timeline().schedule(INTERVAL, this::look);
    }
}
