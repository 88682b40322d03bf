package io.aerofusion.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class StoreTest {
    @TempDir
    static Path directory;

    static Stream<Store> stores() {
        return Stream.of(
                new MemoryStore(), new SqliteStore(directory.resolve("contract-" + System.nanoTime() + ".db")));
    }

    @ParameterizedTest
    @MethodSource("stores")
    void keepsReplacesRemovesAndClears(Store store) {
        try (store) {
            store.commit(List.of(), Map.of("d1:", bytes("a"), "d1:x", bytes("b"), "d2:", bytes("c"), "e", bytes("d")));
            assertThat(scan(store, "d1:")).containsExactly("d1:=a", "d1:x=b");
            assertThat(store.get("nothing")).isNull();
            Map<String, byte[]> writes = new LinkedHashMap<>();
            writes.put("e", null);
            writes.put("d2:", bytes("C"));
            writes.put("d1:new", bytes("n"));
            store.commit(List.of("d1:"), writes);
            assertThat(scan(store, "d")).containsExactly("d1:new=n", "d2:=C");
            assertThat(store.get("e")).isNull();
        }
    }

    @ParameterizedTest
    @MethodSource("stores")
    void anyNamesStandInKeys(Store store) {
        DocumentKey odd = new DocumentKey("a:1", "7:é😀\uFFFF/ \u0001");
        DocumentKey other = new DocumentKey("a", ":1");
        try (store) {
            store.commit(
                    List.of(),
                    Map.of(
                            StoreKeys.document("😀\uDBFF\uDFFF", odd), bytes("1"),
                            StoreKeys.document("😀\uDBFF\uDFFF", other), bytes("2"),
                            StoreKeys.document("s", other), bytes("3")));
            List<DocumentKey> found = new ArrayList<>();
            store.scan(
                    StoreKeys.documents("😀\uDBFF\uDFFF"),
                    (key, value) -> found.add(StoreKeys.documentOf("😀\uDBFF\uDFFF", key)));
            assertThat(found).containsExactlyInAnyOrder(odd, other);
        }
    }

    @Test
    void aFileIsThereAgainAfterClosing() {
        Path file = directory.resolve("again.db");
        try (Store store = new SqliteStore(file)) {
            store.commit(List.of(), Map.of("k", bytes("v")));
        }
        try (Store store = new SqliteStore(file)) {
            assertThat(store.get("k")).isEqualTo(bytes("v"));
        }
    }

    @Test
    void aFileBelongsToOneReplica() {
        Path file = directory.resolve("locked.db");
        try (Store store = new SqliteStore(file)) {
            assertThatThrownBy(() -> new SqliteStore(file)).isInstanceOf(UncheckedIOException.class);
            assertThat(store.get("k")).isNull();
        }
    }

    @Test
    void aFileThatCouldNotBeOpenedIsLetGo() throws Exception {
        Path file = directory.resolve("foreign.db");
        execute(file, "CREATE TABLE entries (other TEXT)");
        assertThatThrownBy(() -> new SqliteStore(file)).isInstanceOf(UncheckedIOException.class);
        execute(file, "DROP TABLE entries");
        try (Store store = new SqliteStore(file)) {
            assertThat(store.get("k")).isNull();
        }
    }

    private static void execute(Path file, String sql) throws Exception {
        try (var connection = DriverManager.getConnection("jdbc:sqlite:" + file);
                var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    @Test
    void aFileOfALaterFormatIsLeftAlone() throws Exception {
        Path file = directory.resolve("later.db");
        try (var connection = DriverManager.getConnection("jdbc:sqlite:" + file);
                var statement = connection.createStatement()) {
            statement.execute("PRAGMA user_version = 99");
        }
        assertThatThrownBy(() -> new SqliteStore(file)).hasMessageContaining("later version");
    }

    @Test
    void whatWasCommittedSurvivesKill9AndNoNumberIsUsedTwice() throws Exception {
        Path file = directory.resolve("killed.db");
        long promised = 0;
        for (int round = 0; round < 3; round++) {
            promised = killWhileWriting(file, 50 * (round + 1));
            try (Store store = new SqliteStore(file)) {
                SpaceContents contents = new SpaceContents("d", "s", store, new HybridClock(new FakeClock()));
                assertThat(contents.queue().lastKey()).isGreaterThanOrEqualTo(promised);
                assertThat(contents.nextNumber()).isEqualTo(contents.queue().lastKey() + 1);
                assertThat(contents.queue())
                        .hasSize(Math.toIntExact(contents.queue().lastKey()));
                // each step also confirms a page: documents and cursor go together or not at all
                assertThat(contents.cursor()).isNotNull();
                long page = Long.parseLong(contents.cursor());
                assertThat(contents.document(new DocumentKey("pages", "p"))
                                .value()
                                .get("page")
                                .asLong())
                        .isEqualTo(page);
            }
        }
        assertThat(promised).isPositive();
    }

    /** Returns the highest number that the process said it had stored. */
    private static long killWhileWriting(Path file, int steps) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        StoreWriter.class.getName(),
                        file.toString())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        long highest = 0;
        try (BufferedReader out =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (int step = 0; step < steps; step++) {
                String line = out.readLine();
                assertThat(line).as("the writer is alive").isNotNull();
                highest = Long.parseLong(line);
            }
            process.destroyForcibly(); // SIGKILL, most likely in the middle of a commit
        }
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return highest;
    }

    private static List<String> scan(Store store, String prefix) {
        List<String> found = new ArrayList<>();
        store.scan(prefix, (key, value) -> found.add(key + "=" + new String(value, StandardCharsets.UTF_8)));
        return found;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
