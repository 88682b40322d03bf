package io.aerofusion.platform.persistence;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.aerofusion.platform.persistence.DataKeys.Binding;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataKeyStoreTest {
    private static final InstantSource CLOCK = InstantSource.fixed(Instant.parse("2026-11-21T08:00:00Z"));
    private static final byte[] PLACE = "Space|default|home".getBytes(UTF_8);
    private static final byte[] TEXT = "a person's words".getBytes(UTF_8);

    @TempDir
    Path temporary;

    private String url;
    private Database database;

    @BeforeEach
    void open() {
        url = TestDatabase.migrated();
        database = Database.open(url);
    }

    @AfterEach
    void close() {
        database.close();
    }

    @Test
    void bindsAnEntityToItsSubjectForEver() {
        try (DataKeyStore keys = node("a")) {
            assertThat(keys.bindingOf("Space|default|home")).isEqualTo(new Binding.None());
            Binding first = keys.bind("Space|default|home", "default|ada");
            assertThat(keys.bind("Space|default|home", "default|ada")).isEqualTo(first);
            assertThat(keys.bindingOf("Space|default|home")).isEqualTo(first);
            assertThatThrownBy(() -> keys.bind("Space|default|home", "default|eve"))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageNotContaining("ada");
        }
    }

    @Test
    void knowsEveryEntityOfASubjectInPagesAlsoAfterTheErasure() {
        try (DataKeyStore keys = node("a")) {
            for (String entity :
                    List.of("Device|default|b", "Device|default|B", "Device|default|a", "User|default|ada")) {
                keys.bind(entity, "default|ada");
            }
            keys.bind("Device|default|c", "default|eve");

            List<String> first = keys.entitiesOf("default|ada", "", 3);
            assertThat(first).containsExactly("Device|default|B", "Device|default|a", "Device|default|b");
            assertThat(keys.entitiesOf("default|ada", first.getLast(), 3)).containsExactly("User|default|ada");
            keys.erase("default|ada");
            assertThat(keys.entitiesOf("default|ada", "", 10)).hasSize(4);
            assertThat(keys.entitiesOf("default|nobody", "", 10)).isEmpty();
        }
    }

    @Test
    void keySurvivesARestartAndOpensWhatItSealed() {
        byte[] sealed;
        try (DataKeyStore keys = node("a")) {
            sealed = key(keys.bind("Space|default|home", "default|ada")).seal(TEXT, PLACE);
            assertThat(new String(sealed, UTF_8)).doesNotContain("person");
        }
        try (DataKeyStore keys = node("a")) {
            assertThat(key(keys.bindingOf("Space|default|home")).open(sealed, PLACE))
                    .isEqualTo(TEXT);
            assertThat(keys.keyOf("default|ada").orElseThrow().open(sealed, PLACE))
                    .isEqualTo(TEXT);
        }
    }

    @Test
    void changedOrMovedMessagesAreNoticed() {
        try (DataKeyStore keys = node("a")) {
            DataKey key = keys.keyOf("default|ada").orElseThrow();
            byte[] sealed = key.seal(TEXT, PLACE);
            for (int i = 0; i < sealed.length; i++) {
                byte[] changed = sealed.clone();
                changed[i] ^= 1;
                assertThatThrownBy(() -> key.open(changed, PLACE)).isInstanceOf(IllegalStateException.class);
            }
            assertThatThrownBy(() -> key.open(sealed, "Space|default|other".getBytes(UTF_8)))
                    .isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> key.open(new byte[3], PLACE)).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> keys.keyOf("default|eve").orElseThrow().open(sealed, PLACE))
                    .isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void wrappedKeyMovedToAnotherSubjectIsNoticed() throws Exception {
        try (DataKeyStore keys = node("a")) {
            keys.bind("Space|default|home", "default|ada");
            keys.bind("Space|default|lair", "default|eve");
            EmbeddedDatabaseTest.execute(
                    url,
                    "UPDATE aerofusion_keys.subject_key a SET wrapped = b.wrapped FROM aerofusion_keys.subject_key b"
                            + " WHERE a.subject_index <> b.subject_index");
            assertThatThrownBy(() -> keys.bindingOf("Space|default|home")).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void erasedSubjectNeverGetsAKeyAgain() throws Exception {
        try (DataKeyStore keys = node("a")) {
            keys.bind("Space|default|home", "default|ada");
            keys.erase("default|ada");
            keys.erase("default|ada");
            assertThat(keys.bindingOf("Space|default|home")).isInstanceOf(Binding.Erased.class);
            assertThat(keys.bind("Space|default|home", "default|ada")).isInstanceOf(Binding.Erased.class);
            assertThat(keys.bind("Device|default|new", "default|ada")).isInstanceOf(Binding.Erased.class);
            assertThat(keys.keyOf("default|ada")).isEmpty();
            assertThat(wrappedKeys()).isEqualTo("0");
        }
    }

    @Test
    void subjectThatNeverHadAKeyCanBeErasedInAdvance() {
        try (DataKeyStore keys = node("a")) {
            keys.erase("default|ada");
            assertThat(keys.keyOf("default|ada")).isEmpty();
        }
    }

    @Test
    void restoreOfAnOlderBackupDoesNotBringThePersonBack() throws Exception {
        try (DataKeyStore keys = node("a")) {
            keys.bind("Space|default|home", "default|ada");
            EmbeddedDatabaseTest.execute(url, "CREATE TABLE backup AS SELECT * FROM aerofusion_keys.subject_key");
            keys.erase("default|ada");
        }
        EmbeddedDatabaseTest.execute(
                url,
                "UPDATE aerofusion_keys.subject_key k SET wrapped = b.wrapped, erased_at = NULL FROM backup b"
                        + " WHERE b.subject_index = k.subject_index",
                "DROP TABLE backup");
        assertThat(wrappedKeys()).isEqualTo("1");

        try (DataKeyStore keys = node("a")) {
            assertThat(wrappedKeys()).isEqualTo("0");
            assertThat(keys.bindingOf("Space|default|home")).isInstanceOf(Binding.Erased.class);
            assertThat(keys.replayLedger()).isZero();
        }
    }

    @Test
    void keyInUseIsTakenAwayHereAndOnOtherNodes() throws Exception {
        try (DataKeyStore a = node("a")) {
            Files.copy(temporary.resolve("a/regional.key"), directory("b").resolve("regional.key"));
            try (DataKeyStore b = node("b")) {
                DataKey here = key(a.bind("Space|default|home", "default|ada"));
                DataKey there = key(b.bindingOf("Space|default|home"));
                DataKey atHandThere = b.keyOf("default|ada").orElseThrow();
                DataKey anothers = b.keyOf("default|eve").orElseThrow();
                a.erase("default|ada");
                assertThatThrownBy(() -> here.seal(TEXT, PLACE)).hasMessageContaining("destroyed");
                b.learnErasures(Instant.EPOCH);
                assertThatThrownBy(() -> there.seal(TEXT, PLACE)).hasMessageContaining("destroyed");
                assertThatThrownBy(() -> atHandThere.seal(TEXT, PLACE)).hasMessageContaining("destroyed");
                assertThat(b.keyOf("default|ada")).isEmpty();
                assertThat(anothers.open(anothers.seal(TEXT, PLACE), PLACE)).isEqualTo(TEXT);
            }
        }
    }

    @Test
    void ledgersOfAllNodesLearnOfAnErasure() throws Exception {
        try (DataKeyStore a = node("a")) {
            Files.copy(
                    temporary.resolve("a").resolve("regional.key"),
                    directory("b").resolve("regional.key"));
            try (DataKeyStore b = node("b")) {
                a.erase("default|ada");
                b.learnErasures(Instant.EPOCH);
            }
        }
        assertThat(Files.readString(temporary.resolve("b/ledger")))
                .isEqualTo(Files.readString(temporary.resolve("a/ledger")))
                .doesNotContain("default|ada")
                .isNotEmpty();
    }

    @Test
    void ledgerLineThatWasTakenOutStopsTheStart() throws Exception {
        try (DataKeyStore keys = node("a")) {
            keys.erase("default|ada");
            keys.erase("default|bob");
        }
        Path ledger = temporary.resolve("a/ledger");
        List<String> lines = Files.readAllLines(ledger);
        Files.writeString(ledger, lines.get(1) + "\n");
        assertThatThrownBy(() -> node("a"))
                .isInstanceOf(StartException.class)
                .hasMessageContaining("changed at line 1");
    }

    @Test
    void ledgerLineThatACrashCutOffIsDropped() throws Exception {
        try (DataKeyStore keys = node("a")) {
            keys.erase("default|ada");
        }
        Path ledger = temporary.resolve("a/ledger");
        String whole = Files.readString(ledger);
        Files.writeString(ledger, whole + whole.substring(0, 40));
        try (DataKeyStore keys = node("a")) {
            assertThat(ledger).content().isEqualTo(whole);
            keys.erase("default|bob");
        }
        node("a").close();
        assertThat(Files.readAllLines(ledger)).hasSize(2);
    }

    @Test
    void nodeWithAnotherOrNoRegionalKeyIsRefused() throws Exception {
        node("a").close();
        assertThatThrownBy(() -> node("b")).isInstanceOf(StartException.class).hasMessageContaining("is missing");
        assertThat(temporary.resolve("b/regional.key")).doesNotExist();
        RegionalKey.create(directory("b").resolve("regional.key"));
        assertThatThrownBy(() -> node("b"))
                .isInstanceOf(StartException.class)
                .hasMessageContaining("is not the one this database was written with");
    }

    /** Otherwise a node would work with a key that is in no file any more. */
    @Test
    void regionalKeyThatAnotherNodeMadeMeanwhileIsNotReplaced() throws Exception {
        Path file = directory("a").resolve("regional.key");
        RegionalKey.create(file);
        String first = Files.readString(file);
        RegionalKey.create(file);
        assertThat(file).content().isEqualTo(first);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        assertThat(directory("a").toFile().list()).containsExactly("regional.key");
    }

    @Test
    void rotatedRegionalKeyStillOpensWhatItWrapped() throws Exception {
        try (DataKeyStore keys = node("a")) {
            keys.bind("Space|default|home", "default|ada");
        }
        Path file = temporary.resolve("a/regional.key");
        String newest = Files.readString(file)
                .lines()
                .filter(line -> line.startsWith("index"))
                .findFirst()
                .orElseThrow();
        Files.writeString(file, Files.readString(file) + newest.replace("index", "key.2") + "\n");
        try (DataKeyStore keys = node("a")) {
            assertThat(keys.bindingOf("Space|default|home")).isInstanceOf(Binding.Sealed.class);
            keys.bind("Space|default|lair", "default|eve");
            assertThat(
                            EmbeddedDatabaseTest.query(
                                    url,
                                    "SELECT string_agg(DISTINCT get_byte(wrapped, 0)::text, ',') FROM aerofusion_keys.subject_key"))
                    .isEqualTo("1,2");
        }
    }

    @Test
    void nodeThatWasNotRestartedYetOpensWhatTheRotatedKeyWrapped() throws Exception {
        try (DataKeyStore notYet = node("a")) {
            Path file = temporary.resolve("a/regional.key");
            String index = Files.readAllLines(file).stream()
                    .filter(line -> line.startsWith("index"))
                    .findFirst()
                    .orElseThrow();
            Files.writeString(file, Files.readString(file) + index.replace("index", "key.2") + "\n");
            Files.copy(file, directory("b").resolve("regional.key"));
            try (DataKeyStore restarted = node("b")) {
                DataKey wrapped = key(restarted.bind("Space|default|lair", "default|eve"));
                byte[] sealed = wrapped.seal(TEXT, PLACE);
                assertThat(key(notYet.bindingOf("Space|default|lair")).open(sealed, PLACE))
                        .isEqualTo(TEXT);
            }
        }
    }

    @Test
    void regionalKeyOpenToOthersOrDamagedIsRefused() throws Exception {
        node("a").close();
        Path file = temporary.resolve("a/regional.key");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
        assertThatThrownBy(() -> node("a")).isInstanceOf(StartException.class).hasMessageContaining("chmod 600");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        Files.writeString(file, "index = not base64\n");
        assertThatThrownBy(() -> node("a")).isInstanceOf(StartException.class).hasMessageContaining("damaged");
        Files.writeString(file, "# nothing\n");
        assertThatThrownBy(() -> node("a")).isInstanceOf(StartException.class).hasMessageContaining("incomplete");
    }

    @Test
    void blindIndexIsTheSameOnEveryNodeAndTellsNothing() throws Exception {
        try (DataKeyStore a = node("a")) {
            Files.copy(temporary.resolve("a/regional.key"), directory("b").resolve("regional.key"));
            try (DataKeyStore b = node("b")) {
                assertThat(a.blindIndex("ada")).isEqualTo(b.blindIndex("ada")).matches("[0-9a-f]{64}");
                assertThat(a.blindIndex("ada")).isNotEqualTo(a.blindIndex("adb"));
            }
        }
    }

    private DataKeyStore node(String name) {
        Path directory = directory(name);
        return DataKeyStore.open(
                database.pool(), directory.resolve("regional.key"), directory.resolve("ledger"), CLOCK);
    }

    private Path directory(String name) {
        try {
            return Files.createDirectories(temporary.resolve(name));
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private String wrappedKeys() throws SQLException {
        return EmbeddedDatabaseTest.query(
                url, "SELECT count(*) FROM aerofusion_keys.subject_key WHERE wrapped IS NOT NULL");
    }

    private static DataKey key(Binding binding) {
        return ((Binding.Sealed) binding).key();
    }
}
