package io.aerofusion.device;

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
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.cluster.SessionSignal;
import io.aerofusion.platform.security.Principal;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** The entity's commands and events; every command, event and state also goes through serialization and must come back equal. */
class DeviceTest {
    private static final Config CONFIG =
            ConfigFactory.parseString("""
                    akka.loglevel = WARNING
                    akka.actor.testkit.typed { single-expect-default = 60s, default-timeout = 60s, system-shutdown-default = 60s }
                    akka.actor.serialization-bindings {
                      "io.aerofusion.platform.cluster.Durable" = jackson-cbor
                      "io.aerofusion.device.DeviceEvent" = jackson-cbor
                      "io.aerofusion.device.DeviceState" = jackson-cbor
                    }
                    akka.serialization.jackson.jackson-cbor.deserialization-features.USE_LONG_FOR_INTS = on
                    """).withFallback(EventSourcedBehaviorTestKit.config());
    private static final ActorTestKit KIT = ActorTestKit.create("device", CONFIG);
    private static final AtomicInteger NUMBER = new AtomicInteger();
    private static final long HOUR = 3_600_000;
    private static final Principal ALICE = user("alice");
    private static final Principal BOB = user("bob");
    private static final Principal OPERATOR = new Principal("default", "olga", Set.of(Principal.Role.OPERATOR), null);
    private static final Principal PHONE = new Principal("default", "alice", Set.of(), "phone");
    private static final Principal OTHER_PHONE = new Principal("default", "alice", Set.of(), "tablet");

    private final AtomicLong now = new AtomicLong(100 * 24 * HOUR);
    private final AtomicInteger voided = new AtomicInteger();
    private final EventSourcedBehaviorTestKit<Device.Command, DeviceEvent, DeviceState> device =
            EventSourcedBehaviorTestKit.create(
                    KIT.system(),
                    behavior(),
                    new EventSourcedBehaviorTestKit.SerializationSettings(true, true, true, true, true));

    @AfterAll
    static void stop() {
        KIT.shutdownTestKit();
    }

    private Behavior<Device.Command> behavior() {
        PersistenceId id = PersistenceId.ofUniqueId("Device|default" + NUMBER.incrementAndGet() + "|phone");
        return Behaviors.setup(context -> new Device(
                context,
                id,
                NoOpEventAdapter.instance(),
                new SnapshotAdapter<>() {
                    @Override
                    public Object toJournal(DeviceState state) {
                        return state;
                    }

                    @Override
                    public DeviceState fromJournal(Object stored) {
                        return (DeviceState) stored;
                    }
                },
                event -> Set.of(),
                () -> Instant.ofEpochMilli(now.get()),
                Duration.ofMinutes(1),
                voided::incrementAndGet));
    }

    @Test
    void registersOnceAndShowsNoSecrets() {
        Device.Reply reply = register("key:body", "aa");

        assertThat(reply).isInstanceOfSatisfying(Device.Registered.class, registered -> {
            assertThat(registered.credentialTaken()).isTrue();
            assertThat(registered.device().owner()).isEqualTo("alice");
            assertThat(registered.device().toString()).doesNotContain("aa,");
        });
        assertRefused(register("", "bb"), ErrorCode.ALREADY_EXISTS);
        assertThat(authenticate("bb")).isNull();
        assertThat(authenticate("aa")).isEqualTo("alice");
    }

    @Test
    void aRepeatBeforeUseReplacesTheCredentialThatGotLost() {
        register("key:body", "lost");
        Device.Reply repeated = register("key:body", "found");

        assertThat(((Device.Registered) repeated).credentialTaken()).isTrue();
        assertThat(authenticate("lost")).isNull();
        assertThat(authenticate("found")).isEqualTo("alice");
        assertThat(((Device.Registered) register("key:body", "late")).credentialTaken())
                .isFalse();
        assertThat(authenticate("found")).isEqualTo("alice");
    }

    @Test
    void renewsTheLeaseAtMostOnceAnHourHoweverOftenTheDeviceComes() {
        register("", "aa");
        authenticate("aa");
        long first = state().leaseUntil();
        now.addAndGet(HOUR - 1);
        assertThat(device.<Device.Authentication>runCommand(replyTo -> new Device.Authenticate("aa", replyTo))
                        .hasNoEvents())
                .isTrue();
        now.addAndGet(1);
        authenticate("aa");
        assertThat(state().leaseUntil()).isEqualTo(first + HOUR);
        assertThat(state().seenAt()).isEqualTo(now.get());
    }

