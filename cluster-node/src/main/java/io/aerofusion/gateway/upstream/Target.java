package io.aerofusion.gateway.upstream;

import java.net.InetAddress;
import java.net.InetSocketAddress;

/**
 * Where an endpoint is: the identity by which its state survives a change of its upstream.
 *
 * @param hostname the name it was found under, or the address as written: what TLS verifies and probes name as host
 * @param socket the resolved address
 */
public record Target(String hostname, InetSocketAddress socket) {
    public Target {
        if (socket.isUnresolved()) {
            throw new IllegalArgumentException("Not resolved: " + socket);
        }
    }

    public Target(String hostname, InetAddress address, int port) {
        this(hostname, new InetSocketAddress(address, port));
    }

    /** Address and port, as in logs and states: {@code 10.0.0.1:8080} or {@code [::1]:8080}. */
    public String text() {
        String address = socket.getAddress().getHostAddress();
        return (address.indexOf(':') < 0 ? address : "[" + address + "]") + ":" + socket.getPort();
    }

    /** A target and its share of the traffic, relative to the others'. */
    public record Weighted(Target target, int weight) {
        public static final int WEIGHT_MAX = 1_000_000;

        public Weighted {
            if (weight < 0 || weight > WEIGHT_MAX) {
                throw new IllegalArgumentException("Weight outside of 0 to " + WEIGHT_MAX + ": " + weight);
            }
        }
    }
}
