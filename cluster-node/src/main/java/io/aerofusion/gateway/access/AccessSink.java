package io.aerofusion.gateway.access;

import java.util.List;

/** Where the lines of the access log go; called by one thread. */
@FunctionalInterface
public interface AccessSink extends AutoCloseable {
    /** Writes these lines, which have no line ends; the list is used again afterwards. */
    void write(List<String> lines);

    /** No more will come. */
    @Override
    default void close() {}
}