    @Test
    void somebodyElsesDeviceIsNotToldFromNone() {
        assertRefused(ask(replyTo -> new Device.Describe(ALICE, replyTo)), ErrorCode.NOT_FOUND);
        register("", "aa");

        assertRefused(ask(replyTo -> new Device.Describe(BOB, replyTo)), ErrorCode.NOT_FOUND);
        assertRefused(ask(replyTo -> new Device.Describe(OTHER_PHONE, replyTo)), ErrorCode.NOT_FOUND);
        assertRefused(ask(replyTo -> new Device.Revoke(BOB, replyTo)), ErrorCode.NOT_FOUND);
        assertRefused(ask(replyTo -> new Device.RotateCredential(BOB, "xx", replyTo)), ErrorCode.NOT_FOUND);
        assertRefused(relabel(BOB, "x", Map.of(), null), ErrorCode.NOT_FOUND);
        assertRefused(desire(BOB, "{\"a\":1}", null), ErrorCode.NOT_FOUND);
        assertThat(describe(ALICE).device()).isEqualTo("phone");
        assertThat(describe(OPERATOR).device()).isEqualTo("phone");
        assertThat(describe(PHONE).device()).isEqualTo("phone");
    }

    @Test
    void aDeviceDoesNotChangeHowItIsSetUp() {
        register("", "aa");

        assertRefused(ask(replyTo -> new Device.Revoke(PHONE, replyTo)), ErrorCode.FORBIDDEN);
        assertRefused(ask(replyTo -> new Device.RotateCredential(PHONE, "xx", replyTo)), ErrorCode.FORBIDDEN);
        assertRefused(relabel(PHONE, "x", Map.of(), null), ErrorCode.FORBIDDEN);
        assertRefused(desire(PHONE, "{\"a\":1}", null), ErrorCode.FORBIDDEN);
        assertRefused(report(ALICE, "{\"a\":1}"), ErrorCode.FORBIDDEN);
    }

    @Test
    void labelsChangeByMergeAndByVersion() {
        register("", "aa");
        long version = describe(ALICE).version();
        Map<String, @Nullable String> labels = new HashMap<>(Map.of("room", "7", "floor", "2"));

        assertThat(relabel(ALICE, "Kitchen", labels, version)).isInstanceOf(Device.Described.class);
        assertRefused(relabel(ALICE, "Hall", Map.of(), version), ErrorCode.PRECONDITION_FAILED);
        labels.put("floor", null);
        labels.remove("room");
        relabel(ALICE, null, labels, null);
        assertThat(describe(ALICE).labels()).containsOnly(Map.entry("room", "7"));
        assertThat(describe(ALICE).name()).isEqualTo("Kitchen");
        assertRefused(relabel(ALICE, null, Map.of("bad name", "v"), null), ErrorCode.INVALID_REQUEST);
        long settled = describe(ALICE).version();
        relabel(ALICE, "Kitchen", Map.of("room", "7"), null);
        assertThat(describe(ALICE).version()).isEqualTo(settled);
    }

    @Test
    void theTwinChangesByPatchesWithVersionsOfTheirOwn() {
        register("", "aa");

        assertThat(twin(desire(ALICE, "{\"on\":true,\"level\":7}", 0L)).desiredVersion())
                .isEqualTo(1);
        assertThat(twin(report(PHONE, "{\"on\":false}")).reportedVersion()).isEqualTo(1);
        assertThat(twin(desire(OPERATOR, "{\"level\":null}", 1L)).desiredVersion())
                .isEqualTo(2);
        assertRefused(desire(ALICE, "{\"level\":1}", 1L), ErrorCode.PRECONDITION_FAILED);
        assertThat(twin(desire(ALICE, "{\"on\":true}", null)).desiredVersion()).isEqualTo(2);
        assertRefused(
                desire(ALICE, "{\"x\":\"" + "y".repeat(Twin.BYTES_MAX) + "\"}", null), ErrorCode.DOCUMENT_TOO_LARGE);
        assertRefused(report(PHONE, "[1]"), ErrorCode.INVALID_REQUEST);
        device.restart();
        assertThat(describe(ALICE).twin().desired().toString()).isEqualTo("{\"on\":true}");
    }

    @Test
    void aDesiredChangeReachesTheOpenSessionAndTheOneThatReturns() {
        register("", "aa");
        TestProbe<SessionSignal> first = KIT.createTestProbe();
        open(PHONE, 1, first.ref());
        first.expectNoMessage();
        desire(ALICE, "{\"on\":true}", null);
        assertDesired(first, 1);
        assertThat(describe(ALICE).connected()).isTrue();

        device.runCommand(new Device.CloseSession(first.ref()));
        assertThat(describe(ALICE).connected()).isFalse();
        desire(ALICE, "{\"on\":false}", null);
        first.expectNoMessage();

        TestProbe<SessionSignal> second = KIT.createTestProbe();
        open(PHONE, 2, second.ref());
        assertDesired(second, 2);
        open(PHONE, 2, second.ref());
        second.expectNoMessage();
    }

