package io.aerofusion.gateway.upstream;

import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;

/** Questions to DNS. An answer without records means that there are none; a stage fails when nobody answered that could know. */
interface DnsLookup {
    /** Records and for how long they hold. */
    record Answer<T>(List<T> records, Duration ttl) {
        public Answer {
            records = List.copyOf(records);
        }
    }

    /** An SRV record (RFC 2782). */
    record Service(int priority, int weight, int port, String target) {}

    /** The A and AAAA records of a name. */
    CompletionStage<Answer<InetAddress>> addresses(String name);

    /** The SRV records of a name. */
    CompletionStage<Answer<Service>> services(String name);
}
