package io.aerofusion.route;

import io.aerofusion.platform.cluster.Revision;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The revocations of a tenant's gateway that were not lifted, by their ids. Immutable. Those whose tokens have expired are dropped at the next
 * change; until then whoever reads looks at the time.
 */
record RevocationsState(Revision revision, SortedMap<String, Revocation> all) {
    static final RevocationsState EMPTY = new RevocationsState(Revision.NONE, new TreeMap<>());

    /** How much longer than its tokens a revocation is kept: what the clocks of issuers may be off at most. */
    static final Duration KEPT_AFTER = Duration.ofMinutes(10);

    RevocationsState {
        all = Collections.unmodifiableSortedMap(all);
    }

    RevocationsState apply(RevocationEvent event) {
        TreeMap<String, Revocation> next = new TreeMap<>(all);
        next.values().removeIf(revocation -> isOver(revocation, event.at()));
        switch (event) {
            case RevocationEvent.Revoked revoked ->
                next.put(revoked.revocation().id(), revoked.revocation());
            case RevocationEvent.Lifted lifted -> next.remove(lifted.id());
        }
        return new RevocationsState(new Revision(event.revision(), event.tag()), next);
    }

    /** Whether one more may be added to at most so many, or takes the place of one that is there. */
    boolean hasRoomFor(Revocation revocation, long now, int revocationsMax) {
        Revocation replaced = all.get(revocation.id());
        return (replaced != null && !isOver(replaced, now)) || living(now).size() < revocationsMax;
    }

    /** Those whose tokens have not all expired, in the order of their ids. */
    List<Revocation> living(long now) {
        return all.values().stream()
                .filter(revocation -> !isOver(revocation, now))
                .toList();
    }

    private static boolean isOver(Revocation revocation, long now) {
        return now >= revocation.expiresAt() + KEPT_AFTER.toMillis();
    }
}
