package io.aerofusion.space;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.InflaterInputStream;

/**
 * The snapshot format of a space: one byte of version, then a deflated stream. A durable promise: every version ever written is
 * read for ever; {@code src/test/resources/durable} holds an example of each.
 */
public final class SpaceStateCodec {
    private static final int VERSION = 1;
    /** With what waits of whole documents; written only where something does. */
    private static final int VERSION_WITH_CONTESTS = 2;

    private static final int BUFFER_BYTES = 1 << 16;
    private static final ObjectMapper JSON = new ObjectMapper();

    private SpaceStateCodec() {}

    /** The whole state as bytes. */
    public static byte[] write(SpaceState state) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(BUFFER_BYTES);
        boolean contests =
                state.stored().anyMatch(document -> !document.contest().isEmpty());
        bytes.write(contests ? VERSION_WITH_CONTESTS : VERSION);
        // Fast rather than small: a snapshot is written in the entity's turn.
        Deflater deflater = new Deflater(Deflater.BEST_SPEED);
        try (OutputStream stream = new BufferedOutputStream(new DeflaterOutputStream(bytes, deflater), BUFFER_BYTES)) {
            SnapshotWriter out = new SnapshotWriter(stream);
            write(state, out, contests);
            out.flush();
        } catch (IOException e) {
            throw new IllegalStateException("writing to memory does not fail", e);
        } finally {
            deflater.end();
        }
        return bytes.toByteArray();
    }

    /** Reads {@link #write}. @throws IllegalArgumentException when the bytes are damaged or of a later version */
    public static SpaceState read(byte[] snapshot) {
        return read(snapshot, 0);
    }

    /**
     * Reads {@link #write} into an epoch, when that is later than the snapshot's: after a restore.
     *
     * @throws IllegalArgumentException when the bytes are damaged or of a later version
     */
    public static SpaceState read(byte[] snapshot, long epoch) {
        if (snapshot.length == 0 || (snapshot[0] != VERSION && snapshot[0] != VERSION_WITH_CONTESTS)) {
            throw new IllegalArgumentException("not a snapshot of a known version");
        }
        InputStream bytes = new ByteArrayInputStream(snapshot, 1, snapshot.length - 1);
        try (InputStream in = new BufferedInputStream(new InflaterInputStream(bytes), BUFFER_BYTES)) {
            return read(new SnapshotReader(in), epoch, snapshot[0] == VERSION_WITH_CONTESTS);
        } catch (IOException | IndexOutOfBoundsException e) {
            throw new IllegalArgumentException("the snapshot is damaged", e);
        }
    }

    private static void write(SpaceState state, SnapshotWriter out, boolean contests) throws IOException {
        out.text(state.tenant());
        out.text(state.space());
        out.text(state.region());
        out.number(state.epoch());
        out.number(state.hlc());
        out.number(state.floor());
        writeNumbers(state.cursor().numbers(), out);
        writeNumbers(state.horizon(), out);
        Map<String, SeqSet> merged = state.merged();
        out.number(merged.size());
        for (Map.Entry<String, SeqSet> device : merged.entrySet()) {
            out.text(device.getKey());
            writeSeqs(device.getValue(), out);
        }
        List<Quarantined> quarantine = state.quarantine();
        out.number(quarantine.size());
        for (Quarantined waiting : quarantine) {
            out.text(JSON.writeValueAsString(waiting));
        }
        // In the order of the home region's index, which is then rebuilt by appending.
        List<Document> documents = state.stored()
                .sorted(Comparator.comparingLong(document -> document.head(state.region())))
                .toList();
        out.number(documents.size());
        DocumentCodec.Writer writer = new DocumentCodec.Writer(out, contests);
        for (Document document : documents) {
            writer.document(document);
        }
    }

    private static SpaceState read(SnapshotReader in, long epoch, boolean contests) throws IOException {
        SpaceState state = new SpaceState(in.text(), in.text(), in.text(), Math.max(in.number(), epoch));
        long hlc = in.number();
        long floor = in.number();
        state.restore(hlc, floor, readNumbers(in), readNumbers(in));
        for (int i = in.count(); i > 0; i--) {
            state.restore(in.text(), readSeqs(in));
        }
        for (int i = in.count(); i > 0; i--) {
            state.waiting().add(quarantined(in.text()));
        }
        DocumentCodec.Reader reader = new DocumentCodec.Reader(in, contests);
        for (int i = in.count(); i > 0; i--) {
            state.restore(reader.document());
        }
        return state;
    }

    private static Quarantined quarantined(String json) throws IOException {
        try {
            return JSON.readValue(json, Quarantined.class);
        } catch (JsonProcessingException e) {
            throw new IOException("a quarantined mutation cannot be read", e);
        }
    }

    private static void writeNumbers(SortedMap<String, Long> numbers, SnapshotWriter out) throws IOException {
        out.number(numbers.size());
        for (Map.Entry<String, Long> region : numbers.entrySet()) {
            out.text(region.getKey());
            out.number(region.getValue());
        }
    }

    private static SortedMap<String, Long> readNumbers(SnapshotReader in) throws IOException {
        SortedMap<String, Long> numbers = new TreeMap<>();
        for (int i = in.count(); i > 0; i--) {
            numbers.put(in.text(), in.number());
        }
        return numbers;
    }

    static void writeSeqs(SeqSet seqs, SnapshotWriter out) throws IOException {
        long[] bounds = seqs.bounds();
        out.number(bounds.length / 2);
        long last = 0;
        for (long bound : bounds) {
            out.number(bound - last);
            last = bound;
        }
    }

    static SeqSet readSeqs(SnapshotReader in) throws IOException {
        long[] bounds = new long[2 * in.count()];
        long last = 0;
        for (int i = 0; i < bounds.length; i++) {
            last += in.number();
            bounds[i] = last;
        }
        return SeqSet.ofBounds(bounds);
    }
}
