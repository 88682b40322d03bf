package io.aerofusion.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import akka.actor.ExtendedActorSystem;
import akka.actor.typed.ActorRef;
import akka.actor.typed.javadsl.AskPattern;
import akka.cluster.MemberStatus;
import akka.cluster.sharding.ShardRegion.CurrentShardRegionState;
import akka.cluster.sharding.typed.GetShardRegionState;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import akka.cluster.typed.Cluster;
import akka.remote.RemoteActorRefProvider;
import akka.remote.testkit.Blackhole$;
import akka.remote.testkit.Direction;
import akka.remote.testkit.SetThrottle;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.aerofusion.client.Admin;
import io.aerofusion.client.ClientOptions;
import io.aerofusion.client.MemoryStore;
import io.aerofusion.client.SyncClient;
import io.aerofusion.client.SyncedSpace;
import io.aerofusion.platform.persistence.TestDatabase;
import io.aerofusion.user.User;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import scala.jdk.javaapi.FutureConverters;

/**
 * Three nodes in one JVM on one database: they share the entities, and take over those of a node that leaves, dies or is cut off. Each test
 * loses the last of them, and the next one begins with a node that joins in its place.
 */
final class ClusterTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final int USERS = 40;

    private static final List<Node> NODES = new ArrayList<>();

    @TempDir
    private static Path directory;

    private static int started;

    @BeforeAll
    static void start() throws Exception {
        NODES.add(Node.start(options().withDatabase(TestDatabase.migrated())));
        NODES.add(Node.start(options().joining(NODES.getFirst())));
        third();
        for (int i = 0; i < USERS; i++) {
            assertThat(client(i)
                            .post("/api/v1/users", "{\"user\":\"user-" + i + "\"}")
                            .statusCode())
                    .isEqualTo(201);
        }
    }

    private static void third() {
        NODES.add(Node.start(options().beside(NODES.getFirst()))); // which finds the others by itself
        await().atMost(LIMIT)
                .untilAsserted(
                        () -> NODES.forEach(node -> assertThat(members(node)).isEqualTo(3)));
    }

    @BeforeEach
    void three() {
        if (NODES.size() < 3) {
            third();
        }
        // and each has its share, the one that came later, too
        await().atMost(LIMIT).untilAsserted(() -> {
            for (int i = 0; i < USERS; i++) {
                assertThat(client(i + 1).get("/api/v1/users/user-" + i).statusCode())
                        .isEqualTo(200);
            }
            for (Node node : NODES) {
                assertThat(entities(node)).isPositive();
                assertThat(node.ready()).isTrue();
            }
        });
    }

    @AfterAll
    static void stop() {
        NODES.reversed().forEach(Node::stop);
    }

    @Test
    void they_share_the_entities_and_of_a_split_the_majority_goes_on() throws Exception {
        Node cutOff = NODES.removeLast();
        NODES.forEach(other -> cut(cutOff, other));
        cutOff.ended().toCompletableFuture().get(LIMIT.toSeconds(), TimeUnit.SECONDS); // it downs itself
        await().atMost(LIMIT).untilAsserted(() -> {
            NODES.forEach(node -> assertThat(members(node)).isEqualTo(2));
            for (int i = 0; i < USERS; i++) {
                assertThat(client(i).get("/api/v1/users/user-" + i).statusCode())
                        .isEqualTo(200);
            }
        });
    }

    /** From now on nothing gets from one to the other, either way. */
    private static void cut(Node node, Node other) {
        var provider =
                (RemoteActorRefProvider) ((ExtendedActorSystem) node.system().classicSystem()).provider();
        var nothing = new SetThrottle(
                Cluster.get(other.system()).selfMember().address(), Direction.Both$.MODULE$, Blackhole$.MODULE$);
        assertThat(FutureConverters.asJava(provider.transport().managementCommand(nothing)))
                .succeedsWithin(LIMIT);
    }

    @Test
    void a_node_that_leaves_hands_over_and_no_read_fails() throws Exception {
        AtomicBoolean leaving = new AtomicBoolean(true);
        List<Integer> failures = new ArrayList<>();
        Thread reader = Thread.ofVirtual().start(() -> {
            try {
                for (int i = 0; leaving.get() || i % USERS != 0; i++) {
                    int status = read(i);
                    if (status != 200) {
                        failures.add(status);
                    }
                }
            } catch (Exception e) {
                failures.add(0);
            }
        });
        Node third = NODES.removeLast();
        third.stop();
        await().atMost(LIMIT)
                .untilAsserted(
                        () -> NODES.forEach(node -> assertThat(members(node)).isEqualTo(2)));
        leaving.set(false);
        assertThat(reader.join(LIMIT)).isTrue();
        assertThat(failures).isEmpty();
    }

    @Test
    void what_lived_on_a_node_that_died_is_served_by_the_others() throws Exception {
        Admin admin = new Admin(NODES.getFirst().uri(), NODES.getFirst().adminToken());
        admin.createSpace("fleet");
        admin.setSchema(
                "fleet",
                "runways",
                new ObjectMapper().readTree("{\"properties\":{\"visits\":{\"x-sync\":\"counter\"}}}"));
        String credential = admin.registerDevice("tablet");
        try (Line line = new Line(NODES.getLast().uri());
                SyncClient tablet =
                        SyncClient.connect(new ClientOptions(line.uri(), "tablet", credential, new MemoryStore()))) {
            SyncedSpace held = tablet.space("fleet");
            held.increment("runways", "1", "visits", 1);
            held.flush().get(LIMIT.toSeconds(), TimeUnit.SECONDS);
            line.leadTo(NODES.getFirst().uri());
            crashAndServe();
            for (int i = 0; i < 5; i++) {
                held.increment("runways", "1", "visits", 1);
            }
            held.flush().get(LIMIT.toSeconds(), TimeUnit.SECONDS);
            await().atMost(LIMIT)
                    .untilAsserted(() -> assertThat(held.hash())
                            .isEqualTo(admin.hash("fleet").path("hash").asText()));
            assertThat(admin.document("fleet", "runways", "1").path("visits").asInt())
                    .isEqualTo(6);
        }
    }

    private void crashAndServe() throws Exception {
        NODES.removeLast().crash();
        await().atMost(LIMIT).untilAsserted(() -> {
            for (int i = 0; i < USERS; i++) {
                HttpResponse<String> response = client(i).get("/api/v1/users/user-" + i);
                assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
            }
        });
        await().atMost(LIMIT)
                .untilAsserted(
                        () -> NODES.forEach(node -> assertThat(members(node)).isEqualTo(2)));
        // and the read models move on, whichever node fed them: enough users for every slice of the projection
        for (int i = 0; i < USERS; i++) {
            assertThat(client(i)
                            .post("/api/v1/users", "{\"user\":\"later-" + i + "\"}")
                            .statusCode())
                    .isEqualTo(201);
        }
        await().atMost(LIMIT)
                .untilAsserted(() -> assertThat(ApiClient.json(client(0).get("/api/v1/users?limit=200"))
                                .path("items")
                                .findValuesAsText("user"))
                        .filteredOn(user -> user.startsWith("later-"))
                        .hasSize(USERS));
    }

    /** Where devices connect, as at a load balancer: it leads each connection to the node that it knows at that moment. */
    private static final class Line implements AutoCloseable {
        private final ServerSocket door;
        private volatile URI node;

        Line(URI node) throws IOException {
            this.node = node;
            door = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
            Thread.ofVirtual().start(this::accept);
        }

        URI uri() {
            return URI.create("http://127.0.0.1:" + door.getLocalPort());
        }

        void leadTo(URI other) {
            node = other;
        }

        private void accept() {
            try {
                while (true) {
                    Socket client = door.accept();
                    Socket server = new Socket(node.getHost(), node.getPort());
                    Thread.ofVirtual().start(() -> pass(client, server));
                    Thread.ofVirtual().start(() -> pass(server, client));
                }
            } catch (IOException closed) {
                // the test is over
            }
        }

        private static void pass(Socket from, Socket to) {
            try (from;
                    to) {
                from.getInputStream().transferTo(to.getOutputStream());
            } catch (IOException cut) {
                // both ends are closed now
            }
        }

        @Override
        public void close() throws IOException {
            door.close();
        }
    }

    private int read(int i) throws Exception {
        return new ApiClient(NODES.get(i % 2))
                .get("/api/v1/users/user-" + i % USERS)
                .statusCode();
    }

    private static NodeOptions options() {
        // Termination is a crash here, not the beginning of a graceful stop.
        return NodeOptions.in(directory.resolve("node-" + ++started))
                .with("akka.cluster.sharding.rebalance-interval", "1s")
                .with("akka.cluster.split-brain-resolver.stable-after", "3s")
                .with("akka.coordinated-shutdown.run-by-actor-system-terminate", false)
                .with("akka.remote.artery.advanced.test-mode", true)
                .with("aerofusion.journal.connections", 4);
    }

    private static ApiClient client(int i) {
        return new ApiClient(NODES.get(i % NODES.size()));
    }

    private static int members(Node node) {
        int up = 0;
        for (var member : Cluster.get(node.system()).state().getMembers()) {
            up += member.status().equals(MemberStatus.up()) ? 1 : 0;
        }
        return up;
    }

    private static int entities(Node node) throws Exception {
        CurrentShardRegionState state = AskPattern.ask(
                        ClusterSharding.get(node.system()).shardState(),
                        (ActorRef<CurrentShardRegionState> replyTo) -> new GetShardRegionState(User.KEY, replyTo),
                        LIMIT,
                        node.system().scheduler())
                .toCompletableFuture()
                .get(LIMIT.toSeconds(), TimeUnit.SECONDS);
        return state.getShards().stream()
                .mapToInt(shard -> shard.getEntityIds().size())
                .sum();
    }
}
