package io.aerofusion.device;

import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.security.BearerToken;
import java.time.Duration;
import java.util.Collections;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What is known of a device, and the rules about it; immutable, without Akka.
 *
 * @param request fingerprint of the registration, see {@link Device.Register}
 * @param version rises with every change of description, credential or standing; the ETag
 * @param seenAt when it was last there, to the hour, ms since the epoch; 0 when it never was
 * @param leaseUntil until when its unseen changes are kept for it, ms since the epoch
 * @param acknowledged space -> how far the device has stored it
 */
public record DeviceState(
        Standing standing,
        String owner,
        String name,
        SortedMap<String, String> labels,
        String credentialHash,
        String request,
        long version,
        long registeredAt,
        long seenAt,
        long leaseUntil,
        Twin twin,
        SortedMap<String, Acknowledged> acknowledged) {
    /** How long a device may be away before it must reconcile. */
    public static final Duration LEASE = Duration.ofDays(30);
    /** A lease is renewed at most so often, however often the device comes: it bounds the events of a busy device. */
    public static final Duration LEASE_RENEWED_EVERY = Duration.ofHours(1);
    /** Spaces whose cursor is remembered; beyond it the one acknowledged longest ago is forgotten. */
    public static final int ACKNOWLEDGED_MAX = 256;
    /** Labels of a device; more are refused with {@code invalid-request}. */
    public static final int LABELS_MAX = 32;
    /** Characters of a label's value and of a device's name. */
    public static final int TEXT_LENGTH_MAX = 128;

    /** Whether a device may act. */
    public enum Standing {
        UNREGISTERED,
        ACTIVE,
        REVOKED,
        FORGOTTEN
    }

    /** How far the device has stored a space. */
    public record Acknowledged(String cursor, long at) {}

    public DeviceState {
        labels = Collections.unmodifiableSortedMap(new TreeMap<>(labels));
        acknowledged = Collections.unmodifiableSortedMap(new TreeMap<>(acknowledged));
    }

    /** Before registration. */
    public static DeviceState unregistered() {
        return new DeviceState(
                Standing.UNREGISTERED, "", "", new TreeMap<>(), "", "", 0, 0, 0, 0, Twin.empty(), new TreeMap<>());
    }

    /** What came of an attempt to register. */
    sealed interface Registration {
        record Fresh() implements Registration {}

        /** The same request again, and nobody used the credential of the first: it may have a new one. */
        record RepeatedUnused() implements Registration {}

        /** The same request again, long after the credential was put to use. */
        record RepeatedUsed() implements Registration {}

        record Refused(ErrorCode code, String detail) implements Registration {}
    }

    /**
     * Decides about a registration.
     *
     * @param request fingerprint as in {@link Device.Register}; "" when the caller gave no Idempotency-Key
     */
    Registration registration(String newOwner, String request) {
        return switch (standing) {
            case UNREGISTERED -> new Registration.Fresh();
            case FORGOTTEN -> new Registration.Refused(ErrorCode.ERASED, "The owner of this device was erased.");
            case REVOKED ->
                owner.equals(newOwner)
                        ? new Registration.Fresh()
                        : new Registration.Refused(ErrorCode.ALREADY_EXISTS, "This device id is taken.");
            case ACTIVE -> {
                if (!request.isEmpty() && request.equals(this.request)) {
                    yield seenAt > 0 ? new Registration.RepeatedUsed() : new Registration.RepeatedUnused();
                }
                yield !request.isEmpty() && keyOf(request).equals(keyOf(this.request))
                        ? new Registration.Refused(
                                ErrorCode.IDEMPOTENCY_MISMATCH, "This Idempotency-Key registered something else.")
                        : new Registration.Refused(ErrorCode.ALREADY_EXISTS, "This device id is taken.");
            }
        };
    }

    private static String keyOf(String request) {
        return request.substring(0, request.indexOf(':') + 1);
    }

    boolean accepts(String hash) {
        return standing == Standing.ACTIVE && BearerToken.sameHash(credentialHash, hash);
    }

    /** Whether a user may act under its name without its credential: nobody but the owner, once it was registered. */
    boolean mayBeBorneBy(String user) {
        return switch (standing) {
            case UNREGISTERED -> true;
            case ACTIVE, REVOKED -> owner.equals(user);
            case FORGOTTEN -> false;
        };
    }

    /** Whether the device's presence is worth an event. */
    boolean leaseIsDue(long now) {
        return standing == Standing.ACTIVE && now - seenAt >= LEASE_RENEWED_EVERY.toMillis();
    }

    /** Whether a cursor that the device has stored is news. */
    boolean acknowledges(String space, String cursor) {
        Acknowledged last = acknowledged.get(space);
        return standing == Standing.ACTIVE && (last == null || !last.cursor().equals(cursor));
    }

    /** How long a cursor has to wait until it may be written down; zero or less: not at all. */
    long millisUntilAcknowledgement(String space, long now, Duration every) {
        Acknowledged last = acknowledged.get(space);
        return last == null ? 0 : last.at() + every.toMillis() - now;
    }

    /** What is wrong with a name and labels, in a sentence; empty when nothing is. */
    static Optional<String> complaint(String name, Map<String, String> labels) {
        if (name.length() > TEXT_LENGTH_MAX || !isPrintable(name)) {
            return Optional.of("name has at most " + TEXT_LENGTH_MAX + " printable characters.");
        }
        if (labels.size() > LABELS_MAX) {
            return Optional.of("A device has at most " + LABELS_MAX + " labels.");
        }
        for (Map.Entry<String, String> label : labels.entrySet()) {
            if (!label.getKey().matches("[A-Za-z0-9][A-Za-z0-9._/-]{0,62}")) {
                return Optional.of(
                        "A label's name has 1 to 63 of A-Z a-z 0-9 . _ / - and starts with a letter or digit.");
            }
            if (label.getValue().length() > TEXT_LENGTH_MAX || !isPrintable(label.getValue())) {
                return Optional.of("A label's value has at most " + TEXT_LENGTH_MAX + " printable characters.");
            }
        }
        return Optional.empty();
    }

    private static boolean isPrintable(String text) {
        return text.codePoints()
                .noneMatch(c -> Character.isISOControl(c) || Character.getType(c) == Character.SURROGATE);
    }

    /** The state after an event. */
    DeviceState apply(DeviceEvent event) {
        return switch (event) {
            case DeviceEvent.Registered e ->
                new DeviceState(
                        Standing.ACTIVE,
                        e.owner(),
                        e.name(),
                        e.labels(),
                        e.credentialHash(),
                        e.request(),
                        version + 1,
                        e.at(),
                        0,
                        e.at() + LEASE.toMillis(),
                        twin,
                        acknowledged);
            case DeviceEvent.CredentialRotated e -> described(standing, name, labels, e.credentialHash());
            case DeviceEvent.Relabelled e -> described(standing, e.name(), e.labels(), credentialHash);
            case DeviceEvent.Revoked e -> described(Standing.REVOKED, name, labels, "");
            case DeviceEvent.Forgotten e -> described(Standing.FORGOTTEN, "", new TreeMap<>(), "");
            case DeviceEvent.Leased e -> living(e.at(), e.until(), twin, acknowledged);
            case DeviceEvent.DesiredPatched e ->
                living(seenAt, leaseUntil, twin.withDesired(e.version(), e.patch()), acknowledged);
            case DeviceEvent.ReportedPatched e ->
                living(seenAt, leaseUntil, twin.withReported(e.version(), e.patch()), acknowledged);
            case DeviceEvent.SpaceAcknowledged e -> living(seenAt, leaseUntil, twin, acknowledgedWith(e));
        };
    }

    private SortedMap<String, Acknowledged> acknowledgedWith(DeviceEvent.SpaceAcknowledged event) {
        TreeMap<String, Acknowledged> all = new TreeMap<>(acknowledged);
        all.put(event.space(), new Acknowledged(event.cursor(), event.at()));
        if (all.size() > ACKNOWLEDGED_MAX) {
            all.entrySet().stream()
                    .min(Comparator.comparingLong(entry -> entry.getValue().at()))
                    .ifPresent(oldest -> all.remove(oldest.getKey()));
        }
        return all;
    }

    private DeviceState described(
            Standing newStanding, String newName, SortedMap<String, String> newLabels, String newHash) {
        return new DeviceState(
                newStanding,
                owner,
                newName,
                newLabels,
                newHash,
                request,
                version + 1,
                registeredAt,
                seenAt,
                leaseUntil,
                twin,
                acknowledged);
    }

    private DeviceState living(long seen, long until, Twin newTwin, SortedMap<String, Acknowledged> cursors) {
        return new DeviceState(
                standing,
                owner,
                name,
                labels,
                credentialHash,
                request,
                version,
                registeredAt,
                seen,
                until,
                newTwin,
                cursors);
    }
}
