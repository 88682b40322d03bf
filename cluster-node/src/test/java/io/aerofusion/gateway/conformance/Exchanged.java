package io.aerofusion.gateway.conformance;

import io.aerofusion.gateway.Headers;
import java.util.List;
import java.util.Map;

/** A request to the gateway and what came of it. */
final class Exchanged {
    private Exchanged() {}

    /**
     * What is sent.
     *
     * @param port the listener's
     * @param host as in the Host header
     * @param serverName what a TLS client asks for; empty without TLS
     * @param grpc whether it is a gRPC call
     * @param echoed headers that the backend is to answer with
     */
    record Sent(
            int port,
            String method,
            String host,
            String target,
            Map<String, String> headers,
            String serverName,
            boolean grpc,
            Map<String, String> echoed) {
        /** The same, over TLS to another server name. */
        Sent naming(String server) {
            return new Sent(port, method, host, target, headers, server, false, Map.of());
        }
    }

    /**
     * What came back, and what the backend saw of it.
     *
     * @param status of the answer; for a gRPC call that is not served 404
     * @param backend the upstream that answered; empty if none did
     * @param mirrors the upstreams that got a copy
     */
    record Answer(
            int status,
            Headers headers,
            String backend,
            String seenMethod,
            String seenHost,
            String seenTarget,
            Headers seen,
            List<String> mirrors) {
        static Answer of(int status, Headers headers) {
            return new Answer(status, headers, "", "", "", "", new Headers(), List.of());
        }
    }

    /** A way through the gateway. */
    interface Way {
        Answer send(Sent request) throws Exception;
    }
}
