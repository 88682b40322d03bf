package io.aerofusion.user;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.Behaviors;
import akka.persistence.testkit.javadsl.EventSourcedBehaviorTestKit;
import akka.persistence.typed.NoOpEventAdapter;
import akka.persistence.typed.PersistenceId;
import akka.persistence.typed.SnapshotAdapter;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.security.Principal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** The entity's commands and events; every command, event and state also goes through serialization and must come back equal. */
class UserTest {
    private static final Config CONFIG =
            ConfigFactory.parseString("""
                    akka.loglevel = WARNING
                    akka.actor.testkit.typed { single-expect-default = 60s, default-timeout = 60s, system-shutdown-default = 60s }
                    akka.actor.serialization-bindings {
                      "io.aerofusion.platform.cluster.Durable" = jackson-cbor
                      "io.aerofusion.user.UserEvent" = jackson-cbor
                      "io.aerofusion.user.UserState" = jackson-cbor
                    }
                    """).withFallback(EventSourcedBehaviorTestKit.config());
    private static final ActorTestKit KIT = ActorTestKit.create("user", CONFIG);
    private static final AtomicInteger NUMBER = new AtomicInteger();
    private static final long DAY = 86_400_000;
    private static final Principal ALICE = caller("alice", Principal.Role.USER);
    private static final Principal BOB = caller("bob", Principal.Role.USER);
    private static final Principal OPERATOR = caller("olga", Principal.Role.OPERATOR);
    private static final Principal ADMIN = caller("root", Principal.Role.ADMIN);
    private static final Principal DEVICE = new Principal("default", "alice", Set.of(), "phone");

    /** The world that an erasure acts on: notes what was asked, and answers when the test says so. */
    private static final class World implements User.Erasing {
        final List<String> asked = new ArrayList<>();
        final List<CompletableFuture<User.Cleared>> clears = new ArrayList<>();
        final List<CompletableFuture<String>> destroys = new ArrayList<>();

        @Override
        public synchronized CompletionStage<User.Cleared> clear(String tenant, String user, String by) {
            asked.add("clear " + tenant + " " + user + " " + by);
            clears.add(new CompletableFuture<>());
            return clears.getLast();
        }

        @Override
        public synchronized CompletionStage<?> destroy(String tenant, String user, String by) {
            asked.add("destroy " + tenant + " " + user + " " + by);
            destroys.add(new CompletableFuture<>());
            return destroys.getLast();
        }

        synchronized List<String> asked() {
            return List.copyOf(asked);
        }
    }

    private final AtomicLong now = new AtomicLong(100 * DAY);
    private final AtomicInteger voided = new AtomicInteger();
    private final World world = new World();
    private final Behavior<User.Command> behavior = behavior();

    @AfterAll
    static void stop() {
        KIT.shutdownTestKit();
    }

    private Behavior<User.Command> behavior() {
        PersistenceId id = PersistenceId.ofUniqueId("User|tenant" + NUMBER.incrementAndGet() + "|alice");
        return Behaviors.setup(context -> new User(
                context,
                id,
                NoOpEventAdapter.instance(),
                new SnapshotAdapter<>() {
                    @Override
                    public Object toJournal(UserState state) {
                        return state;
                    }

                    @Override
                    public UserState fromJournal(Object stored) {
                        return (UserState) stored;
                    }
                },
                event -> Set.of(),
                () -> Instant.ofEpochMilli(now.get()),
                world,
                voided::incrementAndGet));
    }

    private EventSourcedBehaviorTestKit<User.Command, UserEvent, UserState> kit() {
        return EventSourcedBehaviorTestKit.create(
                KIT.system(),
                behavior,
                new EventSourcedBehaviorTestKit.SerializationSettings(true, true, true, true, true));
    }

    @Test
    void isCreatedOnceAndKnowsARepeat() {
        var user = kit();

        assertThat(ask(user, create("key:body"))).isInstanceOf(User.Described.class);
        assertThat(ask(user, create("key:body"))).isInstanceOf(User.Described.class);
        assertRefused(ask(user, create("key:other")), ErrorCode.ALREADY_EXISTS);
        assertRefused(ask(user, create("")), ErrorCode.ALREADY_EXISTS);
        user.restart();
        assertThat(user.getState().roles()).containsExactly("user");
    }