    @Test
    void theNewerSessionStaysWhateverTheOrderOfTheirAnnouncements() {
        register("", "aa");
        TestProbe<SessionSignal> older = KIT.createTestProbe();
        TestProbe<SessionSignal> newer = KIT.createTestProbe();
        open(PHONE, 1, older.ref());
        open(PHONE, 2, newer.ref());
        assertEnd(older, ErrorCode.SESSION_REPLACED);
        open(PHONE, 1, older.ref());
        assertEnd(older, ErrorCode.SESSION_REPLACED);
        newer.expectNoMessage();

        newer.stop();
        older.awaitAssert(() -> assertThat(describe(ALICE).connected()).isFalse());
    }

    @Test
    void aRevocationEndsTheSessionAndTheCredential() {
        register("", "aa");
        TestProbe<SessionSignal> session = KIT.createTestProbe();
        open(PHONE, 1, session.ref());
        int before = voided.get();

        ask(replyTo -> new Device.Revoke(ALICE, replyTo));

        assertEnd(session, ErrorCode.DEVICE_REVOKED);
        assertThat(voided.get()).isEqualTo(before + 1);
        assertThat(authenticate("aa")).isNull();
        assertThat(device.<Device.Reply>runCommand(replyTo -> new Device.Revoke(ALICE, replyTo))
                        .hasNoEvents())
                .isTrue();
        assertRefused(desire(ALICE, "{\"on\":true}", null), ErrorCode.DEVICE_REVOKED);
        assertRefused(relabel(ALICE, "x", Map.of(), null), ErrorCode.DEVICE_REVOKED);
        open(PHONE, 2, session.ref());
        assertEnd(session, ErrorCode.DEVICE_REVOKED);
        assertThat(((Device.Registered) register("", "bb")).credentialTaken()).isTrue();
        assertThat(authenticate("bb")).isEqualTo("alice");
    }

    @Test
    void aRotatedCredentialEndsTheSessionOfTheOldOne() {
        register("", "aa");
        TestProbe<SessionSignal> session = KIT.createTestProbe();
        open(PHONE, 1, session.ref());

        ask(replyTo -> new Device.RotateCredential(ALICE, "bb", replyTo));

        assertEnd(session, ErrorCode.UNAUTHENTICATED);
        assertThat(authenticate("aa")).isNull();
        assertThat(authenticate("bb")).isEqualTo("alice");
    }

    @Test
    void aSessionOfSomebodyElseEnds() {
        TestProbe<SessionSignal> session = KIT.createTestProbe();
        open(PHONE, 1, session.ref());
        assertEnd(session, ErrorCode.DEVICE_UNKNOWN);
        register("", "aa");
        open(new Principal("default", "bob", Set.of(), "phone"), 1, session.ref());
        assertEnd(session, ErrorCode.DEVICE_UNKNOWN);
    }

    @Test
    void acknowledgedCursorsAreStoredAtMostOnceAMinuteAndTheLatestIsNotLost() {
        register("", "aa");
        acknowledge(PHONE, "c1");
        acknowledge(PHONE, "c2");
        acknowledge(PHONE, "c3");
        device.runCommand(new Device.AcknowledgementDue("home"));
        assertThat(state().acknowledged().get("home").cursor())
                .as("too soon still")
                .isEqualTo("c1");
        now.addAndGet(60_000);
        acknowledge(BOB, "forged");
        device.runCommand(new Device.AcknowledgementDue("home"));
        assertThat(state().acknowledged().get("home").cursor()).isEqualTo("c3");
        device.runCommand(new Device.AcknowledgementDue("home"));
        now.addAndGet(60_000);
        acknowledge(PHONE, "c4");
        assertThat(state().acknowledged().get("home").cursor()).isEqualTo("c4");
    }

    /** The credential was checked, then replaced, and only then did the device learn of the session: it stayed. */
    @Test
    void aSessionThatWasOpenedWithTheCredentialBeforeEnds() {
        register("", "aa");
        ask(replyTo -> new Device.RotateCredential(ALICE, "bb", replyTo));
        TestProbe<SessionSignal> old = KIT.createTestProbe();
        device.runCommand(new Device.OpenSession(PHONE, 1, "aa", old.ref()));
        assertEnd(old, ErrorCode.UNAUTHENTICATED);
        TestProbe<SessionSignal> fresh = KIT.createTestProbe();
        device.runCommand(new Device.OpenSession(PHONE, 2, "bb", fresh.ref()));
        assertThat(describe(ALICE).connected()).isTrue();
        fresh.expectNoMessage();
    }

