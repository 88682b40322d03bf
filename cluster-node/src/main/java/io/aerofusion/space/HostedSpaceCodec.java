package io.aerofusion.space;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The snapshot of a space: a version byte, the length of a JSON head, the head (what stands around the documents), and the
 * documents as the merge core writes them.
 */
final class HostedSpaceCodec {
    private static final byte VERSION = 1;
    private static final JsonMapper JSON = JsonMapper.builder()
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    /** Part of the snapshot's format: fields are added, never changed or removed. */
    record Head(
            SpaceCharter.@Nullable Settings settings,
            SortedMap<String, SpaceDevices.Sighting> devices,
            SortedMap<String, Long> purgedTo,
            Map<String, Space.Schema> schemas,
            @Nullable SortedMap<String, SpaceDevices.Bearer> bearers,
            long purgedAt) {
        SortedMap<String, SpaceDevices.Bearer> bearersOrNone() {
            return bearers == null ? new TreeMap<>() : bearers;
        }
    }

    private HostedSpaceCodec() {}

    static byte[] write(HostedSpace space) {
        try {
            byte[] head = JSON.writeValueAsBytes(space.head());
            byte[] documents = SpaceStateCodec.write(space.documents());
            return ByteBuffer.allocate(1 + Integer.BYTES + head.length + documents.length)
                    .put(VERSION)
                    .putInt(head.length)
                    .put(head)
                    .put(documents)
                    .array();
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a space's settings are not JSON", e);
        }
    }

    /** @throws IllegalArgumentException when the bytes are not a snapshot of a known version */
    static HostedSpace read(byte[] snapshot, HostedSpace.Identity identity, EntityLimits limits) {
        ByteBuffer in = ByteBuffer.wrap(snapshot);
        if (in.get() != VERSION) {
            throw new IllegalArgumentException("a snapshot of an unknown version");
        }
        byte[] head = new byte[in.getInt()];
        in.get(head);
        byte[] documents = new byte[in.remaining()];
        in.get(documents);
        try {
            return new HostedSpace(
                    identity,
                    limits,
                    SpaceStateCodec.read(documents, identity.epoch()),
                    JSON.readValue(head, Head.class));
        } catch (IOException e) {
            throw new IllegalArgumentException("a snapshot whose head is broken", e);
        }
    }
}
