package io.aerofusion.client;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** Those who wait until what was made before is acknowledged or rejected. Used under the client's lock; the futures are the caller's to complete. */
final class Flushes {
    private record Flush(Map<String, Long> upTo, CompletableFuture<Void> done) {}

    private final List<Flush> open = new ArrayList<>();

    /** Waits for everything that is pending in the spaces now. */
    CompletableFuture<Void> add(Replica replica, Iterable<String> spaces) {
        Map<String, Long> upTo = new HashMap<>();
        for (String space : spaces) {
            upTo.put(space, replica.newestPending(space));
        }
        Flush flush = new Flush(upTo, new CompletableFuture<>());
        open.add(flush);
        return flush.done();
    }

    /** All that waits in the space has a number that is higher by so much. */
    void renumbered(String space, long by) {
        open.forEach(flush -> flush.upTo().computeIfPresent(space, (name, upTo) -> upTo + by));
    }

    /** Takes out those for whom nothing is pending any more; a space that was closed meanwhile is not waited for. */
    List<CompletableFuture<Void>> finished(Replica replica) {
        List<CompletableFuture<Void>> finished = new ArrayList<>();
        for (Iterator<Flush> each = open.iterator(); each.hasNext(); ) {
            Flush flush = each.next();
            flush.upTo()
                    .entrySet()
                    .removeIf(target -> !replica.spaces().contains(target.getKey())
                            || replica.oldestPending(target.getKey()) > target.getValue());
            if (flush.upTo().isEmpty()) {
                each.remove();
                finished.add(flush.done());
            }
        }
        return finished;
    }

    /** Takes out all: nobody will finish them. */
    List<CompletableFuture<Void>> abandoned() {
        List<CompletableFuture<Void>> abandoned = open.stream().map(Flush::done).toList();
        open.clear();
        return abandoned;
    }
}
