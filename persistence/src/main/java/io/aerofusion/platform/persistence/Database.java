package io.aerofusion.platform.persistence;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The node's PostgreSQL database, migrated to this version's schema, with a bounded pool of connections.
 *
 * <p>The pool serves read models, keys and projections; the journal has its own (see {@code persistence.conf} of the node), so that a
 * slow list cannot hold up an acknowledgement.
 */
public final class Database implements AutoCloseable {
    /** Connections at most; whoever finds none waits up to {@link #CONNECTION_WAIT}. */
    public static final int CONNECTIONS_MAX = 16;
    /** How long a caller waits for a connection before it fails. */
    public static final Duration CONNECTION_WAIT = Duration.ofSeconds(5);
    /** How long one statement of a read model may take before the server cancels it. */
    public static final Duration STATEMENT_TIME_MAX = Duration.ofSeconds(30);
    /** How long a transaction may do nothing before the server ends it: a frozen node must not hold rows that others need. */
    public static final Duration TRANSACTION_IDLE_MAX = Duration.ofSeconds(10);
    /** How often Flyway asks for its lock (once a second) while another node migrates. */
    static final int MIGRATION_LOCK_TRIES_MAX = 120;
    /** Flyway's name of the newest version of a schema that this build knows. */
    private static final String NEWEST = "latest";
    /** The newest migration in db/migration; a test holds it against what Flyway finds. */
    static final String MIGRATION_NEWEST = "4";
    /** The newest migration in db/keys. */
    static final String KEYS_MIGRATION_NEWEST = "2";

    private static final Logger log = LoggerFactory.getLogger(Database.class);

    private final String url;
    private final HikariDataSource pool;

    private Database(String url, HikariDataSource pool) {
        this.url = url;
        this.pool = pool;
    }

    /**
     * Connects and brings the schema up to date. Safe when several nodes start at once: one migrates, the others wait.
     *
     * @param url JDBC URL of a PostgreSQL database, with user and password
     * @throws StartException when it cannot be reached or migrated, or when it acknowledges commits it has not stored
     */
    public static Database open(String url) {
        HikariDataSource pool = pool(url);
        try {
            boolean current;
            try (Connection connection = pool.getConnection()) {
                checkDurability(connection);
                current = current(connection, "public", MIGRATION_NEWEST)
                        && current(connection, DataKeyStore.SCHEMA, KEYS_MIGRATION_NEWEST);
            }
            if (!current) { // else Flyway stays unloaded: it would be a sixth of the start
                migrate(url, "public", "classpath:db/migration", NEWEST);
                migrate(url, DataKeyStore.SCHEMA, "classpath:db/keys", NEWEST);
            }
            return new Database(url, pool);
        } catch (SQLException e) {
            pool.close();
            throw new StartException("The database cannot be reached (" + e.getMessage() + ").", e);
        } catch (FlywayException e) {
            pool.close();
            throw new StartException("The database's schema could not be brought up to date: " + e.getMessage(), e);
        } catch (StartException e) {
            pool.close();
            throw e;
        }
    }

    /** The pool. Blocks: used on the blocking executor only. */
    public DataSource pool() {
        return pool;
    }

    /** The JDBC URL, with its password. */
    public String url() {
        return url;
    }

    @Override
    public void close() {
        pool.close();
    }

    /** An acknowledged push must survive a power cut: a server that only pretends is refused. */
    static void checkDurability(Connection connection) throws SQLException {
        List<String> unsafe = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet settings = statement.executeQuery(
                        "SELECT name, current_setting(name) FROM unnest(ARRAY['fsync', 'synchronous_commit',"
                                + " 'full_page_writes']) AS name")) {
            while (settings.next()) {
                // synchronous_commit knows stronger values too: remote_write, remote_apply
                if (List.of("off", "local").contains(settings.getString(2))) {
                    unsafe.add(settings.getString(1) + " = " + settings.getString(2));
                }
            }
        }
        if (!unsafe.isEmpty()) {
            throw new StartException("The database does not keep what it acknowledges (" + String.join(", ", unsafe)
                    + "): set fsync, synchronous_commit and full_page_writes to on.");
        }
    }

    private static HikariDataSource pool(String url) {
        HikariConfig config = new HikariConfig();
        config.setPoolName("aerofusion");
        config.setJdbcUrl(url);
        config.setMaximumPoolSize(CONNECTIONS_MAX);
        config.setMinimumIdle(2);
        config.setConnectionTimeout(CONNECTION_WAIT.toMillis());
        config.setInitializationFailTimeout(CONNECTION_WAIT.toMillis());
        config.setAutoCommit(true);
        config.addDataSourceProperty("ApplicationName", "aerofusion");
        config.addDataSourceProperty("tcpKeepAlive", "true");
        config.addDataSourceProperty(
                "options",
                "-c statement_timeout=" + STATEMENT_TIME_MAX.toMillis() + " -c idle_in_transaction_session_timeout="
                        + TRANSACTION_IDLE_MAX.toMillis());
        try {
            return new HikariDataSource(config);
        } catch (RuntimeException e) { // Hikari's PoolInitializationException and its complaints about the URL
            throw new StartException("The database cannot be reached: check --database and that PostgreSQL runs.", e);
        }
    }

    /** Whether Flyway has brought a schema to exactly this version, with nothing failed or done out of order since. */
    static boolean current(Connection connection, String schema, String version) throws SQLException {
        String history = schema + ".flyway_schema_history";
        try (Statement statement = connection.createStatement();
                ResultSet found = statement.executeQuery("SELECT to_regclass('" + history + "') IS NOT NULL")) {
            if (!found.next() || !found.getBoolean(1)) {
                return false;
            }
        }
        try (Statement statement = connection.createStatement();
                ResultSet newest = statement.executeQuery("SELECT version, (SELECT bool_and(success) FROM " + history
                        + ") FROM " + history + " WHERE version IS NOT NULL ORDER BY installed_rank DESC LIMIT 1")) {
            return newest.next() && version.equals(newest.getString(1)) && newest.getBoolean(2);
        }
    }

    /** Brings a schema to a version. */
    static void migrate(String url, String schema, String location, String version) {
        int applied = Flyway.configure()
                .dataSource(url, null, null) // connections of its own: a migration may take longer than a statement
                .schemas(schema)
                .defaultSchema(schema)
                .locations(location)
                .target(version)
                .lockRetryCount(MIGRATION_LOCK_TRIES_MAX)
                .cleanDisabled(true)
                .load()
                .migrate()
                .migrationsExecuted;
        if (applied > 0) {
            log.info("Applied {} migrations to schema {}", applied, schema);
        }
    }
}
