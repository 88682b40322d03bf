package io.aerofusion.space;

import com.typesafe.config.Config;
import java.time.Duration;

/** The bounds of a {@link Space}; {@code aerofusion.space.entity} in space.conf says what each means and what reaching it does. */
public record EntityLimits(
        int pushMutationsMax,
        int documentBytesMax,
        int nestingMax,
        long quotaDocuments,
        long quotaBytes,
        long quarantineBytesMax,
        int membersMax,
        int collectionsMax,
        int schemaBytesMax,
        int devicesMax,
        int followersMax,
        int waitingMax,
        Duration waitMax,
        int presenceBytesMax,
        int pageDocumentsMax,
        int pageBytesMax,
        long snapshotBytesMin,
        int historyEventsMax,
        int historyRequestsMax,
        Duration lease,
        Duration purgeInterval,
        Duration passivateAfter) {

    public static EntityLimits of(Config config) {
        Config c = config.getConfig("aerofusion.space.entity");
        return new EntityLimits(
                c.getInt("push-mutations-max"),
                Math.toIntExact(c.getBytes("document-bytes-max")),
                c.getInt("nesting-max"),
                c.getLong("quota-documents"),
                c.getBytes("quota-bytes"),
                c.getBytes("quarantine-bytes-max"),
                c.getInt("members-max"),
                c.getInt("collections-max"),
                Math.toIntExact(c.getBytes("schema-bytes-max")),
                c.getInt("devices-max"),
                c.getInt("followers-max"),
                c.getInt("waiting-max"),
                c.getDuration("wait-max"),
                Math.toIntExact(c.getBytes("presence-bytes-max")),
                c.getInt("page-documents-max"),
                Math.toIntExact(c.getBytes("page-bytes-max")),
                c.getBytes("snapshot-bytes-min"),
                c.getInt("history-events-max"),
                c.getInt("history-requests-max"),
                c.getDuration("lease"),
                c.getDuration("purge-interval"),
                c.getDuration("passivate-after"));
    }
}
