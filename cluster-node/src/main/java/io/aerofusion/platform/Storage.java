package io.aerofusion.platform;

import com.typesafe.config.Config;
import io.aerofusion.platform.persistence.DataDirectory;
import io.aerofusion.platform.persistence.DataKeyStore;
import io.aerofusion.platform.persistence.Database;
import io.aerofusion.platform.persistence.EmbeddedDatabase;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
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

    /** Opens everything and migrates the schema, or nothing. */
    static Storage open(Config config, InstantSource clock) {
        Deque<AutoCloseable> opened = new ArrayDeque<>();
        try {
            DataDirectory directory = DataDirectory.open(Path.of(config.getString("aerofusion.data")));
            opened.push(directory);
            String url = config.getString("aerofusion.database");
            Optional<EmbeddedDatabase> embedded = Optional.empty();
            if (url.isEmpty()) {
                EmbeddedDatabase own = EmbeddedDatabase.start(directory);
                opened.push(own);
                embedded = Optional.of(own);
                url = own.url();
            }
            Database database = Database.open(url);
            opened.push(database);
            String keyFile = config.getString("aerofusion.regional-key");
            Path regionalKey = keyFile.isEmpty() ? directory.regionalKey() : Path.of(keyFile);
            DataKeyStore keys = DataKeyStore.open(database.pool(), regionalKey, directory.erasureLedger(), clock);
            opened.push(keys);
            return new Storage(directory, embedded, database, keys, regionalKey, opened);
        } catch (RuntimeException e) {
            close(opened);
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
