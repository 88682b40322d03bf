package io.aerofusion.gateway.upstream;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * Where an endpoint is: the identity by which its state survives a change of its upstream.
 *
 * @param hostname the name it was found under, or the address as written: what TLS verifies and probes name as host
 * @param socket the resolved address
 * @param own how it is spoken to, where that is its own matter; null: as its upstream says
 */
public record Target(
        String hostname, InetSocketAddress socket, @Nullable Transport own) {
    public Target {
        if (socket.isUnresolved()) {
            throw new IllegalArgumentException("Not resolved: " + socket);
        }
    }

    public Target(String hostname, InetSocketAddress socket) {
        this(hostname, socket, null);
    }

    public Target(String hostname, InetAddress address, int port) {
        this(hostname, new InetSocketAddress(address, port));
    }

    /** How it is spoken to, if its upstream says that. */
    public Transport transport(Transport upstream) {
        return own == null ? upstream : own;
    }

    /** Address and port, as in logs and states: {@code 10.0.0.1:8080} or {@code [::1]:8080}. */
    public String text() {
        String address = socket.getAddress().getHostAddress();
        return (address.indexOf(':') < 0 ? address : "[" + address + "]") + ":" + socket.getPort();
    }

    /**
     * A target and its share of the traffic, relative to the others'.
     *
     * @param priority 0 for those that are used first; a higher number is for when none of a lower one can be used
     */
    public record Weighted(Target target, int weight, int priority) {
        public static final int WEIGHT_MAX = 1_000_000;

        public Weighted {
            if (weight < 0 || weight > WEIGHT_MAX) {
                throw new IllegalArgumentException("Weight outside of 0 to " + WEIGHT_MAX + ": " + weight);
            }
            if (priority < 0) {
                throw new IllegalArgumentException("A priority is at least 0, not " + priority);
            }
        }

        /** One of those that are used first. */
        public Weighted(Target target, int weight) {
            this(target, weight, 0);
        }
    }
}
