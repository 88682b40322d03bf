package io.aerofusion.route;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.aerofusion.platform.cluster.Revision;
import io.aerofusion.platform.cluster.RevisionedContent;
import java.io.IOException;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** How revocations and their changes are written: JSON, of the same form on the wire, on the disk and in snapshots. */
final class RevocationsContent implements RevisionedContent<RevocationsState, RevocationEvent> {
    static final RevocationsContent INSTANCE = new RevocationsContent();

    private static final ObjectMapper MAPPER = JsonMapper.builder()
            .serializationInclusion(JsonInclude.Include.NON_NULL)
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    private record Whole(long revision, String tag, List<Revocation> revocations) {}

    private RevocationsContent() {}

    @Override
    public RevocationsState empty() {
        return RevocationsState.EMPTY;
    }

    @Override
    public RevocationsState apply(RevocationsState before, RevocationEvent change, Revision revision) {
        return before.apply(change);
    }

    @Override
    public byte[] write(RevocationsState whole) {
        return bytes(new Whole(
                whole.revision().number(),
                whole.revision().tag(),
                List.copyOf(whole.all().values())));
    }

    @Override
    public RevocationsState read(byte[] whole) {
        Whole read = read(whole, Whole.class);
        SortedMap<String, Revocation> all = new TreeMap<>();
        read.revocations().forEach(revocation -> all.put(revocation.id(), revocation));
        return new RevocationsState(new Revision(read.revision(), read.tag()), all);
    }

    @Override
    public byte[] writeChange(RevocationEvent change) {
        return bytes(change);
    }

    @Override
    public RevocationEvent readChange(byte[] change) {
        return read(change, RevocationEvent.class);
    }

    private static byte[] bytes(Object value) {
        try {
            return MAPPER.writeValueAsBytes(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("cannot be written as JSON: " + value.getClass(), e);
        }
    }

    private static <T> T read(byte[] json, Class<T> type) {
        try {
            return MAPPER.readValue(json, type);
        } catch (IOException e) {
            throw new IllegalStateException("these are no revocations", e);
        }
    }
}
