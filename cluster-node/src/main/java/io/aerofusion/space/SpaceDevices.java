package io.aerofusion.space;

import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.security.Principal;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The devices that a space knows: whose each name is, under which name its mutations count, and what each has stored, which keeps
 * tombstones alive. Mutable and single-threaded, like the space around it; what must last comes from its events.
 */
final class SpaceDevices {
    /** Sightings of a device are recorded once in this part of its lease: often enough for the lease, rare enough for the journal. */
    private static final int SIGHTINGS_PER_LEASE = 30;

    private static final String TAKEN_OVER = "~";

    /**
     * What a device last said, as far as the journal knows.
     *
     * @param cursor null when it said nothing yet
     * @param untold it was never told anything of the space; snapshots before this member have false
     */
    record Sighting(String user, @Nullable Cursor cursor, long at, boolean untold) {}

    /**
     * Whose device a name is here, for ever: its mutation numbers would be taken for repetitions of each other's.
     *
     * @param numbered the name under which its mutations are merged and counted
     */
    record Bearer(String user, String numbered) {}

    private final SpaceState documents;
    private final EntityLimits limits;
    private final SortedMap<String, Sighting> sightings = new TreeMap<>();
    /** Device -> whose it is; kept when the lease is over, as the numbers are. */
    private final SortedMap<String, Bearer> bearers = new TreeMap<>();

    /** What devices said since; newer than {@link #sightings}, and forgotten in a restart. */
    private final Map<String, Cursor> seenSince = new HashMap<>();

    SpaceDevices(SpaceState documents, EntityLimits limits) {
        this.documents = documents;
        this.limits = limits;
    }

    /** Takes over what a snapshot holds; of one from before there were bearers everybody counts under the own name. */
    void restore(Map<String, Sighting> known, Map<String, Bearer> borne) {
        sightings.putAll(known);
        known.forEach((device, sighting) -> bearers.put(device, new Bearer(sighting.user(), device)));
        bearers.putAll(borne);
    }

    SortedMap<String, Sighting> sightings() {
        return sightings;
    }

    SortedMap<String, Bearer> bearers() {
        return bearers;
    }

    /** Those within their lease. */
    int size() {
        return sightings.size();
    }

    // --- whose they are

    /** Why somebody may not act as the device: another's mutation numbers would be taken for repetitions. A credential proves whose it is. */
    Optional<Space.Refused> refusal(Principal by, String device) {
        if (!sightings.containsKey(device) && sightings.size() >= limits.devicesMax()) {
            return Optional.of(new Space.Refused(ErrorCode.RATE_LIMITED, "The space knows too many devices."));
        }
        return isOwn(by, device) || device.equals(by.device())
                ? Optional.empty()
                : Optional.of(new Space.Refused(
                        ErrorCode.DEVICE_UNKNOWN, "Another user's device of this name uses the space."));
    }

    private boolean isOwn(Principal by, String device) {
        Bearer bearer = bearers.get(device);
        return bearer == null || bearer.user().equals(by.user());
    }

    /**
     * The name under which a device's mutations are merged: its own, unless somebody else had used that here before the device came
     * with its credential. Then what was done under the name stays what it is, and the device's numbers begin anew.
     */
    String numberedOf(Principal by, String device) {
        Bearer bearer = bearers.get(device);
        if (bearer == null) {
            return device;
        }
        return bearer.user().equals(by.user()) ? bearer.numbered() : after(bearer.numbered(), device);
    }

    /** phone, ~2~phone, ~3~phone: no device has a name like the later ones, see {@link SpaceNames#isDevice}. */
    private static String after(String numbered, String device) {
        int turn =
                numbered.equals(device) ? 1 : Integer.parseInt(numbered.substring(1, numbered.indexOf(TAKEN_OVER, 1)));
        return TAKEN_OVER + (turn + 1) + TAKEN_OVER + device;
    }

    // --- what they have seen

