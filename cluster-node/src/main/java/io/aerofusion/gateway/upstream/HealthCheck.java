package io.aerofusion.gateway.upstream;

import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The active checks of one endpoint: one under way at a time, the next an interval later. An endpoint is taken for healthy until its
 * first check, which decides alone; after that the thresholds do. Runs on the timeline.
 */
final class HealthCheck implements AutoCloseable {
    private final Endpoint endpoint;
    private final Transport transport;
    private final ActiveCheck settings;
    private final UpstreamServices services;
    private final Consumer<Endpoint> changed;
    private int streak;
    private boolean decided;
    private long probe;
    private Timeline.@Nullable Scheduled next;
    private volatile boolean closed;

    HealthCheck(
            Endpoint endpoint,
            Transport transport,
            ActiveCheck settings,
            UpstreamServices services,
            Consumer<Endpoint> changed) {
        this.endpoint = endpoint;
        this.transport = transport;
        this.settings = settings;
        this.services = services;
        this.changed = changed;
    }

    /** Checks as soon as the timeline has a turn, spread over a tenth of the interval. */
    void start() {
        after(services.dice().upTo(settings.interval().toNanos() / 10), this::check);
    }

    private void check() {
        if (closed) {
            return;
        }
        long mine = ++probe;
        services.prober()
                .probe(transport, endpoint.target(), settings.probe(), settings.timeout())
                .whenComplete((answer, failure) -> {
                    boolean well = failure == null && answer != null && answer;
                    services.timeline().schedule(Duration.ZERO, () -> checked(mine, well));
                });
        if (probe == mine) {
            next = services.timeline().schedule(settings.timeout(), () -> checked(mine, false));
        }
    }

    private void checked(long number, boolean well) {
        if (number != probe || closed) {
            return;
        }
        probe++;
        if (next != null) {
            next.close();
        }
        count(well);
        long interval = settings.interval().toNanos();
        after(interval - interval / 10 + services.dice().upTo(interval / 5), this::check);
    }

    private void count(boolean well) {
        streak = well == endpoint.healthy() ? 0 : streak + 1;
        int needed = !decided ? 1 : well ? settings.healthyThreshold() : settings.unhealthyThreshold();
        decided = true;
        if (streak >= needed) {
            streak = 0;
            endpoint.healthy(well);
            changed.accept(endpoint);
        }
    }

    private void after(long nanos, Runnable task) {
        if (!closed) {
            next = services.timeline().schedule(Duration.ofNanos(nanos), task);
        }
    }

    @Override
    public void close() {
        closed = true;
        Timeline.Scheduled waiting = next;
        if (waiting != null) {
            waiting.close();
        }
    }
}
