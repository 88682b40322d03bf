package io.aerofusion.client;

/** Ends an observation when it is closed; an event that is on its way may still arrive. */
@FunctionalInterface
public interface Subscription extends AutoCloseable {
    @Override
    void close();
}
