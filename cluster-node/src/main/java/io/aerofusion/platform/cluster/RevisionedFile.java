package io.aerofusion.platform.cluster;

import io.aerofusion.platform.persistence.DataDirectory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The last good state of a revisioned snapshot on this node's disk: a line with version, revision, time and SHA-256, then the whole,
 * deflated and sealed. Written whole or not at all; a damaged file is passed over with a warning. Blocks.
 */
public final class RevisionedFile {
    private static final Logger LOG = LoggerFactory.getLogger(RevisionedFile.class);
    private static final String FORMAT = "aerofusion-revisioned-1";
    private static final int HEADER_BYTES_MAX = 300;
    private static final int FIELDS = 5;

    /** How the content is sealed. */
    public interface Seal {
        byte[] seal(byte[] plain);

        /** Opens it. @throws RuntimeException when it was changed or sealed otherwise */
        byte[] open(byte[] sealed);

        /** For contents that are no secret. */
        static Seal none() {
            return new Seal() {
                @Override
                public byte[] seal(byte[] plain) {
                    return plain;
                }

                @Override
                public byte[] open(byte[] sealed) {
                    return sealed;
                }
            };
        }
    }

    /**
     * What the file held.
     *
     * @param confirmedAt when the writer last confirmed it before it was saved, ms since the epoch
     */
    record Saved<S>(Revision revision, S whole, long confirmedAt) {}

    private final Path file;
    private final Seal seal;

    public RevisionedFile(Path file, Seal seal) {
        this.file = file;
        this.seal = seal;
    }

    <S> void save(RevisionedContent<S, ?> content, Revision revision, S whole, long confirmedAt) throws IOException {
        byte[] body = seal.seal(Deflated.deflate(content.write(whole)));
        String fields =
                String.join(" ", FORMAT, Long.toString(revision.number()), revision.tag(), Long.toString(confirmedAt));
        byte[] header = (fields + " " + sha256(fields, body) + "\n").getBytes(StandardCharsets.US_ASCII);
        byte[] bytes = Arrays.copyOf(header, header.length + body.length);
        System.arraycopy(body, 0, bytes, header.length, body.length);
        Files.createDirectories(file.toAbsolutePath().getParent());
        DataDirectory.writePrivately(file, bytes);
    }

    /** Empty when there is no file, or none that can be used. */
    <S> Optional<Saved<S>> load(RevisionedContent<S, ?> content) {
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        try {
            return Optional.of(parse(content, Files.readAllBytes(file)));
        } catch (IOException | RuntimeException e) {
            LOG.warn(
                    "{} is damaged and passed over ({}): the node starts without its last good state and asks for the newest",
                    file,
                    e.getMessage());
            return Optional.empty();
        }
    }

    private <S> Saved<S> parse(RevisionedContent<S, ?> content, byte[] bytes) {
        int end = 0;
        while (end < Math.min(bytes.length, HEADER_BYTES_MAX) && bytes[end] != '\n') {
            end++;
        }
        String[] fields = new String(bytes, 0, end, StandardCharsets.US_ASCII).split(" ", -1);
        if (fields.length != FIELDS || !fields[0].equals(FORMAT) || end == bytes.length) {
            throw new IllegalStateException("its first line is not one of " + FORMAT);
        }
        byte[] body = Arrays.copyOfRange(bytes, end + 1, bytes.length);
        if (!sha256(String.join(" ", Arrays.copyOf(fields, FIELDS - 1)), body).equals(fields[FIELDS - 1])) {
            throw new IllegalStateException("its checksum is wrong");
        }
        byte[] whole = Deflated.inflate(seal.open(body), RevisionedLimits.WHOLE_BYTES_MAX);
        return new Saved<>(
                new Revision(Long.parseLong(fields[1]), fields[2]), content.read(whole), Long.parseLong(fields[3]));
    }

    private static String sha256(String fields, byte[] body) {
        try {
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            sha.update(fields.getBytes(StandardCharsets.US_ASCII));
            return HexFormat.of().formatHex(sha.digest(body));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
