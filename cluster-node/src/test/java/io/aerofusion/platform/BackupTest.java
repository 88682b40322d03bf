package io.aerofusion.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.aerofusion.client.Admin;
import io.aerofusion.client.Backoff;
import io.aerofusion.client.ClientOptions;
import io.aerofusion.client.MemoryStore;
import io.aerofusion.client.SyncClient;
import io.aerofusion.client.SyncedSpace;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Backup and restore as the guide describes them, by the commands, with devices that go on afterwards. */
@Timeout(900) // several nodes with databases of their own, and programs: minutes on a busy machine
final class BackupTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path directory;

    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();

    @Test
    void after_a_restore_devices_send_what_is_missing_and_erased_people_stay_erased() throws Exception {
        Path data = directory.resolve("data");
        Path restored = directory.resolve("restored");
        Path journal = directory.resolve("backups/monday.backup");
        Path keys = directory.resolve("keys");
        Node first = Node.start(NodeOptions.in(data));
        Caller admin = Caller.admin(first);
        Admin setup = new Admin(first.uri(), first.adminToken());
        setup.createSpace("hangar");
        setup.createUser("erika");
        admin.post("/api/v1/devices", "{'device':'erikas-phone','owner':'erika'}");
        try (SyncClient phone = SyncClient.connect(
                new ClientOptions(first.uri(), "phone", setup.registerDevice("phone"), new MemoryStore())
                        .withBackoff(new Backoff(Duration.ofMillis(50), Duration.ofMillis(500))))) {
            SyncedSpace held = phone.space("hangar");
            held.put("aircraft", "before", aircraft(1));
            held.flush().get(60, TimeUnit.SECONDS);
            await().atMost(LIMIT)
                    .untilAsserted(
                            () -> assertThat(admin.get("/api/v1/users").body().toString())
                                    .contains("erika"));

            assertThat(run("backup", "--data", data, "--to", journal, "--keys-to", keys))
                    .isZero();
            assertThat(Files.readString(keys.resolve("erasures.ledger"))).isEmpty();

            held.put("aircraft", "after", aircraft(2));
            held.flush().get(60, TimeUnit.SECONDS);
            assertThat(admin.delete("/api/v1/users/erika").status()).isEqualTo(200);
            int port = first.uri().getPort();
            phone.goOffline();
            first.stop();
            held.put("aircraft", "offline", aircraft(3));

            // Everything is lost but the key, the ledger and the backups; the keys' backup still holds Erika's.
            assertThat(run("restore", "--data", restored, "--from", journal, "--keys", keys))
                    .isEqualTo(1);
            assertThat(printed.toString(StandardCharsets.UTF_8)).contains("regional key file");
            Files.createDirectories(restored.resolve("secrets"));
            Files.copy(data.resolve("secrets/regional.key"), restored.resolve("secrets/regional.key"));
            Files.copy(data.resolve("erasures.ledger"), restored.resolve("erasures.ledger"));
            assertThat(run("restore", "--data", restored, "--from", journal, "--keys", keys))
                    .as(printed.toString(StandardCharsets.UTF_8))
                    .isZero();
            assertThat(printed.toString(StandardCharsets.UTF_8)).contains("1 keys destroyed again, 1 users");
            assertThat(run("restore", "--data", restored, "--from", journal, "--keys", keys))
                    .isEqualTo(1);
            assertThat(printed.toString(StandardCharsets.UTF_8)).contains("is not empty");

            Node second = Node.start(NodeOptions.in(restored)
                    .withPort(port)
                    .with("aerofusion.gateway.port", 0)
                    .with("aerofusion.user.erasures-resumed-every", "500ms"));
            try {
                Caller after = Caller.admin(second);
                for (int i = 1; i <= 5; i++) { // numbers that the phone's cursor has seen are given out again
                    assertThat(after.post(
                                            "/sync/v1/spaces/hangar/push",
                                            "{'device':'tablet','firstSeq':" + i
                                                    + ",'ops':[{'collection':'aircraft','id':'t" + i
                                                    + "','set':{'fuel':" + i + "}}]}")
                                    .status())
                            .isEqualTo(200);
                }
                phone.goOnline();
                held.flush().get(60, TimeUnit.SECONDS);
                await().atMost(LIMIT)
                        .untilAsserted(() -> assertThat(
                                        after.get("/sync/v1/spaces/hangar/hash").text("hash"))
                                .isEqualTo(held.hash()));
                assertThat(held.query("aircraft", any -> true))
                        .containsOnlyKeys("before", "after", "offline", "t1", "t2", "t3", "t4", "t5");

                assertThat(after.get("/api/v1/users/erika").status()).isEqualTo(410);
                assertThat(after.get("/api/v1/devices/erikas-phone").status()).isIn(404, 410);
                await().atMost(LIMIT).untilAsserted(() -> {
                    assertThat(query(second, "SELECT count(*) FROM user_account WHERE user_id = 'erika'"))
                            .isEqualTo("0");
                    assertThat(query(second, "SELECT count(*) FROM device WHERE device = 'erikas-phone'"))
                            .isEqualTo("0");
                });
                assertThat(after.get("/api/v1/audit").body().toString()).contains("user.erased");
                assertThat(after.post("/api/v1/users", "{'user':'erika'}").status())
                        .isEqualTo(410);
            } finally {
                second.stop();
            }
        }
    }

    @Test
    void the_regional_key_is_rotated_as_the_guide_says() throws Exception {
        Path data = directory.resolve("data");
        Node first = Node.start(NodeOptions.in(data));
        Node other = Node.start(NodeOptions.in(directory.resolve("other")).beside(first));
        Admin setup = new Admin(first.uri(), first.adminToken());
        setup.createUser("before");
        Path file = data.resolve("secrets/regional.key");
        byte[] fresh = new byte[32];
        new java.security.SecureRandom().nextBytes(fresh);
        Files.writeString(
                file, Files.readString(file) + "key.2 = " + Base64.getEncoder().encodeToString(fresh) + "\n");
        // One by one: the restarted node wraps with the new key while the other one still runs with the old.
        other.stop();
        other = Node.start(NodeOptions.in(directory.resolve("other")).beside(first));
        try {
            new Admin(other.uri(), other.adminToken()).createUser("between");
            for (Node node : new Node[] {first, other}) {
                Caller caller = Caller.admin(node);
                for (int i = 0; i < 12; i++) {
                    caller.post("/api/v1/users", "{'user':'u" + i + "'}");
                    assertThat(caller.get("/api/v1/users/u" + i).status()).isEqualTo(200);
                }
            }
        } finally {
            other.stop();
            first.stop();
        }
        Node second = Node.start(NodeOptions.in(data));
        try {
            Caller admin = Caller.admin(second);
            admin.post("/api/v1/users", "{'user':'after'}");
            for (String user : new String[] {"before", "between", "after"}) {
                assertThat(admin.get("/api/v1/users/" + user).status()).as(user).isEqualTo(200);
            }
            assertThat(
                            query(
                                    second,
                                    "SELECT string_agg(DISTINCT get_byte(wrapped, 0)::text, ',') FROM aerofusion_keys.subject_key"))
                    .isEqualTo("1,2");
        } finally {
            second.stop();
        }
    }

    @Test
    void a_backup_of_a_stopped_node_starts_its_database_for_it() throws Exception {
        Path data = directory.resolve("data");
        Node.start(NodeOptions.in(data)).stop();
        Path journal = directory.resolve("journal");
        assertThat(run("backup", "--data", data, "--to", journal, "--keys-to", directory.resolve("keys")))
                .isZero();
        assertThat(Files.size(journal)).isPositive();
        assertThat(run("backup", "--data", directory.resolve("nowhere"), "--to", journal, "--keys-to", directory))
                .isEqualTo(1);
        assertThat(run("backup", "--data", data)).isEqualTo(2);
        assertThat(run("restore", "--to", journal)).isEqualTo(2);
    }

    @Test
    void the_scripts_back_up_and_restore(@TempDir Path places) throws Exception {
        Path data = directory.resolve("data");
        Node first = Node.start(NodeOptions.in(data));
        Caller.admin(first).post("/api/v1/users", "{'user':'ada'}");
        script("backup", places.resolve("journals"), places.resolve("keys"), "--data", data); // beside the node
        Caller.admin(first).post("/api/v1/users", "{'user':'later'}");
        first.stop();
        script("restore", places.resolve("journals"), places.resolve("keys"), data);
        Node second = Node.start(NodeOptions.in(data));
        try {
            assertThat(Caller.admin(second).get("/api/v1/users/ada").status()).isEqualTo(200);
            assertThat(Caller.admin(second).get("/api/v1/users/later").status()).isEqualTo(404);
            try (Stream<Path> files = Files.list(data)) {
                assertThat(files).anyMatch(file -> file.getFileName().toString().startsWith("postgres.before-"));
            }
        } finally {
            second.stop();
        }
    }

    private static void script(String name, Object... arguments) throws Exception {
        List<String> line = new ArrayList<>();
        line.add(Path.of("..", "deploy", name).toString());
        for (Object argument : arguments) {
            line.add(argument.toString());
        }
        ProcessBuilder builder = new ProcessBuilder(line).inheritIO();
        builder.environment()
                .put(
                        "AEROFUSION",
                        Path.of(System.getProperty("java.home"), "bin", "java") + " -cp "
                                + System.getProperty("java.class.path") + " io.aerofusion.platform.Main");
        Process process = builder.start();
        assertThat(process.waitFor(600, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isZero();
    }

    private int run(Object... arguments) {
        String[] words = new String[arguments.length];
        for (int i = 0; i < words.length; i++) {
            words[i] = arguments[i].toString();
        }
        printed.reset();
        PrintStream out = new PrintStream(printed, true, StandardCharsets.UTF_8);
        return BackupCommands.run(out, out, words);
    }

    private static ObjectNode aircraft(int fuel) {
        return JSON.createObjectNode().put("fuel", (long) fuel);
    }

    private static String query(Node node, String sql) throws Exception {
        try (Connection connection = DriverManager.getConnection(node.databaseUrl());
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            rows.next();
            return rows.getString(1);
        }
    }
}
