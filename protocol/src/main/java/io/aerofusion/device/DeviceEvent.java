package io.aerofusion.device;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What happened to a device. Stored for ever: names and fields are promises; add, do not rename or retype.
 *
 * <p>{@code at} is in milliseconds since the epoch; {@code by} is the actor, such as {@code user:alice} or {@code device:phone-1}.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "t")
@JsonSubTypes({
    @JsonSubTypes.Type(value = DeviceEvent.Registered.class, name = "registered"),
    @JsonSubTypes.Type(value = DeviceEvent.CredentialRotated.class, name = "rotated"),
    @JsonSubTypes.Type(value = DeviceEvent.Relabelled.class, name = "relabelled"),
    @JsonSubTypes.Type(value = DeviceEvent.Leased.class, name = "leased"),
    @JsonSubTypes.Type(value = DeviceEvent.DesiredPatched.class, name = "desired"),
    @JsonSubTypes.Type(value = DeviceEvent.ReportedPatched.class, name = "reported"),
    @JsonSubTypes.Type(value = DeviceEvent.SpaceAcknowledged.class, name = "acknowledged"),
    @JsonSubTypes.Type(value = DeviceEvent.Revoked.class, name = "revoked"),
    @JsonSubTypes.Type(value = DeviceEvent.Forgotten.class, name = "forgotten")
})
public sealed interface DeviceEvent {
    /** When it happened, in milliseconds since the epoch. */
    long at();

    /**
     * The device was registered, for the first time or again after a revocation.
     *
     * @param owner the user it belongs to
     * @param name what people call it; may be empty
     * @param credentialHash SHA-256 of the credential, hex
     * @param request fingerprint of the registration, by which a repeat is recognised; empty when the caller gave no key
     */
    record Registered(
            String owner,
            String name,
            SortedMap<String, String> labels,
            String credentialHash,
            String request,
            String by,
            long at)
            implements DeviceEvent {
        public Registered {
            labels = sorted(labels);
        }
    }

    /** The device has a new credential; the old one ended with this event. */
    record CredentialRotated(String credentialHash, String by, long at) implements DeviceEvent {}

    /** Name and labels are these from now on. */
    record Relabelled(String name, SortedMap<String, String> labels, String by, long at) implements DeviceEvent {
        public Relabelled {
            labels = sorted(labels);
        }
    }

    /** The device was there; what it needs is kept until {@code until} (ms since the epoch). */
    record Leased(long until, long at) implements DeviceEvent {}

    /** Somebody wants the twin to be so: a JSON merge patch (RFC 7396) that led to this version of the desired state. */
    record DesiredPatched(long version, JsonNode patch, String by, long at) implements DeviceEvent {}

    /** The device reported to be so: a JSON merge patch (RFC 7396) that led to this version of the reported state. */
    record ReportedPatched(long version, JsonNode patch, long at) implements DeviceEvent {}

    /** The device holds everything of the space up to the cursor token. */
    record SpaceAcknowledged(String space, String cursor, long at) implements DeviceEvent {}

    /** The credential is void and sessions end; the device may be registered again. */
    record Revoked(String by, long at) implements DeviceEvent {}

    /** The owner is being erased: nothing may happen to this device any more. */
    record Forgotten(String by, long at) implements DeviceEvent {}

    private static SortedMap<String, String> sorted(Map<String, String> labels) {
        return Collections.unmodifiableSortedMap(new TreeMap<>(labels));
    }
}
