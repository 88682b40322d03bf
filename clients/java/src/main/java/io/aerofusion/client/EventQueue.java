package io.aerofusion.client;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings events to observers in their order, one after another, on a thread that holds no lock of the client: an observer may call
 * the client back, and a slow one delays nobody but other observers.
 */
final class EventQueue {
    /** Events that wait, at most; beyond it all of them give way to one {@link ReplicaEvent.Overrun} per space. */
    static final int WAITING_MAX = 10_000;

    private static final Logger LOG = LoggerFactory.getLogger(EventQueue.class);

    private final ClientRuntime runtime;
    private final List<Consumer<? super ReplicaEvent>> observers = new CopyOnWriteArrayList<>();
    private final Deque<ReplicaEvent> waiting = new ArrayDeque<>();
    private boolean delivering;

    EventQueue(ClientRuntime runtime) {
        this.runtime = runtime;
    }

    Subscription add(Consumer<? super ReplicaEvent> observer) {
        observers.add(observer);
        return () -> observers.remove(observer);
    }

    synchronized void offer(ReplicaEvent event) {
        if (observers.isEmpty()) {
            return;
        }
        if (waiting.size() >= WAITING_MAX) {
            overrun();
        }
        waiting.add(event);
        if (!delivering) {
            delivering = true;
            runtime.execute(this::deliver);
        }
    }

    private void overrun() {
        Set<String> spaces = new LinkedHashSet<>();
        for (ReplicaEvent event : waiting) {
            if (event instanceof ReplicaEvent.OfSpace ofSpace) {
                spaces.add(ofSpace.space());
            }
        }
        waiting.clear();
        spaces.forEach(space -> waiting.add(new ReplicaEvent.Overrun(space)));
    }

    private void deliver() {
        for (ReplicaEvent event = next(); event != null; event = next()) {
            for (Consumer<? super ReplicaEvent> observer : observers) {
                try {
                    observer.accept(event);
                } catch (RuntimeException
                        | Error e) { // whatever it is, the events that come later have to be delivered
                    LOG.warn("an observer failed at {}", event.getClass().getSimpleName(), e);
                }
            }
        }
    }

    private synchronized @org.jspecify.annotations.Nullable ReplicaEvent next() {
        ReplicaEvent event = waiting.poll();
        delivering = event != null;
        return event;
    }
}
