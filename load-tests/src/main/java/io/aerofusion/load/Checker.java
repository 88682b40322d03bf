package io.aerofusion.load;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Asks after a drill whether every acknowledged operation is at the server, exactly once, and whether all have the same: the promises that
 * {@link io.aerofusion.load.simulation} checks at every step of a run, as far as they can be seen from outside. A device whose cursor passed
 * over a commit would lack a document that nobody writes again, so its hash would differ at the end.
 */
final class Checker {
    private static final Duration LOOK = Duration.ofMillis(100);

    private final Api api;
    private final List<FaultDrill.Writer> writers;
    private long lost;
    private long miscounted;
    private long converged;

    Checker(Api api, List<FaultDrill.Writer> writers) {
        this.api = api;
        this.writers = List.copyOf(writers);
    }

    /** @throws IllegalStateException when the devices do not come to rest in that time */
    void check(Duration atMost) {
        for (FaultDrill.Writer writer : writers) {
            FleetDevice device = writer.device();
            Waiting.until(
                    () -> device.name() + " has " + device.pending() + " unacknowledged operations",
                    atMost,
                    LOOK,
                    () -> device.pending() == 0);
        }
        Map<String, List<FaultDrill.Writer>> spaces =
                writers.stream().collect(Collectors.groupingBy(FaultDrill.Writer::space));
        spaces.forEach((space, members) -> {
            awaitOneHash(space, members, atMost);
            members.forEach(this::count);
        });
    }

    private void awaitOneHash(String space, List<FaultDrill.Writer> members, Duration atMost) {
        Waiting.until(() -> "one hash in " + space, atMost, LOOK, () -> {
            String hash = api.hash(space);
            return members.stream().allMatch(member -> member.device().hash().equals(hash));
        });
        converged++;
    }

    /** Looks at the server, not at what the device itself believes. */
    private void count(FaultDrill.Writer writer) {
        String own = writer.device().name();
        JsonNode counter = document(writer.space(), own);
        if (counter.path("count").asLong() != writer.written()) {
            miscounted += Math.abs(counter.path("count").asLong() - writer.written());
        }
        for (int n = 0; n < writer.written(); n++) {
            if (document(writer.space(), own + "-" + n).path("n").asLong(-1) != n) {
                lost++;
            }
        }
    }

    private JsonNode document(String space, String id) {
        return api.document(space, FaultDrill.COLLECTION, id);
    }

    /** Operations that were acknowledged: when the devices are at rest, all that were made. */
    long acknowledged() {
        return writers.stream().mapToLong(writer -> writer.device().made()).sum();
    }

    long lost() {
        return lost;
    }

    /** By how much counters differ from what was counted. */
    long miscounted() {
        return miscounted;
    }

    long converged() {
        return converged;
    }
}
