package io.aerofusion.client;

import io.aerofusion.space.Conflict;
import io.aerofusion.space.Rejection;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What the application has yet to look at in one space: mutations that were not accepted, and conflicts. What changes is written into
 * the step of {@link SpaceContents} that it belongs to: store key -> value, null to remove it.
 */
final class Notices {
    /** Conflict notices kept, at most; the oldest are forgotten first (the server keeps those that need somebody). */
    static final int CONFLICTS_MAX = 1_000;

    private final String space;
    private final NavigableMap<Long, RejectedMutation> rejections = new TreeMap<>();
    private final NavigableMap<Long, ConflictNotice> conflicts = new TreeMap<>();
    private long nextConflict;

    /** Reads them from the store; {@code nextConflict} is the number of the next notice. */
    Notices(String space, Store store, long nextConflict) {
        this.space = space;
        this.nextConflict = nextConflict;
        store.scan(StoreKeys.rejections(space), (key, value) -> {
            long number = StoreKeys.numberOf(key);
            rejections.put(number, StoredForms.rejection(number, value));
        });
        store.scan(StoreKeys.conflicts(space), (key, value) -> {
            long number = StoreKeys.numberOf(key);
            conflicts.put(number, new ConflictNotice(number, StoredForms.conflict(value)));
        });
    }

    long nextConflict() {
        return nextConflict;
    }

    Collection<RejectedMutation> rejections() {
        return List.copyOf(rejections.values());
    }

    Collection<ConflictNotice> conflicts() {
        return List.copyOf(conflicts.values());
    }

    RejectedMutation reject(QueuedMutation queued, Rejection rejection, Map<String, byte @Nullable []> writes) {
        RejectedMutation rejected = new RejectedMutation(
                queued.number(),
                queued.mutation(),
                rejection.code(),
                rejection.detail(),
                rejection.path(),
                rejection.serverValue());
        rejections.put(queued.number(), rejected);
        writes.put(StoreKeys.numbered(StoreKeys.rejections(space), queued.number()), StoredForms.rejection(rejected));
        return rejected;
    }

    List<ConflictNotice> record(List<Conflict> met, Map<String, byte @Nullable []> writes) {
        List<ConflictNotice> notices = new ArrayList<>();
        for (Conflict conflict : met) {
            ConflictNotice notice = new ConflictNotice(nextConflict++, conflict);
            conflicts.put(notice.number(), notice);
            writes.put(StoreKeys.numbered(StoreKeys.conflicts(space), notice.number()), StoredForms.conflict(conflict));
            notices.add(notice);
        }
        while (conflicts.size() > CONFLICTS_MAX) {
            writes.put(
                    StoreKeys.numbered(
                            StoreKeys.conflicts(space),
                            conflicts.pollFirstEntry().getKey()),
                    null);
        }
        return notices;
    }

    /** Whether there was something to forget. */
    boolean dismissRejection(long number, Map<String, byte @Nullable []> writes) {
        boolean known = rejections.remove(number) != null;
        if (known) {
            writes.put(StoreKeys.numbered(StoreKeys.rejections(space), number), null);
        }
        return known;
    }

    /** Whether there was something to forget. */
    boolean dismissConflict(long number, Map<String, byte @Nullable []> writes) {
        boolean known = conflicts.remove(number) != null;
        if (known) {
            writes.put(StoreKeys.numbered(StoreKeys.conflicts(space), number), null);
        }
        return known;
    }
}