    /**
     * The event that a device was here, when it is time for one: when it is new, once in a part of its lease, and when it is told
     * something for the first time.
     */
    List<SpaceEvent> sighting(Principal by, String device, long now) {
        Sighting known = sightings.get(device);
        boolean own = isOwn(by, device);
        Cursor cursor = own ? cursorOf(device) : null;
        boolean recent = known != null
                && own
                && !(known.untold() && cursor != null)
                && now - known.at() < limits.lease().toMillis() / SIGHTINGS_PER_LEASE;
        if (recent) {
            return List.of();
        }
        boolean untold = cursor == null && (known == null || known.untold() || !own);
        return List.of(new SpaceEvent.DeviceSeen(
                device, by.user(), cursor, now, untold ? true : null, own ? null : numberedOf(by, device)));
    }

    /**
     * The event that a device is about to be told what is here, when it is time for one. It has to be known before, or its lease would
     * protect nothing: from now on what it may be told is kept for it.
     */
    List<SpaceEvent> told(Principal by, String device, long now) {
        if (!isOwn(by, device)) {
            seenSince.remove(device); // that was somebody else
        } else if (cursorOf(device) == null) {
            seenSince.put(device, documents.cursor()); // what is gone by now it will never be told of
        }
        return sighting(by, device, now);
    }

    /** The event that a device stored everything up to a cursor of the space, when it is time for one. */
    List<SpaceEvent> seen(Principal by, String device, Cursor cursor, long now) {
        if (!sightings.containsKey(device) || documents.check(cursor) != CursorCheck.USABLE) {
            return List.of();
        }
        hasStored(device, cursor);
        return sighting(by, device, now);
    }

    /** Whoever asks from a cursor on has stored what is before it; in the middle of a page it has not. */
    void hasStored(String device, Cursor cursor) {
        if (cursor.progress().isEmpty()) {
            seenSince.put(device, cursor);
        }
    }

    /** Who made a change on a base has stored what is before it, and may have seen more since. */
    void hasSeen(String device, @Nullable Cursor base) {
        if (base == null || !base.progress().isEmpty() || documents.check(base) != CursorCheck.USABLE) {
            return;
        }
        Cursor known = cursorOf(device);
        boolean further = known == null
                || known.numbers().entrySet().stream()
                        .allMatch(reached -> reached.getValue() <= base.number(reached.getKey()));
        if (further) {
            seenSince.put(device, base);
        }
    }

    private @Nullable Cursor cursorOf(String device) {
        Cursor soft = seenSince.get(device);
        Sighting known = sightings.get(device);
        return soft != null || known == null ? soft : known.cursor();
    }

    /** Up to where, by region, every device within its lease has seen the space. */
    SortedMap<String, Long> horizon(long now) {
        SortedMap<String, Long> horizon = new TreeMap<>(documents.cursor().numbers());
        sightings.forEach((device, sighting) -> {
            Cursor seen = cursorOf(device);
            if (isWithinLease(sighting, now) && (seen != null || !sighting.untold())) {
                horizon.replaceAll((region, number) -> Math.min(number, seen == null ? 0 : seen.number(region)));
            }
        });
        return horizon;
    }

    /** Whether the lease of any device is over. */
    boolean anyLapsed(long now) {
        return sightings.values().stream().anyMatch(sighting -> !isWithinLease(sighting, now));
    }

    private boolean isWithinLease(Sighting sighting, long now) {
        return now - sighting.at() < limits.lease().toMillis();
    }

    // --- events

    void apply(SpaceEvent.DeviceSeen seen) {
        String device = seen.device();
        sightings.put(device, new Sighting(seen.user(), seen.cursor(), seen.at(), Boolean.TRUE.equals(seen.untold())));
        String numbered = seen.numbered();
        if (numbered != null) {
            seenSince.remove(device); // that was somebody else
        } else {
            Bearer before = bearers.get(device);
            numbered = before == null ? device : before.numbered();
        }
        bearers.put(device, new Bearer(seen.user(), numbered));
    }

    void apply(Purged purged) {
        sightings.values().removeIf(sighting -> !isWithinLease(sighting, purged.at()));
        seenSince.keySet().retainAll(sightings.keySet());
    }
}
