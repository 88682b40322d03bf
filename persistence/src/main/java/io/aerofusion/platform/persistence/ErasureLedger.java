package io.aerofusion.platform.persistence;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Which subjects were erased, in a file outside of the database: a restored database forgets erasures, this does not.
 *
 * <p>One line per erasure: time, blind index of the subject, and a chained HMAC, so that a line that was changed or taken out is
 * noticed. A line is on the disk before the key is destroyed; a line that a crash cut off was never acted upon.
 */
final class ErasureLedger implements AutoCloseable {
    private final FileChannel file;
    private final RegionalKey key;
    private final Map<String, Instant> erased = new LinkedHashMap<>();
    private String last = "";
    /** Where the next line begins. */
    private long end;

    private ErasureLedger(FileChannel file, RegionalKey key) {
        this.file = file;
        this.key = key;
    }

    /** @throws StartException when a line was changed or taken out */
    static ErasureLedger open(Path path, RegionalKey key) {
        try {
            String content = Files.exists(path) ? Files.readString(path) : "";
            int whole = content.lastIndexOf('\n') + 1;
            if (!Files.exists(path)) {
                DataDirectory.writePrivately(path, "");
            }
            FileChannel file = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
            ErasureLedger ledger = new ErasureLedger(file, key);
            int number = 0;
            for (String line : content.substring(0, whole).lines().toList()) {
                number++;
                if (!ledger.accept(line)) {
                    file.close();
                    throw new StartException("The erasure ledger " + path + " was changed at line " + number
                            + ": bring back an unchanged copy, or erased people may come back.");
                }
            }
            file.truncate(content.substring(0, whole).getBytes(StandardCharsets.UTF_8).length);
            ledger.end = file.size();
            return ledger;
        } catch (IOException e) {
            throw new StartException("The erasure ledger " + path + " cannot be used (" + e + ").", e);
        }
    }

    /** The erasures that a copy of a ledger holds; the copy is not changed. @throws StartException as {@link #open} */
    static Map<String, Instant> read(Path copy, RegionalKey key) {
        try {
            Path own = Files.createTempFile("erasures", ".ledger");
            Files.copy(copy, own, StandardCopyOption.REPLACE_EXISTING);
            try (ErasureLedger ledger = open(own, key)) {
                return ledger.erased();
            } finally {
                Files.delete(own);
            }
        } catch (IOException e) {
            throw new StartException("The erasure ledger " + copy + " cannot be read (" + e + ").", e);
        }
    }

    /** Subject index -> when, as far as this node knows. */
    synchronized Map<String, Instant> erased() {
        return Map.copyOf(erased);
    }

    /** Enters an erasure; it is on the disk when this returns. Idempotent. */
    synchronized void enter(String subjectIndex, Instant at) {
        if (erased.containsKey(subjectIndex)) {
            return;
        }
        String mac = mac(at.toString(), subjectIndex);
        try {
            ByteBuffer line =
                    ByteBuffer.wrap((at + " " + subjectIndex + " " + mac + "\n").getBytes(StandardCharsets.US_ASCII));
            file.truncate(end); // what a write that failed left behind would make the ledger unreadable
            long next = end;
            while (line.hasRemaining()) {
                next += file.write(line, next);
            }
            file.force(true);
            end = next;
        } catch (IOException e) {
            throw new UncheckedIOException("the erasure could not be entered in the ledger", e);
        }
        erased.put(subjectIndex, at);
        last = mac;
    }

    @Override
    public synchronized void close() {
        try {
            file.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private boolean accept(String line) {
        String[] fields = line.split(" ", -1);
        if (fields.length != 3 || !mac(fields[0], fields[1]).equals(fields[2])) {
            return false;
        }
        try {
            erased.put(fields[1], Instant.parse(fields[0]));
        } catch (DateTimeParseException e) {
            return false;
        }
        last = fields[2];
        return true;
    }

    private String mac(String at, String subjectIndex) {
        return key.digest("erasure\n" + last + "\n" + at + "\n" + subjectIndex);
    }
}