    @Test
    void othersAreNotToldFromNone() {
        var user = kit();
        assertRefused(ask(user, r -> new User.Describe(ADMIN, r)), ErrorCode.NOT_FOUND);
        ask(user, create(""));

        assertThat(ask(user, r -> new User.Describe(ALICE, r))).isInstanceOf(User.Described.class);
        assertThat(ask(user, r -> new User.Describe(OPERATOR, r))).isInstanceOf(User.Described.class);
        assertRefused(ask(user, r -> new User.Describe(BOB, r)), ErrorCode.NOT_FOUND);
        assertRefused(ask(user, r -> new User.Describe(DEVICE, r)), ErrorCode.NOT_FOUND);
        assertRefused(
                ask(user, r -> new User.IssueToken(OPERATOR, "k", "n", "aa", now.get() + DAY, r)), ErrorCode.NOT_FOUND);
        assertRefused(ask(user, r -> new User.Erase(BOB, r)), ErrorCode.NOT_FOUND);
        assertRefused(ask(user, r -> new User.Erase(OPERATOR, r)), ErrorCode.NOT_FOUND);
    }

    @Test
    void onlyAnAdministratorGivesRolesAndNobodyLocksOutThemselves() {
        var user = kit();
        ask(user, create(""));

        assertRefused(ask(user, roles(ALICE, null, "admin")), ErrorCode.FORBIDDEN);
        assertRefused(ask(user, roles(ADMIN, 9L, "operator")), ErrorCode.PRECONDITION_FAILED);
        assertRefused(ask(user, roles(ADMIN, null, "emperor")), ErrorCode.INVALID_REQUEST);
        assertThat(ask(user, roles(ADMIN, 1L, "admin", "user"))).isInstanceOf(User.Described.class);
        assertThat(voided.get()).isEqualTo(1);
        Principal aliceNow = caller("alice", Principal.Role.ADMIN);
        assertRefused(ask(user, roles(aliceNow, null, "user")), ErrorCode.FORBIDDEN);
        assertRefused(ask(user, r -> new User.Erase(aliceNow, r)), ErrorCode.FORBIDDEN);
    }

    @Test
    void aTokenAuthenticatesUntilItExpiresOrIsRevoked() {
        var user = kit();
        ask(user, create(""));
        ask(user, r -> new User.IssueToken(ALICE, "k1", "laptop", "aa", now.get() + 2 * DAY, r));

        assertThat(authenticate(user, "aa")).containsExactly(Principal.Role.USER);
        assertThat(authenticate(user, "bb")).isNull();
        now.addAndGet(2 * DAY);
        assertThat(authenticate(user, "aa")).isNull();
        ask(user, r -> new User.IssueToken(ALICE, "k2", "laptop", "bb", now.get() + 2 * DAY, r));
        assertThat(authenticate(user, "bb")).isNotNull();
        ask(user, r -> new User.RevokeToken(ALICE, "k2", r));
        assertThat(authenticate(user, "bb")).isNull();
        assertThat(user.<User.Reply>runCommand(r -> new User.RevokeToken(ALICE, "k2", r))
                        .hasNoEvents())
                .isTrue();
    }

    @Test
    void aTokenIssuedAgainReplacesTheOneThatGotLostButNotOneInUse() {
        var user = kit();
        ask(user, create(""));
        ask(user, r -> new User.IssueToken(ALICE, "k1", "laptop", "lost", now.get() + DAY, r));
        User.Reply repeated = ask(user, r -> new User.IssueToken(ALICE, "k1", "laptop", "found", now.get() + DAY, r));

        assertThat(((User.TokenIssued) repeated).taken()).isTrue();
        assertThat(authenticate(user, "lost")).isNull();
        assertThat(authenticate(user, "found")).isNotNull();
        User.Reply late = ask(user, r -> new User.IssueToken(ALICE, "k1", "laptop", "late", now.get() + DAY, r));
        assertThat(((User.TokenIssued) late).taken()).isFalse();
        assertRefused(
                ask(user, r -> new User.IssueToken(ALICE, "k1", "phone", "x", now.get() + DAY, r)),
                ErrorCode.IDEMPOTENCY_MISMATCH);
        assertRefused(
                ask(user, r -> new User.IssueToken(ALICE, "k2", "a\nb", "x", now.get() + DAY, r)),
                ErrorCode.INVALID_REQUEST);
    }

    @Test
    void anErasureClosesEverythingBeforeItDestroysTheKeyAndAnswersWhenDone() {
        ActorRef<User.Command> user = KIT.spawn(behavior);
        TestProbe<User.Reply> replies = KIT.createTestProbe();
        user.tell(new User.Create("Alice", new TreeSet<>(Set.of("user")), "", "user:root", replies.ref()));
        replies.receiveMessage();

        user.tell(new User.Erase(ADMIN, replies.ref()));
        user.tell(new User.Erase(ADMIN, replies.ref()));
        user.tell(new User.Describe(ALICE, replies.ref()));
        assertThat(replies.receiveMessage()).isEqualTo(new User.ErasedForGood());
        replies.awaitAssert(() -> assertThat(world.asked()).hasSize(1));
        world.clears.getFirst().complete(new User.Cleared(2, 1));
        replies.awaitAssert(() -> assertThat(world.asked()).hasSize(2));
        replies.expectNoMessage();
        world.destroys.getFirst().complete("destroyed");

        assertThat(replies.receiveMessage()).isEqualTo(new User.ErasedForGood());
        assertThat(replies.receiveMessage()).isEqualTo(new User.ErasedForGood());
        replies.expectTerminated(user);
        assertThat(world.asked().get(0)).startsWith("clear tenant").endsWith("alice user:root");
        assertThat(world.asked().get(1)).startsWith("destroy tenant").endsWith("alice user:root");
    }

