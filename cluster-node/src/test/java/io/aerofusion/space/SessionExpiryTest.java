package io.aerofusion.space;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import akka.util.ByteString;
import com.fasterxml.jackson.databind.JsonNode;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.NodeConfig;
import io.aerofusion.platform.cluster.DeviceLink;
import io.aerofusion.platform.cluster.SessionSignal;
import io.aerofusion.platform.security.Authenticator;
import io.aerofusion.platform.security.Principal;
import io.aerofusion.space.wire.Frame;
import io.aerofusion.space.wire.FrameCodec;
import io.aerofusion.space.wire.FrameException;
import io.aerofusion.space.wire.FrameLimits;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** A session ends with the token it was opened with, and after silence, by a clock that the test holds. */
final class SessionExpiryTest {
    private static final Config CONFIG = ConfigFactory.parseString(
                    "akka.actor.provider = local, akka.remote.artery.enabled = off, akka.extensions = [],"
                            + " akka.actor.testkit.typed { single-expect-default = 60s, system-shutdown-default = 60s }")
            .withFallback(NodeConfig.load());
    private static final ActorTestKit KIT = ActorTestKit.create(CONFIG);
    private static final Principal ADA = new Principal("default", "corp.ada", Set.of(Principal.Role.USER), null);
    private static final long START = 1_800_000_000_000L;

    private final AtomicLong millis = new AtomicLong(START);
    private final TestProbe<Frame> frames = KIT.createTestProbe();
    private final TestProbe<String> asked = KIT.createTestProbe();
    private final TestProbe<String> closed = KIT.createTestProbe();
    private volatile Authenticator.@Nullable Outcome said;
    /** The next answer, before those that are said. */
    private volatile @Nullable CompletableFuture<Authenticator.Outcome> pending;

    private final class FakeSocket implements Socket {
        @Override
        public void read() {}

        @Override
        public void write(ByteString message) {
            try {
                frames.ref().tell(FrameCodec.decode(message.toArray(), FrameLimits.OF_A_NODE));
            } catch (FrameException unreadable) {
                throw new AssertionError(unreadable);
            }
        }

        @Override
        public long unsentBytes() {
            return 0;
        }

        @Override
        public void whenDrained() {}

        @Override
        public void close() {
            closed.ref().tell("closed");
        }

        @Override
        public void abort() {}
    }

    private static final class NoDevices implements DeviceLink {
        @Override
        public void opened(Principal device, String credential, ActorRef<SessionSignal> session) {}

        @Override
        public void closed(Principal device, ActorRef<SessionSignal> session) {}

        @Override
        public CompletionStage<Reported> reported(Principal device, JsonNode patch) {
            return CompletableFuture.failedFuture(new IllegalStateException("there are no devices"));
        }

        @Override
        public CompletionStage<Boolean> mayBear(Principal user, String device) {
            return CompletableFuture.completedFuture(true);
        }

        @Override
        public void acknowledged(Principal device, String space, String cursor) {}
    }

    @AfterAll
    static void stop() {
        KIT.shutdownTestKit();
    }

    @SuppressWarnings("NullAway") // the session follows no space, so nobody asks for one
    private static ClusterSharding nothing() {
        return null;
    }

    private ActorRef<SessionMessage> session(String token, Authenticator.@Nullable Accepted identity) {
        ActorRef<SessionMessage> session = opened(token, identity);
        hello(session, identity == null ? "said" : "");
        frames.expectMessageClass(Frame.Welcome.class);
        return session;
    }

    /** A session whose device has not said anything yet. */
    private ActorRef<SessionMessage> opened(String token, Authenticator.@Nullable Accepted identity) {
        SessionServices services = new SessionServices(
                "node",
                SessionLimits.of(CONFIG),
                EntityLimits.of(CONFIG),
                FrameLimits.OF_A_NODE,
                this::authenticate,
                new NoDevices(),
                nothing(),
                new SpaceMetrics(),
                () -> Instant.ofEpochMilli(millis.get()));
        return KIT.spawn(SyncSession.create(services, new FakeSocket(), "s", token, identity));
    }

    private void hello(ActorRef<SessionMessage> session, String token) {
        session.tell(new SessionMessage.Received(
                ByteString.fromArray(FrameCodec.encode(new Frame.Hello("phone", token, 1, millis.get(), null, null)))));
    }

    private CompletionStage<Authenticator.Outcome> authenticate(String token) {
        Authenticator.Outcome now = said;
        CompletableFuture<Authenticator.Outcome> later = pending;
        asked.ref().tell(token);
        if (later != null) {
            pending = null;
            return later;
        }
        return now == null
                ? CompletableFuture.failedFuture(new IllegalStateException("nobody can say"))
                : CompletableFuture.completedFuture(now);
    }

    private void endsAt(ActorRef<SessionMessage> session, long expiry) {
        millis.set(expiry - 1);
        session.tell(new SessionMessage.Tick());
        frames.expectNoMessage(Duration.ofMillis(50));
        millis.set(expiry);
        session.tell(new SessionMessage.Tick());
        Frame.Bye bye = frames.expectMessageClass(Frame.Bye.class);
        assertThat(bye.reason()).isEqualTo(ErrorCode.UNAUTHENTICATED);
        assertThat(bye.detail()).isEqualTo("The token has expired.");
        assertThat(bye.retryAfterMillis()).as("not with this token").isNegative();
        closed.expectMessage("closed");
    }

