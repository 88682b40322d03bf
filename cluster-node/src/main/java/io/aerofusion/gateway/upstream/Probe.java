package io.aerofusion.gateway.upstream;

import java.util.Set;

/** What an endpoint is asked to find out whether it is well. */
public sealed interface Probe {
    /**
     * A GET.
     *
     * @param path from the slash on
     * @param expectedStatuses what a well endpoint answers; empty for any 2xx
     */
    record Http(String path, Set<Integer> expectedStatuses) implements Probe {
        public Http {
            expectedStatuses = Set.copyOf(expectedStatuses);
            if (!path.startsWith("/")) {
                throw new IllegalArgumentException("A health check has a path from /.");
            }
        }

        boolean expects(int status) {
            return expectedStatuses.isEmpty() ? status >= 200 && status <= 299 : expectedStatuses.contains(status);
        }
    }

    /**
     * A call of {@code grpc.health.v1.Health/Check}; only the answer SERVING is well. An endpoint that does not know the service, or not even
     * the protocol (UNIMPLEMENTED), is not: who asks for this check has endpoints that answer it.
     *
     * @param service whose health is asked; empty for that of the whole server
     */
    record Grpc(String service) implements Probe {}

    /** A connection that is made and closed. */
    record Connect() implements Probe {}
}
