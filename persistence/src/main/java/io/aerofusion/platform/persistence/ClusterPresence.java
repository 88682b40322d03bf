package io.aerofusion.platform.persistence;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * By what nodes on one database find each other, so that two clusters never write one journal.
 *
 * <p>Each node holds one connection whose {@code application_name} is its cluster address. PostgreSQL ends the session with the
 * process, however that dies, so what {@link #others} finds is alive, without heartbeats, timeouts or rows to clean up. A lock
 * makes nodes that start at the same time decide one after the other. (A pooler that multiplexes sessions would break this: nodes
 * connect to PostgreSQL itself.)
 */
public final class ClusterPresence implements AutoCloseable {
    /** How often the connection is looked after: after a restart of the database others may miss this node for so long. */
    static final Duration CHECK_EVERY = Duration.ofSeconds(5);
    /** How long a start waits for another node that decides. */
    static final Duration TURN_WAIT = Duration.ofSeconds(60);
    /** PostgreSQL cuts an application_name beyond this. */
    static final int NAME_BYTES_MAX = 63;

    private static final Logger log = LoggerFactory.getLogger(ClusterPresence.class);
    private static final String PREFIX = "aerofusion@";
    private static final long LOCK = 0x6165726f_636c7573L;
    private static final int VALID_SECONDS = 2;

    private final String url;
    private final ScheduledExecutorService check = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("cluster-presence").daemon().factory());
    private Connection connection;
    private String name = "";

    private ClusterPresence(String url, Connection connection) {
        this.url = url;
        this.connection = connection;
    }

    /** Connects and waits for its turn to decide, see {@link #endTurn}. */
    public static ClusterPresence takeTurn(String url) {
        try {
            Connection connection = DriverManager.getConnection(url);
            ClusterPresence presence = new ClusterPresence(url, connection);
            presence.execute("SET lock_timeout = " + TURN_WAIT.toMillis());
            presence.execute("SELECT pg_advisory_lock(" + LOCK + ")");
            return presence;
        } catch (SQLException e) {
            throw new StartException(
                    "The database gives this node no turn to join: another node has been starting for too long.", e);
        }
    }

    /** Cluster addresses ({@code host:port}) of the other nodes on this database. */
    public synchronized List<String> others() {
        List<String> others = new ArrayList<>();
        try (PreparedStatement select = connection.prepareStatement("SELECT application_name FROM pg_stat_activity"
                + " WHERE datname = current_database() AND starts_with(application_name, ?)"
                + " AND pid <> pg_backend_pid() ORDER BY backend_start")) {
            select.setString(1, PREFIX);
            try (ResultSet rows = select.executeQuery()) {
                while (rows.next()) {
                    others.add(rows.getString(1).substring(PREFIX.length()));
                }
            }
            return others;
        } catch (SQLException e) {
            throw new DatabaseException(e);
        }
    }

    /** Lets other nodes find this one from now on. @throws StartException when the address is too long to be found by */
    public synchronized void announce(String address) {
        name = PREFIX + address;
        if (name.length() > NAME_BYTES_MAX) {
            throw new StartException("The cluster address " + address + " is longer than "
                    + (NAME_BYTES_MAX - PREFIX.length()) + " characters: use an IP address.");
        }
        try {
            connection.setClientInfo("ApplicationName", name);
        } catch (SQLException e) {
            throw new DatabaseException(e);
        }
        check.scheduleWithFixedDelay(
                this::reconnectIfBroken, CHECK_EVERY.toSeconds(), CHECK_EVERY.toSeconds(), TimeUnit.SECONDS);
    }

    /** Lets the next starting node decide. */
    public synchronized void endTurn() {
        try {
            execute("SELECT pg_advisory_unlock(" + LOCK + ")");
        } catch (SQLException e) {
            throw new DatabaseException(e);
        }
    }

    @Override
    public void close() {
        check.shutdownNow();
        synchronized (this) {
            try {
                connection.close();
            } catch (SQLException e) {
                log.debug("the connection was gone already", e);
            }
        }
    }

    private synchronized void reconnectIfBroken() {
        try {
            if (check.isShutdown() || connection.isValid(VALID_SECONDS)) {
                return;
            }
            connection.close();
            connection = DriverManager.getConnection(url);
            connection.setClientInfo("ApplicationName", name);
            log.info("Present in the database again");
        } catch (SQLException e) {
            log.debug("the database is away; the next check tries again", e);
        }
    }

    private void execute(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
