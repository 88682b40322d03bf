package io.aerofusion.platform.persistence;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * A column of a read model that holds what a person wrote: a record as JSON, sealed for its row.
 *
 * @param table bound to every value together with the row's key, so that no value passes for that of another row
 */
record SealedColumn<T>(DataKeys keys, String table, Class<T> type) {
    private static final ObjectMapper JSON = JsonMapper.builder()
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    /** Empty when the subject was erased: then there is nothing to write any more. */
    Optional<byte[]> seal(String subject, String row, T value) {
        return keys.keyOf(subject).map(key -> {
            try {
                return key.seal(JSON.writeValueAsBytes(value), place(row));
            } catch (JsonProcessingException e) {
                throw new IllegalStateException("cannot be written as JSON: " + type, e);
            }
        });
    }

    /** Empty when the subject was erased: such a row is passed over until it is removed. */
    Optional<T> open(String subjectIndex, String row, byte[] sealed) {
        return keys.keyByIndex(subjectIndex).map(key -> {
            try {
                return JSON.readValue(key.open(sealed, place(row)), type);
            } catch (IOException e) {
                throw new IllegalStateException("cannot be read as " + type, e);
            }
        });
    }

    private byte[] place(String row) {
        return (table + "\n" + row).getBytes(StandardCharsets.UTF_8);
    }
}
