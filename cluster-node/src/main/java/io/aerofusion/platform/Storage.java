package io.aerofusion.platform;

import com.typesafe.config.Config;
import io.aerofusion.platform.persistence.DataDirectory;
import io.aerofusion.platform.persistence.DataKeyStore;
import io.aerofusion.platform.persistence.Database;
import io.aerofusion.platform.persistence.EmbeddedDatabase;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedDeque;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a node keeps its data in: the directory, the database (its own or a shared one) and the keys. */
final class Storage implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Storage.class);

    private final DataDirectory directory;
    private final Optional<EmbeddedDatabase> embedded;
    private final Database database;
    private final DataKeyStore keys;
    private final Path regionalKey;
    private final Deque<AutoCloseable> opened;

    private Storage(
            DataDirectory directory,
            Optional<EmbeddedDatabase> embedded,
            Database database,
            DataKeyStore keys,
            Path regionalKey,
            Deque<AutoCloseable> opened) {
        this.directory = directory;
        this.embedded = embedded;
        this.database = database;
        this.keys = keys;
        this.regionalKey = regionalKey;
        this.opened = opened;
    }

    /**
     * Where the data is: the directory, locked, and a database server that runs. Not opened yet, so that what needs no more than the address can
     * start meanwhile.
     */
    record Place(DataDirectory directory, Optional<EmbeddedDatabase> embedded, String url, Deque<AutoCloseable> opened)
            implements AutoCloseable {
        @Override
        public void close() {
            Storage.close(opened);
        }
    }

    /** Locks the directory and, unless another database is named, starts the embedded one; all of it or nothing. */
    static Place locate(Config config) {
        Deque<AutoCloseable> opened = new ConcurrentLinkedDeque<>(); // closed while it is being opened, at worst
        try {
            DataDirectory directory = DataDirectory.open(Path.of(config.getString("aerofusion.data")));
            opened.push(directory);
            String url = config.getString("aerofusion.database");
            if (!url.isEmpty()) {
                return new Place(directory, Optional.empty(), url, opened);
            }
            EmbeddedDatabase own = EmbeddedDatabase.start(directory);
            opened.push(own);
            return new Place(directory, Optional.of(own), own.url(), opened);
        } catch (RuntimeException e) {
            close(opened);
            throw e;
        }
    }

    /** Connects, migrates the schema and opens the keys, or closes the place, too. */
    static Storage open(Place place, Config config, InstantSource clock) {
        try {
            Database database = Database.open(place.url());
            place.opened().push(database);
            String keyFile = config.getString("aerofusion.regional-key");
            Path regionalKey = keyFile.isEmpty() ? place.directory().regionalKey() : Path.of(keyFile);
            DataKeyStore keys = DataKeyStore.open(
                    database.pool(), regionalKey, place.directory().erasureLedger(), clock);
            place.opened().push(keys);
            return new Storage(place.directory(), place.embedded(), database, keys, regionalKey, place.opened());
        } catch (RuntimeException e) {
            place.close();
            throw e;
        }
    }

    DataDirectory directory() {
        return directory;
    }

    Optional<EmbeddedDatabase> embedded() {
        return embedded;
    }

    Database database() {
        return database;
    }

    DataKeyStore keys() {
        return keys;
    }

    Path regionalKey() {
        return regionalKey;
    }

    /** Closes everything, the last opened first. Idempotent. */
    @Override
    public void close() {
        close(opened);
    }

    private static synchronized void close(Deque<AutoCloseable> opened) {
        while (!opened.isEmpty()) {
            AutoCloseable part = opened.pop();
            try {
                part.close();
            } catch (Exception e) { // the others have to be closed all the same
                LOG.warn("{} could not be closed", part.getClass().getSimpleName(), e);
            }
        }
    }
}
