package io.aerofusion.gateway.upstream;

import java.util.List;
import java.util.function.Consumer;

/** Tells who the endpoints of an upstream are, now and whenever that changes. */
@FunctionalInterface
public interface EndpointSource {
    /**
     * Starts to tell. The listener may be called on any thread, also before this returns; each list replaces the one before. A source
     * that fails tells nothing, so that what was known stays.
     */
    Subscription open(Consumer<List<Target.Weighted>> listener);

    /** What a source does for a listener, until it is closed. */
    @FunctionalInterface
    interface Subscription extends AutoCloseable {
        @Override
        void close();

        /** Why the endpoints cannot be found out at present, so that what was told stays; "" while they can. */
        default String failure() {
            return "";
        }
    }

    /** Endpoints that never change. */
    static EndpointSource fixed(List<Target.Weighted> targets) {
        List<Target.Weighted> copy = List.copyOf(targets);
        return listener -> {
            listener.accept(copy);
            return () -> {};
        };
    }
}
