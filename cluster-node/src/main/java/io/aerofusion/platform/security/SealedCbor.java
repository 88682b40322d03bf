package io.aerofusion.platform.security;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.dataformat.cbor.databind.CBORMapper;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

/**
 * What lies inside of a sealed event: a format byte, then Jackson CBOR, deflated when that pays (sealed bytes do not compress).
 *
 * <p>Types are closed: sealed interfaces with {@code @JsonTypeInfo} names. Unknown properties are passed over, so that the
 * previous release can read what the next one adds.
 */
final class SealedCbor<T> {
    /** Shorter contents are left as they are. */
    static final int DEFLATED_FROM_BYTES = 512;

    private static final byte PLAIN = 1;
    private static final byte DEFLATED = 2;
    private static final ObjectMapper MAPPER = CBORMapper.builder()
            .addModule(new Jdk8Module())
            .addModule(new JavaTimeModule())
            .serializationInclusion(JsonInclude.Include.NON_NULL)
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            // Documents hold LongNode for every integer, however small.
            .enable(DeserializationFeature.USE_LONG_FOR_INTS)
            .build();

    private static final ClassValue<SealedCbor<?>> BY_TYPE = new ClassValue<>() {
        @Override
        protected SealedCbor<?> computeValue(Class<?> type) {
            return new SealedCbor<>(type);
        }
    };

    private final ObjectWriter writer;
    private final ObjectReader reader;

    private SealedCbor(Class<T> type) {
        this.writer = MAPPER.writerFor(type);
        this.reader = MAPPER.readerFor(type);
    }

    /** The one of a type. */
    @SuppressWarnings("unchecked") // computeValue makes it for that very type
    static <T> SealedCbor<T> of(Class<T> type) {
        return (SealedCbor<T>) BY_TYPE.get(type);
    }

    byte[] write(T value) {
        try {
            byte[] cbor = writer.writeValueAsBytes(value);
            return cbor.length < DEFLATED_FROM_BYTES ? plain(cbor) : deflated(cbor);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("cannot be written as CBOR: " + value.getClass(), e);
        }
    }

    T read(byte[] content) {
        try {
            return switch (content[0]) {
                case PLAIN -> reader.readValue(content, 1, content.length - 1);
                case DEFLATED -> reader.readValue(inflated(content));
                default -> throw new IllegalStateException("written by a later version: format " + content[0]);
            };
        } catch (IOException | DataFormatException e) {
            throw new IllegalStateException("cannot be read as CBOR", e);
        }
    }

    private static byte[] plain(byte[] cbor) {
        return ByteBuffer.allocate(cbor.length + 1).put(PLAIN).put(cbor).array();
    }

    /** Format byte, length before deflation, raw deflate. */
    private static byte[] deflated(byte[] cbor) {
        Deflater deflater = new Deflater(Deflater.BEST_SPEED, true);
        try {
            deflater.setInput(cbor);
            deflater.finish();
            byte[] out = new byte[cbor.length];
            int length = deflater.deflate(out);
            return deflater.finished()
                    ? ByteBuffer.allocate(length + 5)
                            .put(DEFLATED)
                            .putInt(cbor.length)
                            .put(out, 0, length)
                            .array()
                    : plain(cbor);
        } finally {
            deflater.end();
        }
    }

    private static byte[] inflated(byte[] content) throws DataFormatException {
        Inflater inflater = new Inflater(true);
        try {
            byte[] cbor = new byte[ByteBuffer.wrap(content, 1, 4).getInt()];
            inflater.setInput(content, 5, content.length - 5);
            int length = inflater.inflate(cbor);
            if (length != cbor.length) {
                throw new DataFormatException("cut off");
            }
            return cbor;
        } finally {
            inflater.end();
        }
    }
}
