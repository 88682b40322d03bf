package io.aerofusion.gateway.upstream;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Where an upstream's endpoints come from. */
public sealed interface Origin {
    /** Written down. */
    record Listed(List<Address> addresses) implements Origin {
        public Listed {
            addresses = List.copyOf(addresses);
        }
    }

    /** One written address: an IP address, or a name whose addresses all take the weight. */
    record Address(String host, int port, int weight) {}

    /**
     * The A and AAAA records of a name.
     *
     * @param refresh asks so often; null for as often as the records' TTL says
     */
    record DnsAddresses(String hostname, int port, @Nullable Duration refresh) implements Origin {}

    /** The SRV records of a name, which tell ports and weights; only the best priority that has records is used. */
    record DnsServices(String hostname, @Nullable Duration refresh) implements Origin {}

    /** A service that a discovery handed in by the node knows. */
    record Service(String name, @Nullable String port) implements Origin {}

    /** The API of this node, and as fail-over that of the others. */
    record Platform() implements Origin {}
}
