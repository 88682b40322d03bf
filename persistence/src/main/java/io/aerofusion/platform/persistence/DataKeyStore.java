package io.aerofusion.platform.persistence;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import javax.crypto.SecretKey;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The data keys in the schema {@value #SCHEMA}, wrapped by the regional key, and the erasure ledger.
 *
 * <p>The schema is never part of the journal's backup; the regional key and the ledger are
 * files. At the start the ledger is replayed: keys of erased subjects that a restore brought back are destroyed again.
 */
public final class DataKeyStore implements DataKeys, AutoCloseable {
    /** The schema of the keys. */
    public static final String SCHEMA = "aerofusion_keys";
    /** Keys that read models have at hand; beyond this the least used are fetched again. */
    static final int CACHED_KEYS_MAX = 10_000;
    /** How long a key is at hand without being asked for again. */
    static final Duration CACHED_KEY_AGE_MAX = Duration.ofSeconds(30);
    /**
     * How long another node's erasure may go unnoticed by whoever holds the key. What is sealed in that time is sealed under a key
     * that no longer exists. {@link #bindingOf} asks the database each time: an entity never starts with an erased key.
     */
    static final Duration LEARNING_PERIOD = Duration.ofSeconds(5);
    /** How far back erasures are asked for each time: clocks of nodes may differ, and the database may have been away. */
    static final Duration LEARNING_WINDOW = Duration.ofHours(1);

    private static final Logger log = LoggerFactory.getLogger(DataKeyStore.class);

    private final DataSource source;
    private final RegionalKey regional;
    private final ErasureLedger ledger;
    private final InstantSource clock;
    private final Cache<String, Optional<DataKey>> keys;
    /** Every key that is in use anywhere in this process, so that it can be taken away. */
    private final Cache<String, SubjectKey> inUse =
            Caffeine.newBuilder().weakValues().build();

    private int replayed;

    private final ScheduledExecutorService learning = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("erasures").daemon().factory());

    private DataKeyStore(DataSource source, RegionalKey regional, ErasureLedger ledger, InstantSource clock) {
        this.source = source;
        this.regional = regional;
        this.ledger = ledger;
        this.clock = clock;
        this.keys = Caffeine.newBuilder()
                .maximumSize(CACHED_KEYS_MAX)
                .expireAfterWrite(CACHED_KEY_AGE_MAX)
                .build();
    }

    /**
     * Opens the keys of a migrated database and replays the erasure ledger. Creates the regional key file with the first node of a
     * region.
     *
     * @throws StartException when the key file is not the one this database was written with, or the ledger was changed
     */
    public static DataKeyStore open(DataSource source, Path regionalKey, Path ledger, InstantSource clock) {
        RegionalKey regional = RegionalKeyCheck.open(source, regionalKey);
        DataKeyStore store = new DataKeyStore(source, regional, ErasureLedger.open(ledger, regional), clock);
        try {
            store.replayed = store.replayLedger();
            long period = LEARNING_PERIOD.toMillis();
            store.learning.scheduleWithFixedDelay(store::learnErasuresOrLog, period, period, TimeUnit.MILLISECONDS);
            return store;
        } catch (RuntimeException e) {
            store.close();
            throw e;
        }
    }

    /**
     * Makes ledger and database agree on who was erased, destroying keys that came back; returns how many those were.
     */
    int replayLedger() {
        int destroyed = Transaction.commit(source, connection -> {
            int again = 0;
            for (Map.Entry<String, Instant> entry : ledger.erased().entrySet()) {
                again += destroy(connection, entry.getKey(), entry.getValue());
            }
            return again;
        });
        if (destroyed > 0) {
            keys.invalidateAll();
            log.warn("Destroyed {} data keys of erased subjects that the database still or again held", destroyed);
        }
        learnErasures(Instant.EPOCH);
        return destroyed;
    }

    /**
     * Takes over what a copy of a ledger holds, and destroys those keys as well; returns how many there were.
     *
     * @throws StartException when the copy was changed, or belongs to another region
     */
    int replayLedger(Path copy) {
        ErasureLedger.read(copy, regional).forEach(ledger::enter);
        return replayLedger();
    }

    /** Keys of erased subjects that were there at the opening, and destroyed again. */
    int replayedAtOpening() {
        return replayed;
    }

    /** The blind indexes of all subjects that were erased. */
    Set<String> erasedSubjects() {
        return ledger.erased().keySet();
    }

    /**
     * Learns of erasures by other nodes: enters them in this node's ledger and takes the keys away from whoever uses them here, so
     * that an entity of an erased person that still lives fails at its next event and comes back erased.
     */
    void learnErasures(Instant since) {
        Map<String, Instant> erased = Transaction.single(source, connection -> {
            try (PreparedStatement select =
                    connection.prepareStatement("SELECT subject_index, erased_at FROM aerofusion_keys.subject_key"
                            + " WHERE erased_at >= ? ORDER BY erased_at")) {
                select.setTimestamp(1, Timestamp.from(since));
                try (ResultSet rows = select.executeQuery()) {
                    Map<String, Instant> found = new LinkedHashMap<>();
                    while (rows.next()) {
                        found.put(rows.getString(1), rows.getTimestamp(2).toInstant());
                    }
                    return found;
                }
            }
        });
        erased.forEach((index, at) -> {
            ledger.enter(index, at);
            takeAway(index);
        });
    }

    private void learnErasuresOrLog() {
        try {
            learnErasures(clock.instant().minus(LEARNING_WINDOW));
        } catch (RuntimeException e) { // tried again in a moment; the schedule must not end
            log.warn("Could not ask for other nodes' erasures: {}", e.toString());
        }
    }

    private void takeAway(String index) {
        keys.put(index, Optional.empty());
        SubjectKey key = inUse.getIfPresent(index);
        if (key != null) {
            key.destroy();
        }
    }

    @Override
    public Binding bindingOf(String persistenceId) {
        return Transaction.single(source, connection -> binding(connection, persistenceId));
    }

    @Override
    public Binding bind(String persistenceId, String subject) {
        String index = indexOf(subject);
        return Transaction.commit(source, connection -> {
            if (ensureKey(connection, subject, index).isEmpty()) {
                return new Binding.Erased(index);
            }
            try (PreparedStatement insert = connection.prepareStatement(
                    "INSERT INTO aerofusion_keys.entity_binding (persistence_id, subject_index) VALUES (?, ?)"
                            + " ON CONFLICT DO NOTHING")) {
                insert.setString(1, persistenceId);
                insert.setString(2, index);
                insert.executeUpdate();
            }
            Binding binding = binding(connection, persistenceId);
            if (binding instanceof Binding.Sealed bound
                    && !bound.key().subject().equals(subject)) {
                throw new IllegalStateException(persistenceId + " is bound to another subject");
            }
            return binding;
        });
    }

    @Override
    public Optional<DataKey> keyOf(String subject) {
        String index = indexOf(subject);
        Optional<DataKey> key = keyByIndex(index);
        if (key.isEmpty()) { // erased or new: the database knows
            key = Transaction.commit(source, connection -> ensureKey(connection, subject, index));
            keys.put(index, key);
        }
        return key;
    }

    @Override
    public Optional<DataKey> keyByIndex(String subjectIndex) {
        return keys.get(
                subjectIndex,
                index -> Transaction.single(
                        source, connection -> findKey(connection, index).flatMap(found -> found)));
    }

    @Override
    public List<String> entitiesOf(String subject, String after, int limit) {
        return Transaction.single(source, connection -> {
            try (PreparedStatement select =
                    connection.prepareStatement("SELECT persistence_id FROM aerofusion_keys.entity_binding"
                            + " WHERE subject_index = ? AND persistence_id COLLATE \"C\" > ?"
                            + " ORDER BY persistence_id COLLATE \"C\" LIMIT ?")) {
                select.setString(1, indexOf(subject));
                select.setString(2, after);
                select.setInt(3, limit);
                try (ResultSet rows = select.executeQuery()) {
                    List<String> entities = new ArrayList<>();
                    while (rows.next()) {
                        entities.add(rows.getString(1));
                    }
                    return entities;
                }
            }
        });
    }

    @Override
    public void erase(String subject) {
        String index = indexOf(subject);
        Instant now = clock.instant().truncatedTo(ChronoUnit.MILLIS);
        ledger.enter(index, now); // first: after a crash the replay finishes what this began
        Transaction.commit(source, connection -> destroy(connection, index, now));
        takeAway(index);
    }

    @Override
    public boolean isErased(String subject) {
        return Transaction.single(source, connection -> findKey(connection, indexOf(subject)))
                .filter(Optional::isEmpty)
                .isPresent();
    }

    @Override
    public String blindIndex(String value) {
        return regional.digest("index\n" + value);
    }

    @Override
    public String indexOf(String subject) {
        return regional.digest("subject\n" + subject);
    }

    @Override
    public void close() {
        learning.shutdownNow();
        ledger.close();
    }

    private Optional<DataKey> ensureKey(Connection connection, String subject, String index) throws SQLException {
        Optional<Optional<DataKey>> known = findKey(connection, index);
        if (known.isPresent()) {
            return known.get();
        }
        byte[] fresh = AesGcm.newKey();
        byte[] name = subject.getBytes(StandardCharsets.UTF_8);
        byte[] content = Arrays.copyOf(fresh, fresh.length + name.length);
        System.arraycopy(name, 0, content, fresh.length, name.length);
        try (PreparedStatement insert = connection.prepareStatement(
                "INSERT INTO aerofusion_keys.subject_key (subject_index, wrapped) VALUES (?, ?) ON CONFLICT DO NOTHING")) {
            insert.setString(1, index);
            insert.setBytes(2, regional.wrap(content, placeOf(index)));
            insert.executeUpdate();
        }
        return findKey(connection, index).orElseThrow(); // another node's, if that was faster
    }

    /** Empty: unknown; an empty inside: erased. */
    private Optional<Optional<DataKey>> findKey(Connection connection, String index) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(
                "SELECT wrapped FROM aerofusion_keys.subject_key WHERE subject_index = ?")) {
            select.setString(1, index);
            try (ResultSet rows = select.executeQuery()) {
                return rows.next() ? Optional.of(unwrap(index, rows.getBytes(1))) : Optional.empty();
            }
        }
    }

    private Binding binding(Connection connection, String persistenceId) throws SQLException {
        try (PreparedStatement select =
                connection.prepareStatement("SELECT k.subject_index, k.wrapped FROM aerofusion_keys.entity_binding b"
                        + " JOIN aerofusion_keys.subject_key k USING (subject_index) WHERE b.persistence_id = ?")) {
            select.setString(1, persistenceId);
            try (ResultSet rows = select.executeQuery()) {
                if (!rows.next()) {
                    return new Binding.None();
                }
                String index = rows.getString(1);
                return unwrap(index, rows.getBytes(2))
                        .<Binding>map(Binding.Sealed::new)
                        .orElseGet(() -> new Binding.Erased(index));
            }
        }
    }

    private Optional<DataKey> unwrap(String index, byte @Nullable [] wrapped) {
        if (wrapped == null) {
            return Optional.empty();
        }
        byte[] content = regional.unwrap(wrapped, placeOf(index));
        SecretKey key = AesGcm.key(Arrays.copyOf(content, AesGcm.KEY_BYTES));
        String subject =
                new String(content, AesGcm.KEY_BYTES, content.length - AesGcm.KEY_BYTES, StandardCharsets.UTF_8);
        SubjectKey fresh = new SubjectKey(subject, key);
        @Nullable SubjectKey known = inUse.asMap().putIfAbsent(index, fresh);
        return Optional.of(known == null ? fresh : known);
    }

    /** Leaves a row without a key, so that none is ever made again; returns 1 when there was a key. */
    private static int destroy(Connection connection, String index, Instant at) throws SQLException {
        int destroyed;
        try (PreparedStatement update =
                connection.prepareStatement("UPDATE aerofusion_keys.subject_key SET wrapped = NULL, erased_at = ?"
                        + " WHERE subject_index = ? AND wrapped IS NOT NULL")) {
            update.setTimestamp(1, Timestamp.from(at));
            update.setString(2, index);
            destroyed = update.executeUpdate();
        }
        try (PreparedStatement insert = connection.prepareStatement(
                "INSERT INTO aerofusion_keys.subject_key (subject_index, erased_at) VALUES (?, ?)"
                        + " ON CONFLICT (subject_index) DO UPDATE SET wrapped = NULL,"
                        + " erased_at = coalesce(subject_key.erased_at, EXCLUDED.erased_at)")) {
            insert.setString(1, index);
            insert.setTimestamp(2, Timestamp.from(at));
            insert.executeUpdate();
        }
        return destroyed;
    }

    private static byte[] placeOf(String index) {
        return ("subject_key\n" + index).getBytes(StandardCharsets.US_ASCII);
    }
}
