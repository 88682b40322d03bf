package io.aerofusion.platform.persistence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.sql.SQLException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReadModelsTest {
    @TempDir
    Path temporary;

    private String url;
    private Database database;
    private DataKeyStore keys;
    private DeviceIndex devices;
    private SpaceIndex spaces;
    private AuditLog audit;

    @BeforeEach
    void open() {
        url = TestDatabase.migrated();
        database = Database.open(url);
        keys = DataKeyStore.open(
                database.pool(), temporary.resolve("key"), temporary.resolve("ledger"), InstantSource.system());
        devices = new DeviceIndex(database.pool(), keys);
        spaces = new SpaceIndex(database.pool(), keys);
        audit = new AuditLog(database.pool(), keys);
    }

    @AfterEach
    void close() {
        keys.close();
        database.close();
    }

    @Test
    void devicesAreFoundByOwnerLabelStateAndLastSeen() {
        commit(transaction -> {
            devices.put(transaction, device("d1", "ada", Map.of("site", "north"), "active", 100));
            devices.put(transaction, device("d2", "ada", Map.of("site", "north", "kind", "gate"), "revoked", 0));
            devices.put(transaction, device("d3", "eve", Map.of("site", "south"), "active", 300));
        });
        assertThat(found("ada", Map.of(), "", 0, 0)).containsExactly("d1", "d2");
        assertThat(found("", Map.of("site", "north"), "", 0, 0)).containsExactly("d1", "d2");
        assertThat(found("", Map.of("site", "north", "kind", "gate"), "", 0, 0)).containsExactly("d2");
        assertThat(found("", Map.of(), "active", 0, 0)).containsExactly("d1", "d3");
        assertThat(found("", Map.of(), "", 100, 0)).containsExactly("d1", "d3");
        assertThat(found("", Map.of(), "", 0, 300)).containsExactly("d1", "d2");
        assertThat(found("eve", Map.of("site", "north"), "", 0, 0)).isEmpty();
        assertThat(devices.search(new DeviceIndex.Query("other", "", Map.of(), "", 0, 0, "", 10))
                        .items())
                .isEmpty();
    }

    @Test
    void deviceIsReadBackAsItWasWrittenAndChangesInPlace() {
        DeviceIndex.Row row = device("d1", "ada", Map.of("site", "north"), "active", 0);
        commit(transaction -> devices.put(transaction, row));
        commit(transaction -> {
            assertThat(devices.find(transaction, "default", "d1")).contains(row);
            devices.seen(transaction, "default", "d1", 500);
            devices.seen(transaction, "default", "d1", 400);
        });
        commit(transaction -> assertThat(devices.find(transaction, "default", "d1"))
                .contains(device("d1", "ada", Map.of("site", "north"), "active", 500)));
        commit(transaction -> devices.remove(transaction, "default", "d1"));
        assertThat(found("", Map.of(), "", 0, 0)).isEmpty();
    }

    @Test
    void pagesHoldEveryDeviceOnce() {
        commit(transaction -> {
            for (int i = 0; i < 7; i++) {
                devices.put(transaction, device("d" + i, "ada", Map.of(), "active", 0));
            }
        });
        List<String> all = new ArrayList<>();
        Optional<String> after = Optional.of("");
        while (after.isPresent()) {
            Slice<DeviceIndex.Row> page =
                    devices.search(new DeviceIndex.Query("default", "", Map.of(), "", 0, 0, after.get(), 3));
            assertThat(page.items()).hasSizeBetween(1, 3);
            page.items().forEach(row -> all.add(row.device()));
            after = page.next();
        }
        assertThat(all).containsExactly("d0", "d1", "d2", "d3", "d4", "d5", "d6");
        assertThatThrownBy(() -> new DeviceIndex.Query("default", "", Map.of(), "", 0, 0, "", 1001))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void erasedPersonsRowsAreNotShownAndAreRemoved() throws SQLException {
        commit(transaction -> {
            devices.put(transaction, device("d1", "ada", Map.of(), "active", 0));
            devices.put(transaction, device("d2", "eve", Map.of(), "active", 0));
            spaces.put(transaction, space("s1", "ada"), "manage");
            spaces.put(transaction, space("s2", "eve"), "manage");
            spaces.putMember(transaction, "default", "s2", "ada", "read");
            spaces.putMember(transaction, "default", "s1", "eve", "write");
        });
        keys.erase("default|ada");
        assertThat(found("", Map.of(), "", 0, 0)).containsExactly("d2");
        assertThat(spacesOf("eve")).containsExactly("s2 manage");
        commit(transaction -> {
            devices.removeOf(transaction, "default", "ada");
            spaces.removeOf(transaction, "default", "ada");
            // A late event of the erased person's device must not bring a row back.
            devices.put(transaction, device("d1", "ada", Map.of(), "active", 0));
            spaces.put(transaction, space("s1", "ada"), "manage");
        });
        assertThat(EmbeddedDatabaseTest.query(url, "SELECT count(*) FROM device"))
                .isEqualTo("1");
        assertThat(EmbeddedDatabaseTest.query(url, "SELECT count(*) FROM space"))
                .isEqualTo("1");
        assertThat(EmbeddedDatabaseTest.query(url, "SELECT count(*) FROM space_member"))
                .isEqualTo("1");
    }

    @Test
    void spacesOfAUserFollowTheMemberships() {
        commit(transaction -> {
            spaces.put(transaction, space("s1", "ada"), "manage");
            spaces.put(transaction, space("s2", "ada"), "manage");
            spaces.putMember(transaction, "default", "s1", "eve", "read");
            spaces.putMember(transaction, "default", "s1", "eve", "write");
            spaces.putMember(transaction, "default", "s2", "eve", "read");
            spaces.putMember(transaction, "default", "gone", "eve", "read");
        });
        assertThat(spacesOf("ada")).containsExactly("s1 manage", "s2 manage");
        assertThat(spacesOf("eve")).containsExactly("s1 write", "s2 read");
        assertThat(spaces.of("default", "eve", "", 1).next()).contains("s1");
        assertThat(spaces.of("default", "eve", "s1", 1).items())
                .containsExactly(new SpaceIndex.Membership(space("s2", "ada"), "read"));
        commit(transaction -> {
            spaces.removeMember(transaction, "default", "s1", "eve");
            spaces.remove(transaction, "default", "s2");
        });
        assertThat(spacesOf("eve")).isEmpty();
        assertThat(spacesOf("ada")).containsExactly("s1 manage");
    }

    @Test
    void auditLogTellsWhoDidWhatAndCountsEveryEventOnce() {
        commit(transaction -> audit.append(
                transaction,
                List.of(entry(1, "device.registered", "user:ada"), entry(2, "device.revoked", "user:eve"))));
        commit(transaction -> audit.append(
                transaction,
                List.of(entry(2, "device.revoked", "user:eve"), entry(3, "device.registered", "user:ada"))));
        assertThat(logged("", "")).containsExactly("3 device.registered", "2 device.revoked", "1 device.registered");
        assertThat(logged("user:eve", "")).containsExactly("2 device.revoked");
        assertThat(logged("", "2")).containsExactly("1 device.registered");
        AuditLog.Recorded first = audit.search(
                        new AuditLog.Query("default", "Device|default|d1", "", "", 0, Long.MAX_VALUE, "2", 1))
                .items()
                .getFirst();
        assertThat(first.actor()).contains("user:ada");
        assertThat(first.details()).containsEntry("name", "front door");
        assertThat(audit.search(AuditLog.Query.all("default", "", 2)).next()).contains("2");
        assertThat(audit.verify()).isEmpty();
    }

    @Test
    void erasedPersonLeavesTheFactButNoName() {
        commit(transaction -> audit.append(transaction, List.of(entry(1, "device.registered", "user:ada"))));
        keys.erase("default|ada");
        commit(transaction -> audit.append(transaction, List.of(entry(2, "user.erased", "user:ada"))));
        assertThat(audit.search(AuditLog.Query.all("default", "", 10)).items())
                .hasSize(2)
                .allSatisfy(recorded -> {
                    assertThat(recorded.actor()).isEmpty();
                    assertThat(recorded.details()).isEmpty();
                });
        assertThat(audit.verify()).isEmpty();
    }

    @Test
    void auditLogRefusesToBeChangedAndNoticesIt() throws SQLException {
        commit(transaction -> audit.append(
                transaction,
                List.of(
                        entry(1, "device.registered", "user:ada"),
                        entry(2, "device.revoked", "user:ada"),
                        entry(3, "device.registered", "user:ada"))));
        for (String change :
                List.of("UPDATE audit_log SET action = 'nothing'", "DELETE FROM audit_log", "TRUNCATE audit_log")) {
            assertThatThrownBy(() -> EmbeddedDatabaseTest.execute(url, change)).hasMessageContaining("append-only");
        }
        EmbeddedDatabaseTest.execute(
                url,
                "ALTER TABLE audit_log DISABLE TRIGGER USER",
                "UPDATE audit_log SET action = 'nothing' WHERE number = 2");
        assertThat(audit.verify()).contains(2L);
        EmbeddedDatabaseTest.execute(url, "DELETE FROM audit_log WHERE number = 2");
        assertThat(audit.verify()).contains(3L);
    }

    @Test
    void rolledBackWorkLeavesNothing() throws SQLException {
        try (ReadModelTransaction transaction = ReadModelTransaction.begin(database.pool())) {
            devices.put(transaction, device("d1", "ada", Map.of(), "active", 0));
            transaction.rollback();
        }
        assertThat(found("", Map.of(), "", 0, 0)).isEmpty();
    }

    @Test
    void tablesHoldNothingThatAPersonWroteOrThatNamesAPerson() throws SQLException {
        commit(transaction -> {
            devices.put(transaction, device("d1", "ada", Map.of("site", "north"), "active", 0));
            spaces.put(transaction, space("s1", "ada"), "manage");
            audit.append(transaction, List.of(entry(1, "device.registered", "user:ada")));
        });
        for (String table : List.of("device", "space", "space_member", "audit_log")) {
            assertThat(EmbeddedDatabaseTest.query(
                            url,
                            "SELECT string_agg(encode(convert_to(t::text, 'UTF8'), 'escape'), '') FROM " + table
                                    + " t"))
                    .isNotEmpty()
                    .doesNotContain("|ada")
                    .doesNotContain("user:")
                    .doesNotContain("north")
                    .doesNotContain("site")
                    .doesNotContain("front door")
                    .doesNotContain(java.util.HexFormat.of()
                            .formatHex("front door".getBytes(java.nio.charset.StandardCharsets.UTF_8)));
        }
    }

    private void commit(Consumer<ReadModelTransaction> work) {
        try (ReadModelTransaction transaction = ReadModelTransaction.begin(database.pool())) {
            work.accept(transaction);
            transaction.commit();
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    private List<String> found(String owner, Map<String, String> labels, String state, long since, long before) {
        return devices
                .search(new DeviceIndex.Query("default", owner, labels, state, since, before, "", 100))
                .items()
                .stream()
                .map(DeviceIndex.Row::device)
                .toList();
    }

    private List<String> spacesOf(String user) {
        return spaces.of("default", user, "", 100).items().stream()
                .map(membership -> membership.space().space() + " " + membership.right())
                .toList();
    }

    private List<String> logged(String actor, String before) {
        return audit
                .search(new AuditLog.Query("default", "", actor, "", 0, Long.MAX_VALUE, before, 100))
                .items()
                .stream()
                .map(recorded -> recorded.number() + " " + recorded.action())
                .toList();
    }

    private static DeviceIndex.Row device(
            String device, String owner, Map<String, String> labels, String state, long seenAt) {
        return new DeviceIndex.Row("default", device, owner, "front door", new TreeMap<>(labels), state, 7, seenAt);
    }

    private static SpaceIndex.Row space(String space, String owner) {
        return new SpaceIndex.Row("default", space, owner, "front door", 7);
    }

    private static AuditLog.Entry entry(long number, String action, String actor) {
        return new AuditLog.Entry(
                "default",
                number * 1000,
                "Device|default|d1",
                number,
                action,
                actor,
                "default|ada",
                new TreeMap<>(Map.of("name", "front door")));
    }
}
