package io.aerofusion.platform.persistence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class DatabaseTest {
    @Test
    void severalNodesThatStartAtOnceMigrateOnce() throws Exception {
        String url = TestDatabase.fresh();
        Callable<Database> node = () -> Database.open(url);
        try (ExecutorService nodes = Executors.newFixedThreadPool(3)) {
            for (Future<Database> opened : List.of(nodes.submit(node), nodes.submit(node), nodes.submit(node))) {
                opened.get(60, TimeUnit.SECONDS).close();
            }
        }
        assertThat(EmbeddedDatabaseTest.query(url, "SELECT count(*) FROM event_journal"))
                .isEqualTo("0");
        assertThat(EmbeddedDatabaseTest.query(url, "SELECT count(*) FROM aerofusion_keys.subject_key"))
                .isEqualTo("0");
        assertThat(EmbeddedDatabaseTest.query(
                        url, "SELECT count(*) - count(DISTINCT version) FROM flyway_schema_history"))
                .isEqualTo("0");
    }

    @Test
    void workThatEndsWithAnErrorLeavesNothingBehind() throws Exception {
        String url = TestDatabase.migrated();
        try (Database database = Database.open(url)) {
            assertThatThrownBy(() -> Transaction.commit(database.pool(), connection -> {
                        try (Statement statement = connection.createStatement()) {
                            statement.execute("CREATE TABLE half (value INT)");
                        }
                        throw new AssertionError("in the middle");
                    }))
                    .hasMessage("in the middle");
        }
        assertThat(EmbeddedDatabaseTest.query(url, "SELECT to_regclass('half') IS NULL"))
                .isEqualTo("t");
    }

    @Test
    void databaseThatIsNotThereIsOneSentence() {
        assertThatThrownBy(() -> Database.open("jdbc:postgresql://127.0.0.1:1/aerofusion"))
                .isInstanceOf(StartException.class)
                .hasMessageContaining("cannot be reached");
    }

    @Test
    void currentSchemaIsTheNewestThatFlywayFindsAndNothingElse() throws Exception {
        String url = TestDatabase.fresh();
        Database.open(url).close();
        try (Connection connection = DriverManager.getConnection(url)) {
            assertThat(Database.current(connection, "public", Database.MIGRATION_NEWEST))
                    .as("MIGRATION_NEWEST is the newest of db/migration")
                    .isTrue();
            assertThat(Database.current(connection, DataKeyStore.SCHEMA, Database.KEYS_MIGRATION_NEWEST))
                    .as("KEYS_MIGRATION_NEWEST is the newest of db/keys")
                    .isTrue();
            assertThat(Database.current(connection, "public", "1")).isFalse();
            assertThat(Database.current(connection, "elsewhere", "1")).isFalse();
            try (Statement statement = connection.createStatement()) {
                statement.execute("UPDATE flyway_schema_history SET success = false WHERE version = '2'");
            }
            assertThat(Database.current(connection, "public", Database.MIGRATION_NEWEST))
                    .as("a failed migration is Flyway's to complain of")
                    .isFalse();
        }
    }
}
