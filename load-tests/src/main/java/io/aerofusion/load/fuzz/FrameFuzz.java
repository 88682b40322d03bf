package io.aerofusion.load.fuzz;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.aerofusion.space.wire.Frame;
import io.aerofusion.space.wire.FrameCodec;
import io.aerofusion.space.wire.FrameException;
import io.aerofusion.space.wire.FrameLimits;
import io.aerofusion.space.wire.HttpBodies;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Feeds the decoder damaged messages and holds it to its promise: any bytes give a frame or a {@link FrameException}; a frame that
 * came out goes in again and comes out the same. One seed is one message, so a failure is repeated by its seed alone.
 *
 * <pre>FrameFuzz [--seed FIRST] [--runs COUNT, 0 = until stopped]</pre>
 */
public final class FrameFuzz {
    /** Small, so that the bounds are met often. */
    private static final FrameLimits TIGHT = new FrameLimits(4_096, 16_384, 8, 2_000, 20, 100, 50);

    private static final long REPORT_EVERY = 1_000_000;

    private final List<JsonNode> corpus;

    private FrameFuzz(List<JsonNode> corpus) {
        this.corpus = corpus;
    }

    /** Mutates the golden frames of a directory. */
    public static FrameFuzz of(Path vectors) throws IOException {
        JsonMapper mapper = new JsonMapper();
        List<JsonNode> corpus = new ArrayList<>();
        try (Stream<Path> files = Files.list(vectors)) {
            for (Path file : files.sorted().toList()) {
                corpus.add(mapper.readTree(file.toFile()).get("json"));
            }
        }
        if (corpus.isEmpty()) {
            throw new IOException("no golden frames in " + vectors);
        }
        return new FrameFuzz(List.copyOf(corpus));
    }

    /** The golden frames of the checkout that the process runs in. */
    public static Path vectors() throws IOException {
        Path checkout = Path.of(System.getProperty("aerofusion.checkout", "")).toAbsolutePath();
        for (@Nullable Path at = checkout; at != null; at = at.getParent()) {
            Path vectors = at.resolve(Path.of("protocol", "vectors", "frames"));
            if (Files.isDirectory(vectors)) {
                return vectors;
            }
        }
        throw new IOException("protocol/vectors/frames is neither here nor in a directory above");
    }

    /** What the messages of some seeds came to. */
    public record Outcome(long frames, long refused) {
        private Outcome plus(boolean frame) {
            return new Outcome(frames + (frame ? 1 : 0), refused + (frame ? 0 : 1));
        }
    }

    /** Tries the seeds from {@code first} on. @throws AssertionError that names the seed, when the promise is broken */
    public Outcome run(long first, long count) {
        Outcome outcome = new Outcome(0, 0);
        for (long seed = first; seed < first + count; seed++) {
            outcome = outcome.plus(holds(seed));
        }
        return outcome;
    }

    private boolean holds(long seed) {
        byte[] message = new Damage(new Random(seed)).message(corpus);
        try {
            FrameLimits limits = seed % 2 == 0 ? TIGHT : FrameLimits.OF_A_NODE;
            readBody(message, limits);
            return holds(message, limits);
        } catch (RuntimeException | StackOverflowError | OutOfMemoryError | AssertionError e) {
            throw new AssertionError(
                    "seed " + seed + ": " + e + " for the message "
                            + HexFormat.of().formatHex(message),
                    e);
        }
    }

    private static boolean holds(byte[] message, FrameLimits limits) {
        Frame frame;
        try {
            frame = FrameCodec.decode(message, limits);
        } catch (FrameException e) {
            if (e.detail().isBlank()) {
                throw new AssertionError("a refusal says why");
            }
            return false;
        }
        try {
            Frame again = FrameCodec.decode(FrameCodec.encode(frame), FrameLimits.OF_A_DEVICE);
            if (!again.equals(frame)) {
                throw new AssertionError("came out as " + again + " instead of " + frame);
            }
        } catch (FrameException e) {
            throw new AssertionError("what was encoded is refused: " + e.detail() + " for " + frame, e);
        }
        return true;
    }

    private static void readBody(byte[] message, FrameLimits limits) {
        byte[] body = Arrays.copyOfRange(message, Math.min(1, message.length), message.length);
        try {
            HttpBodies.push(HttpBodies.read(body, limits), limits);
        } catch (FrameException e) {
            if (e.detail().isBlank()) {
                throw new AssertionError("a refusal says why");
            }
        }
    }

    public static void main(String[] arguments) throws IOException {
        long seed = 1;
        long runs = 0;
        for (int i = 0; i + 1 < arguments.length; i += 2) {
            switch (arguments[i]) {
                case "--seed" -> seed = Long.parseLong(arguments[i + 1]);
                case "--runs" -> runs = Long.parseLong(arguments[i + 1]);
                default -> throw new IllegalArgumentException("unknown option " + arguments[i]);
            }
        }
        FrameFuzz fuzz = of(vectors());
        for (long done = 0; runs == 0 || done < runs; ) {
            long count = runs == 0 ? REPORT_EVERY : Math.min(REPORT_EVERY, runs - done);
            Outcome outcome = fuzz.run(seed + done, count);
            done += count;
            System.out.printf(
                    "seeds %d to %d: %d frames, %d refused, the promise holds%n",
                    seed, seed + done - 1, outcome.frames(), outcome.refused());
        }
    }
}
