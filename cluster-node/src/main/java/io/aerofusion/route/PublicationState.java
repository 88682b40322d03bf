package io.aerofusion.route;

import io.aerofusion.platform.cluster.Deflated;
import io.aerofusion.platform.cluster.Revision;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The newest generation of a tenant's gateway with its revision; the revision's number is the generation's. */
record PublicationState(Revision revision, Configuration configuration) {
    static final PublicationState EMPTY = new PublicationState(Revision.NONE, Configuration.EMPTY);

    private static final int SNAPSHOT_BYTES_MAX = 256 * 1024 * 1024;

    PublicationState apply(PublicationEvent event) {
        return switch (event) {
            case PublicationEvent.Published published ->
                new PublicationState(
                        new Revision(published.generation(), published.tag()), configuration.apply(published));
        };
    }

    /** For the snapshot: the tag, a line break, the configuration; deflated. */
    byte[] write() {
        byte[] tag = (revision.tag() + "\n").getBytes(StandardCharsets.US_ASCII);
        byte[] whole = ConfigurationContent.INSTANCE.write(configuration);
        byte[] all = Arrays.copyOf(tag, tag.length + whole.length);
        System.arraycopy(whole, 0, all, tag.length, whole.length);
        return Deflated.deflate(all);
    }

    static PublicationState read(byte[] snapshot) {
        byte[] all = Deflated.inflate(snapshot, SNAPSHOT_BYTES_MAX);
        int end = 0;
        while (all[end] != '\n') {
            end++;
        }
        String tag = new String(all, 0, end, StandardCharsets.US_ASCII);
        Configuration configuration = ConfigurationContent.INSTANCE.read(Arrays.copyOfRange(all, end + 1, all.length));
        return new PublicationState(new Revision(configuration.generation(), tag), configuration);
    }
}