    @Test
    void a_session_ends_with_the_token_of_its_upgrade() {
        said = new Authenticator.Accepted(ADA, START + 20_000);
        endsAt(session("token", new Authenticator.Accepted(ADA, START + 20_000)), START + 20_000);
    }

    @Test
    void a_session_ends_with_the_token_of_its_hello() {
        said = new Authenticator.Accepted(ADA, START + 10_000);
        endsAt(session("", null), START + 10_000);
    }

    @Test
    void silence_ends_a_session_that_may_come_back_and_any_frame_is_a_sign_of_life() {
        long idle = SessionLimits.of(CONFIG).idleTimeout().toMillis();
        said = new Authenticator.Accepted(ADA, Long.MAX_VALUE);
        ActorRef<SessionMessage> session = session("token", new Authenticator.Accepted(ADA, Long.MAX_VALUE));
        millis.set(START + idle);
        session.tell(new SessionMessage.Received(ByteString.fromArray(FrameCodec.encode(new Frame.Credit(0)))));
        session.tell(new SessionMessage.Tick());
        asked.expectMessage("token"); // the tick is over
        millis.set(START + 2 * idle);
        session.tell(new SessionMessage.Tick());
        asked.expectMessage("token");
        frames.expectNoMessage(Duration.ofMillis(50));
        millis.set(START + 2 * idle + 1);
        session.tell(new SessionMessage.Tick());
        Frame.Bye bye = frames.expectMessageClass(Frame.Bye.class);
        assertThat(bye.reason()).isEqualTo(ErrorCode.TIMEOUT);
        assertThat(bye.retryAfterMillis()).isNotNegative();
        closed.expectMessage("closed");
    }

    @Test
    void when_foreign_tokens_were_revoked_the_session_asks_and_says_why_it_ends() {
        ActorRef<SessionMessage> session = session("token", new Authenticator.Accepted(ADA, START + 20_000));
        session.tell(new SessionMessage.IdentifyForeignAgain()); // nobody can say: an open session goes on
        asked.expectMessage("token");
        said = new Authenticator.Refused(ErrorCode.ERASED, "The token is right, but its user was erased.");
        frames.expectNoMessage(Duration.ofMillis(50));
        session.tell(new SessionMessage.IdentifyForeignAgain());
        assertThat(frames.expectMessageClass(Frame.Bye.class).reason()).isEqualTo(ErrorCode.ERASED);
    }

    /** It was welcomed before it had a name, and of what its device sent then nothing was read after the hello. */
    @Test
    void a_session_whose_user_changes_before_the_hello_asks_when_it_comes_and_is_welcomed_once() {
        said = new Authenticator.Accepted(ADA, Long.MAX_VALUE);
        ActorRef<SessionMessage> session = opened("token", new Authenticator.Accepted(ADA, Long.MAX_VALUE));
        session.tell(new SessionMessage.IdentifyAgain(ADA.tenant(), ADA.user()));
        frames.expectNoMessage(Duration.ofMillis(50));
        hello(session, "");
        asked.expectMessage("token");
        frames.expectMessageClass(Frame.Welcome.class);
        frames.expectNoMessage(Duration.ofMillis(50));
    }

    /** Such a session was sent away: its credential was held against a name that it had not said yet. */
    @Test
    void a_session_with_a_devices_credential_cares_for_no_change_of_its_owner() {
        Principal phone = new Principal("default", ADA.user(), Set.of(), "phone");
        ActorRef<SessionMessage> session = opened("token", new Authenticator.Accepted(phone));
        session.tell(new SessionMessage.IdentifyAgain(ADA.tenant(), ADA.user()));
        hello(session, "");
        frames.expectMessageClass(Frame.Welcome.class);
        asked.expectNoMessage(Duration.ofMillis(50));
    }

    @Test
    void a_change_while_the_token_is_being_checked_has_it_checked_once_more() {
        CompletableFuture<Authenticator.Outcome> first = new CompletableFuture<>();
        pending = first;
        said = new Authenticator.Refused(ErrorCode.UNAUTHENTICATED, "The token was revoked.");
        ActorRef<SessionMessage> session = opened("", null);
        hello(session, "said");
        asked.expectMessage("said");
        session.tell(new SessionMessage.IdentifyAgain(ADA.tenant(), ADA.user()));
        first.complete(new Authenticator.Accepted(ADA, Long.MAX_VALUE));
        asked.expectMessage("said");
        assertThat(frames.expectMessageClass(Frame.Bye.class).reason()).isEqualTo(ErrorCode.UNAUTHENTICATED);
    }

    @Test
    void a_token_that_nobody_could_check_is_checked_again_soon() {
        ActorRef<SessionMessage> session = session("token", new Authenticator.Accepted(ADA, Long.MAX_VALUE));
        session.tell(new SessionMessage.IdentifyAgain(ADA.tenant(), ADA.user())); // nobody can say
        asked.expectMessage("token");
        frames.expectNoMessage(Duration.ofMillis(50));
        said = new Authenticator.Refused(ErrorCode.UNAUTHENTICATED, "The token was revoked.");
        millis.addAndGet(4_000);
        session.tell(new SessionMessage.Tick());
        asked.expectNoMessage(Duration.ofMillis(50));
        millis.addAndGet(2_000);
        session.tell(new SessionMessage.Tick());
        asked.expectMessage("token");
        assertThat(frames.expectMessageClass(Frame.Bye.class).reason()).isEqualTo(ErrorCode.UNAUTHENTICATED);
    }
}
