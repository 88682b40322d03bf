package io.aerofusion.client;

import static io.aerofusion.client.TestDevice.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.aerofusion.client.ClientStatus.State;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.space.wire.Frame;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(180)
class SyncClientTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final Backoff QUICK = new Backoff(Duration.ofMillis(10), Duration.ofMillis(50));

    @TempDir
    Path directory;

    private final SocketServer server = new SocketServer(new ModelServer(new FakeClock()));
    private final ClientRuntime runtime = new ClientRuntime(Clock.systemUTC(), () -> null);
    private final List<SyncClient> clients = new ArrayList<>();

    @AfterEach
    void close() {
        clients.forEach(SyncClient::close);
        runtime.close();
        server.close();
    }

    private SyncClient client(String device, Store store) {
        SyncClient client = SyncClient.offline(new ClientOptions(server.uri(), device, "secret-" + device, store)
                .withBackoff(QUICK)
                .withRuntime(runtime));
        clients.add(client);
        return client;
    }

    private SyncClient client(String device) {
        return client(device, new MemoryStore());
    }

    @Test
    void twoDevicesMeetInOneDocument() throws Exception {
        SyncClient alice = client("alice");
        SyncClient bob = client("bob");
        SyncedSpace hers = alice.space("fleet");
        SyncedSpace his = bob.space("fleet");
        hers.put("runways", "1", object("{\"length\":100,\"lights\":{\"edge\":true,\"taxi\":false}}"));
        his.merge("runways", "2", object("{\"length\":200}"));
        alice.goOnline();
        bob.goOnline();
        hers.flush().get(60, TimeUnit.SECONDS);
        his.flush().get(60, TimeUnit.SECONDS);
        await().atMost(LIMIT)
                .until(() -> hers.get("runways", "2").isPresent()
                        && his.get("runways", "1").isPresent());
        assertThat(hers.hash()).isEqualTo(his.hash());
        assertThat(server.authorizations).contains("Bearer secret-alice", "Bearer secret-bob");
        assertThat(alice.status().state()).isEqualTo(State.ONLINE);
        assertThat(alice.status().pending()).isZero();
        assertThat(his.query("runways", document -> document.path("length").asInt() > 150))
                .containsOnlyKeys("2");
    }

    @Test
    void puttingADocumentSendsOnlyWhatIsDifferent() {
        SyncedSpace space = client("alice").space("fleet");
        space.put("runways", "1", object("{\"a\":1,\"b\":{\"c\":2,\"d\":3},\"e\":{}}"));
        assertThat(space.pending()).isEqualTo(1);
        space.put("runways", "1", object("{\"a\":1.0,\"b\":{\"c\":2,\"d\":3},\"e\":{}}"));
        assertThat(space.pending()).isEqualTo(1);
        space.put("runways", "1", object("{\"b\":{\"c\":5},\"e\":{\"f\":1}}"));
        assertThat(space.pending()).isEqualTo(2);
        assertThat(space.get("runways", "1")).contains(object("{\"b\":{\"c\":5},\"e\":{\"f\":1}}"));
    }

    @Test
    void aCutLineIsTakenUpAgainAndNothingIsLostOrDoubled() throws Exception {
        SyncClient alice = client("alice");
        SyncedSpace space = alice.space("fleet");
        alice.goOnline();
        for (int round = 0; round < 5; round++) {
            for (int i = 0; i < 20; i++) {
                space.increment("runways", "1", "visits", 1);
            }
            server.cut();
        }
        space.flush().get(60, TimeUnit.SECONDS);
        synchronized (server) {
            assertThat(server.model.effects).hasSize(100).doesNotHaveDuplicates();
        }
        assertThat(space.get("runways", "1").orElseThrow().get("visits").asInt())
                .isEqualTo(100);
    }

    @Test
    void whatWasWrittenBeforeARestartIsSentAfterIt() throws Exception {
        Path file = directory.resolve("alice.db");
        try (SyncClient first = SyncClient.offline(
                new ClientOptions(server.uri(), "alice", "secret", new SqliteStore(file)).withRuntime(runtime))) {
            first.space("fleet").merge("runways", "1", object("{\"length\":7}"));
        }
        SyncClient second = client("alice", new SqliteStore(file));
        assertThat(second.space("fleet").pending()).isEqualTo(1);
        second.goOnline();
        second.flush().get(60, TimeUnit.SECONDS);
        assertThat(server.model.effects).hasSize(1);
    }

    @Test
    void whatCouldNotBeStoredComesAgain() throws Exception {
        FullStore disk = new FullStore();
        SyncedSpace hers = client("alice", disk).space("fleet");
        SyncedSpace his = client("bob").space("fleet");
        clients.forEach(SyncClient::goOnline);
        await().atMost(LIMIT).until(() -> hers.isComplete() && his.isComplete());
        disk.full = true;
        his.set("runways", "1", "length", json("3"));
        his.flush().get(60, TimeUnit.SECONDS);
        await().atMost(LIMIT).until(() -> disk.refused.get() > 0);
        assertThatThrownBy(() -> hers.set("runways", "2", "length", json("4")))
                .isInstanceOf(UncheckedIOException.class);
        disk.full = false;
        await().atMost(LIMIT).until(() -> hers.get("runways", "1").isPresent());
        hers.set("runways", "3", "length", json("5"));
        hers.flush().get(60, TimeUnit.SECONDS);
        await().atMost(LIMIT).until(() -> his.get("runways", "3").isPresent());
        assertThat(hers.get("runways", "2")).isEmpty();
        assertThat(hers.hash()).isEqualTo(his.hash());
    }

    @Test
    void aRefusedCredentialStopsTheAttempts() throws Exception {
        server.refuse(401);
        SyncClient alice = client("alice");
        CompletableFuture<ReplicaEvent.Ended> ended = new CompletableFuture<>();
        Subscription subscription = alice.observe(event -> {
            if (event instanceof ReplicaEvent.Ended end) {
                ended.complete(end);
            }
        });
        alice.goOnline();
        assertThat(ended.get(60, TimeUnit.SECONDS).reason()).isEqualTo(ErrorCode.UNAUTHENTICATED);
        subscription.close();
        assertThat(alice.status().state()).isEqualTo(State.REFUSED);
        assertThat(alice.status().lastEnd()).isEqualTo(ErrorCode.UNAUTHENTICATED);
        server.refuse(0);
        alice.goOnline();
        await().atMost(LIMIT).until(() -> alice.status().state() == State.ONLINE);
    }

    @Test
    void aServerInTroubleIsTriedAgain() {
        server.refuse(503);
        SyncClient alice = client("alice");
        alice.goOnline();
        await().atMost(LIMIT).until(() -> server.authorizations.size() >= 3);
        server.refuse(0);
        await().atMost(LIMIT).until(() -> alice.status().state() == State.ONLINE);
    }

    @Test
    void aServerThatGoesMuteIsGivenUpAndFoundAgain() throws Exception {
        server.model.heartbeatMillis = 300;
        SyncClient alice = client("alice");
        SyncedSpace space = alice.space("fleet");
        alice.goOnline();
        await().atMost(LIMIT).until(() -> alice.status().state() == State.ONLINE);
        server.mute(true);
        await().atMost(LIMIT)
                .until(() -> alice.status().state() != State.ONLINE); // the connection is open, and says nothing
        space.set("runways", "1", "length", json("3"));
        server.mute(false);
        server.cut(); // a connection that was made meanwhile waits long for its welcome
        space.flush().get(60, TimeUnit.SECONDS);
        assertThat(server.authorizations).hasSizeGreaterThan(1);
    }

    @Test
    void aServerThatGoesMuteIsGivenUpAlsoWhenTheClockIsSetBack() {
        server.model.heartbeatMillis = 300;
        AtomicLong ahead = new AtomicLong();
        InstantSource set = () -> Clock.systemUTC().instant().plusMillis(ahead.get());
        try (ClientRuntime ofThisDevice = new ClientRuntime(set, () -> null);
                SyncClient alice =
                        SyncClient.offline(new ClientOptions(server.uri(), "alice", "secret", new MemoryStore())
                                .withRuntime(ofThisDevice))) {
            alice.goOnline();
            await().atMost(LIMIT).until(() -> alice.status().state() == State.ONLINE);
            server.mute(true);
            ahead.set(-Duration.ofHours(1).toMillis());
            await().atMost(LIMIT).until(() -> alice.status().state() != State.ONLINE);
        }
    }

    @Test
    void aByeForGoodIsObeyedAndOneForNowIsNot() {
        SyncClient alice = client("alice");
        alice.goOnline();
        await().atMost(LIMIT).until(() -> alice.status().state() == State.ONLINE);
        server.say(new Frame.Bye(ErrorCode.UNAVAILABLE, "the node leaves", 0));
        await().atMost(LIMIT)
                .until(() -> server.authorizations.size() >= 2 && alice.status().state() == State.ONLINE);
        server.say(new Frame.Bye(ErrorCode.DEVICE_REVOKED, "revoked", -1));
        await().atMost(LIMIT).until(() -> alice.status().state() == State.REFUSED);
        assertThat(alice.status().lastEnd()).isEqualTo(ErrorCode.DEVICE_REVOKED);
    }

    @Test
    void goingOfflineLeavesInOrderAndWritesGoOn() throws Exception {
        SyncClient alice = client("alice");
        SyncedSpace space = alice.space("fleet");
        alice.goOnline();
        await().atMost(LIMIT).until(space::isComplete);
        alice.goOffline();
        await().atMost(LIMIT).until(() -> server.connections() == 0);
        assertThat(alice.status().state()).isEqualTo(State.OFFLINE);
        space.set("runways", "1", "length", json("3"));
        assertThat(space.get("runways", "1")).contains(object("{\"length\":3}"));
        alice.goOnline();
        space.flush().get(60, TimeUnit.SECONDS);
        assertThat(space.pending()).isZero();
    }

    @Test
    void observersHearInOrderMayCallBackAndMayFail() throws Exception {
        SyncClient alice = client("alice");
        SyncedSpace space = alice.space("fleet");
        List<Integer> heard = new CopyOnWriteArrayList<>();
        CountDownLatch all = new CountDownLatch(50);
        space.observe(event -> {
            throw new IllegalStateException("an observer with a bug");
        });
        space.observe(event -> {
            throw new AssertionError("an observer of a test");
        });
        Subscription counting = space.observe(event -> {
            heard.add(space.get("runways", "1").orElseThrow().path("n").asInt());
            all.countDown();
        });
        for (int i = 0; i < 50; i++) {
            space.set("runways", "1", "n", json(Integer.toString(i)));
        }
        assertThat(all.await(60, TimeUnit.SECONDS)).isTrue();
        assertThat(heard).isSorted();
        counting.close();
        space.set("runways", "1", "n", json("50"));
        alice.close();
        assertThat(heard).hasSize(50);
    }

    @Test
    void aSlowObserverIsToldThatItMissedSomething() throws Exception {
        EventQueue queue = new EventQueue(runtime);
        List<ReplicaEvent> heard = new CopyOnWriteArrayList<>();
        CountDownLatch go = new CountDownLatch(1);
        queue.add(event -> {
            try {
                go.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            heard.add(event);
        });
        int events = EventQueue.WAITING_MAX + 10;
        for (int i = 0; i < events; i++) {
            queue.offer(new ReplicaEvent.Acknowledged("fleet", i));
        }
        go.countDown();
        await().atMost(LIMIT)
                .until(() -> !heard.isEmpty()
                        && heard.getLast().equals(new ReplicaEvent.Acknowledged("fleet", events - 1L)));
        assertThat(heard).contains(new ReplicaEvent.Overrun("fleet")).hasSizeLessThan(100);
    }

    @Test
    void theExampleOfTheReadmeRuns() throws Exception {
        String file = directory.resolve("example.db").toString();
        io.aerofusion.client.examples.Inspection.main(
                new String[] {server.uri().toString(), "tablet-7", "secret", file});
        synchronized (server) {
            assertThat(server.model.effects).hasSize(2);
            assertThat(server.model
                            .documents()
                            .get(new DocumentKey("runways", "42"))
                            .value())
                    .isEqualTo(object("{\"surface\":\"wet\",\"lights\":{\"edge\":true}}"));
        }
    }

    @Test
    void aFlushWaitsForWhatGotNewNumbers() throws Exception {
        SyncClient alice = client("alice");
        SyncedSpace space = alice.space("fleet");
        space.increment("runways", "1", "visits", 1);
        space.increment("runways", "1", "visits", 1);
        server.model.seenUpTo = Instant.now().toEpochMilli(); // above all that a new store begins with
        CompletableFuture<Integer> left = space.flush().thenApply(done -> space.pending());
        alice.goOnline();
        assertThat(left.get(60, TimeUnit.SECONDS)).isZero();
        synchronized (server) {
            assertThat(server.model.effects).hasSize(2);
        }
    }

    @Test
    void otherCollectionsAreLoadedInASessionOfTheirOwn() throws Exception {
        SyncClient alice = client("alice");
        alice.goOnline();
        SyncedSpace space = alice.space("fleet");
        space.set("runways", "1", "n", json("1"));
        space.flush().get(60, TimeUnit.SECONDS);
        assertThat(alice.space("fleet", List.of("runways"))).isSameAs(space);
        await().atMost(LIMIT).until(() -> space.isComplete() && alice.status().state() == ClientStatus.State.ONLINE);
        assertThat(space.get("runways", "1")).isPresent();
        assertThat(server.authorizations).hasSize(2);
    }

    @Test
    void closingFailsWhatWaitsForAServer() {
        SyncClient alice = client("alice");
        SyncedSpace space = alice.space("fleet");
        space.set("runways", "1", "n", json("1"));
        CompletableFuture<Void> flush = alice.flush();
        assertThat(flush).isNotDone();
        alice.close();
        assertThatThrownBy(() -> flush.get(60, TimeUnit.SECONDS)).hasMessageContaining("closed");
    }

    @Test
    void nothingWaitsForAClientThatIsClosed() {
        FullStore disk = new FullStore();
        SyncClient alice = client("alice", disk);
        SyncedSpace space = alice.space("fleet");
        space.set("runways", "1", "n", json("1"));
        CompletableFuture<Void> before = space.flush();
        disk.full = true;
        assertThatThrownBy(alice::close).isInstanceOf(UncheckedIOException.class);
        assertThatThrownBy(() -> before.get(60, TimeUnit.SECONDS)).hasMessageContaining("closed");
        assertThatThrownBy(() -> space.flush().get(1, TimeUnit.SECONDS)).hasMessageContaining("closed");
        assertThatThrownBy(() -> alice.flush().get(1, TimeUnit.SECONDS)).hasMessageContaining("closed");
    }

    @Test
    void theSocketIsWhereTheServerIs() {
        assertThat(options("https://sync.example.org").socket())
                .isEqualTo(URI.create("wss://sync.example.org/sync/v1"));
        assertThat(options("http://127.0.0.1:8080/").socket()).isEqualTo(URI.create("ws://127.0.0.1:8080/sync/v1"));
    }

    /** On a disk that is full for a while. */
    private static final class FullStore implements Store {
        private final MemoryStore stored = new MemoryStore();
        private final AtomicInteger refused = new AtomicInteger();
        private volatile boolean full;

        @Override
        public byte[] get(String key) {
            return stored.get(key);
        }

        @Override
        public void scan(String prefix, BiConsumer<String, byte[]> visitor) {
            stored.scan(prefix, visitor);
        }

        @Override
        public void commit(List<String> clear, Map<String, byte[]> writes) {
            refuseWhenFull();
            stored.commit(clear, writes);
        }

        @Override
        public void close() {
            refuseWhenFull();
        }

        private void refuseWhenFull() {
            if (full) {
                refused.incrementAndGet();
                throw new UncheckedIOException(new IOException("no space left"));
            }
        }
    }

    private static ClientOptions options(String server) {
        return new ClientOptions(URI.create(server), "d", "t", new MemoryStore());
    }

    private static ObjectNode object(String text) {
        return (ObjectNode) json(text);
    }
}