    @Test
    void aForgottenDeviceEndsItsSessionStopsAndAnswersErasedEverAfter() {
        Behavior<Device.Command> behavior = behavior();
        TestProbe<Device.Reply> replies = KIT.createTestProbe();
        TestProbe<SessionSignal> session = KIT.createTestProbe();
        ActorRef<Device.Command> living = KIT.spawn(behavior);
        living.tell(new Device.Register("alice", "", new TreeMap<>(), "aa", "", "user:alice", replies.ref()));
        living.tell(new Device.OpenSession(PHONE, 1, "aa", session.ref()));
        assertThat(replies.receiveMessage()).isInstanceOf(Device.Registered.class);

        living.tell(new Device.Forget("user:root", replies.ref()));

        assertThat(replies.receiveMessage()).isInstanceOf(Device.Described.class);
        assertEnd(session, ErrorCode.ERASED);
        replies.expectTerminated(living);
        ActorRef<Device.Command> again = KIT.spawn(behavior);
        again.tell(new Device.Describe(ALICE, replies.ref()));
        assertRefused(replies.receiveMessage(), ErrorCode.ERASED);
        again.tell(new Device.Register("alice", "", new TreeMap<>(), "bb", "", "user:alice", replies.ref()));
        assertRefused(replies.receiveMessage(), ErrorCode.ERASED);
        again.tell(new Device.Forget("user:root", replies.ref()));
        assertThat(replies.receiveMessage()).isInstanceOf(Device.Described.class);
        replies.expectTerminated(again);
    }

    private Device.Reply register(String request, String hash) {
        return ask(replyTo ->
                new Device.Register("alice", "Phone", new TreeMap<>(), hash, request, "user:alice", replyTo));
    }

    private @Nullable String authenticate(String hash) {
        return device.<Device.Authentication>runCommand(replyTo -> new Device.Authenticate(hash, replyTo))
                .reply()
                .owner();
    }

    private Device.View describe(Principal caller) {
        return ((Device.Described) ask(replyTo -> new Device.Describe(caller, replyTo))).device();
    }

    private Device.Reply relabel(
            Principal caller, @Nullable String name, Map<String, @Nullable String> labels, @Nullable Long version) {
        return ask(replyTo -> new Device.Relabel(caller, name, labels, version, replyTo));
    }

    private Device.Reply desire(Principal caller, String patch, @Nullable Long version) {
        return ask(replyTo -> new Device.PatchDesired(caller, json(patch), version, replyTo));
    }

    private Device.Reply report(Principal caller, String patch) {
        return ask(replyTo -> new Device.PatchReported(caller, json(patch), replyTo));
    }

    private void open(Principal caller, long at, ActorRef<SessionSignal> session) {
        device.runCommand(new Device.OpenSession(caller, at, null, session));
    }

    private void acknowledge(Principal caller, String cursor) {
        device.runCommand(new Device.Acknowledge(caller, "home", cursor));
    }

    private Device.Reply ask(java.util.function.Function<ActorRef<Device.Reply>, Device.Command> command) {
        return device.<Device.Reply>runCommand(command).reply();
    }

    private DeviceState state() {
        return device.getState();
    }

    private static Twin twin(Device.Reply reply) {
        return ((Device.Described) reply).device().twin();
    }

    private static void assertDesired(TestProbe<SessionSignal> session, long version) {
        assertThat(session.receiveMessage())
                .isInstanceOfSatisfying(
                        SessionSignal.Desired.class,
                        desired -> assertThat(desired.version()).isEqualTo(version));
    }

    private static void assertEnd(TestProbe<SessionSignal> session, ErrorCode reason) {
        assertThat(session.receiveMessage()).isEqualTo(new SessionSignal.End(reason));
    }

    private static void assertRefused(Device.Reply reply, ErrorCode code) {
        assertThat(reply)
                .isInstanceOfSatisfying(
                        Device.Refused.class,
                        refused -> assertThat(refused.code()).isEqualTo(code));
    }

    private static Principal user(String name) {
        return new Principal("default", name, Set.of(Principal.Role.USER), null);
    }

    private static JsonNode json(String text) {
        try {
            return new ObjectMapper()
                    .enable(DeserializationFeature.USE_LONG_FOR_INTS)
                    .readTree(text);
        } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
            throw new AssertionError(e);
        }
    }
}
