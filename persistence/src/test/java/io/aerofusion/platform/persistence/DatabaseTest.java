package io.aerofusion.platform.persistence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
    void databaseThatIsNotThereIsOneSentence() {
        assertThatThrownBy(() -> Database.open("jdbc:postgresql://127.0.0.1:1/aerofusion"))
                .isInstanceOf(StartException.class)
                .hasMessageContaining("cannot be reached");
    }
}