    @Test
    void anErasureGoesOnWhereItWasWhenTheNodeDied() {
        ActorRef<User.Command> first = KIT.spawn(behavior);
        TestProbe<User.Reply> replies = KIT.createTestProbe();
        first.tell(new User.Create("Alice", new TreeSet<>(Set.of("user")), "", "user:root", replies.ref()));
        replies.receiveMessage();
        first.tell(new User.Erase(ADMIN, replies.ref()));
        replies.awaitAssert(() -> assertThat(world.asked()).hasSize(1));
        KIT.stop(first);

        ActorRef<User.Command> second = KIT.spawn(behavior);
        replies.awaitAssert(() -> assertThat(world.asked()).hasSize(2));
        world.clears.getLast().complete(new User.Cleared(2, 1));
        replies.awaitAssert(() -> assertThat(world.asked()).hasSize(3));
        KIT.stop(second);

        ActorRef<User.Command> third = KIT.spawn(behavior);
        third.tell(new User.ResumeErasure(replies.ref()));
        replies.awaitAssert(() -> assertThat(world.asked()).hasSize(4));
        world.destroys.getLast().complete("destroyed");
        assertThat(replies.receiveMessage()).isEqualTo(new User.ErasedForGood());
        assertThat(world.asked())
                .extracting(step -> step.split(" ")[0])
                .containsExactly("clear", "clear", "destroy", "destroy");
    }

    @Test
    void aStepThatFailsIsToldAndTriedAgain() {
        ActorRef<User.Command> user = KIT.spawn(behavior);
        TestProbe<User.Reply> replies = KIT.createTestProbe();
        user.tell(new User.Create("Alice", new TreeSet<>(Set.of("user")), "", "user:root", replies.ref()));
        replies.receiveMessage();
        user.tell(new User.Erase(ADMIN, replies.ref()));
        replies.awaitAssert(() -> assertThat(world.asked()).hasSize(1));
        world.clears.getFirst().completeExceptionally(new IllegalStateException("the database is away"));

        assertRefused(replies.receiveMessage(), ErrorCode.UNAVAILABLE);
        user.tell(new User.Erase(ADMIN, replies.ref()));
        replies.awaitAssert(() -> assertThat(world.asked()).hasSize(2));
        world.clears.getLast().complete(new User.Cleared(0, 0));
        replies.awaitAssert(() -> assertThat(world.asked()).hasSize(3));
        world.destroys.getLast().complete("destroyed");
        assertThat(replies.receiveMessage()).isEqualTo(new User.ErasedForGood());
    }

    @Test
    void nobodyIsErasedByAResumption() {
        var user = kit();
        ask(user, create(""));
        assertRefused(ask(user, User.ResumeErasure::new), ErrorCode.INVALID_REQUEST);
        assertThat(world.asked()).isEmpty();
    }

    private static Function<ActorRef<User.Reply>, User.Command> create(String request) {
        return replyTo -> new User.Create("Alice", new TreeSet<>(Set.of("user")), request, "user:root", replyTo);
    }

    private static Function<ActorRef<User.Reply>, User.Command> roles(
            Principal caller, @Nullable Long ifVersion, String... roles) {
        return replyTo -> new User.ChangeRoles(caller, new TreeSet<>(Set.of(roles)), ifVersion, replyTo);
    }

    private static User.Reply ask(
            EventSourcedBehaviorTestKit<User.Command, UserEvent, UserState> user,
            Function<ActorRef<User.Reply>, User.Command> command) {
        return user.<User.Reply>runCommand(command).reply();
    }

    private static @Nullable Set<Principal.Role> authenticate(
            EventSourcedBehaviorTestKit<User.Command, UserEvent, UserState> user, String hash) {
        return user.<User.Authentication>runCommand(replyTo -> new User.Authenticate(hash, replyTo))
                .reply()
                .roles();
    }

    private static void assertRefused(User.Reply reply, ErrorCode code) {
        assertThat(reply)
                .isInstanceOfSatisfying(
                        User.Refused.class,
                        refused -> assertThat(refused.code()).isEqualTo(code));
    }

    private static Principal caller(String name, Principal.Role role) {
        return new Principal("default", name, Set.of(role), null);
    }
}
