package io.aerofusion.device;

import akka.actor.typed.ActorRef;
import akka.actor.typed.javadsl.ActorContext;
import akka.cluster.sharding.typed.javadsl.EntityTypeKey;
import akka.persistence.typed.EventAdapter;
import akka.persistence.typed.PersistenceId;
import akka.persistence.typed.RecoveryCompleted;
import akka.persistence.typed.SnapshotAdapter;
import akka.persistence.typed.javadsl.CommandHandlerWithReply;
import akka.persistence.typed.javadsl.EffectBuilder;
import akka.persistence.typed.javadsl.EventHandler;
import akka.persistence.typed.javadsl.EventSourcedBehaviorWithEnforcedReplies;
import akka.persistence.typed.javadsl.ReplyEffect;
import akka.persistence.typed.javadsl.RetentionCriteria;
import akka.persistence.typed.javadsl.SignalHandler;
import com.fasterxml.jackson.databind.JsonNode;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.cluster.Durable;
import io.aerofusion.platform.cluster.SessionSignal;
import io.aerofusion.platform.security.Principal;
import io.aerofusion.platform.telemetry.Recoveries;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One device: its owner, credential, labels, lease and twin.
 *
 * <p>The open session is soft state: {@link DeviceSessions} on the session's node announces it again and again, so a device that
 * moved to another node finds its session back within {@link DeviceSessions#ANNOUNCED_EVERY}, and is kept awake by it.
 */
public final class Device extends EventSourcedBehaviorWithEnforcedReplies<Device.Command, DeviceEvent, DeviceState> {
    public static final EntityTypeKey<Command> KEY = EntityTypeKey.create(Command.class, "Device");

    private static final int SNAPSHOT_EVERY = 100;

    /** What can be asked of a device. */
    public sealed interface Command extends Durable {}

    /**
     * Registers the device.
     *
     * @param request {@code <hash of the Idempotency-Key>:<hash of the request>}, or "" without a key
     */
    public record Register(
            String owner,
            String name,
            SortedMap<String, String> labels,
            String credentialHash,
            String request,
            String by,
            ActorRef<Reply> replyTo)
            implements Command {}

    /** Describes the device to somebody who may see it. */
    public record Describe(Principal caller, ActorRef<Reply> replyTo) implements Command {}

    /** Holds a credential's hash against the device's; a good one renews the lease. */
    public record Authenticate(String credentialHash, ActorRef<Authentication> replyTo) implements Command {}

    /** Asks whether a user may act under the device's name without its credential. */
    public record AskBearing(String user, ActorRef<Bearing> replyTo) implements Command {}

    /** Replaces the credential; sessions opened with the old one end. */
    public record RotateCredential(Principal caller, String credentialHash, ActorRef<Reply> replyTo)
            implements Command {}

    /**
     * Changes name and labels.
     *
     * @param name null leaves it as it is
     * @param labels new values; a label with the value null is removed
     * @param ifVersion the version that the caller read; null for any
     */
    public record Relabel(
            Principal caller,
            @Nullable String name,
            Map<String, @Nullable String> labels,
            @Nullable Long ifVersion,
            ActorRef<Reply> replyTo)
            implements Command {}

    /**
     * Patches the twin's desired state.
     *
     * @param ifVersion the version that the caller read; null for any
     */
    public record PatchDesired(
            Principal caller, JsonNode patch, @Nullable Long ifVersion, ActorRef<Reply> replyTo) implements Command {}

    /** Patches the twin's reported state; only the device itself may. */
    public record PatchReported(Principal caller, JsonNode patch, ActorRef<Reply> replyTo) implements Command {}

    /** Makes the credential void and ends the session. */
    public record Revoke(Principal caller, ActorRef<Reply> replyTo) implements Command {}

    /** The owner is being erased: ends everything about the device for good. */
    public record Forget(String by, ActorRef<Reply> replyTo) implements Command {}

    /**
     * A session is open; repeated while it is.
     *
     * @param openedAt by the clock of the session's node, ms since the epoch: of two sessions the newer one stays
     * @param credentialHash of the credential that it was opened with; null from a node that does not know the field
     */
    public record OpenSession(
            Principal caller, long openedAt, @Nullable String credentialHash, ActorRef<SessionSignal> session)
            implements Command {}

    /** A session ended. */
    public record CloseSession(ActorRef<SessionSignal> session) implements Command {}

    /** The device stored everything of the space up to the cursor. */
    public record Acknowledge(Principal caller, String space, String cursor) implements Command {}

    /** Time to write down what was acknowledged too soon after the last time. */
    record AcknowledgementDue(String space) implements Command {}

    /** What a device answers. */
    public sealed interface Reply extends Durable {}

    public record Described(View device) implements Reply {}

    /**
     * The device is registered.
     *
     * @param credentialTaken whether the credential of the command is the device's now
     */
    public record Registered(View device, boolean credentialTaken) implements Reply {}

    public record Refused(ErrorCode code, String detail) implements Reply {}

    /**
     * Whether a credential is good.
     *
     * @param owner null when it is not
     */
    public record Authentication(@Nullable String owner) implements Durable {}

    /** Whether somebody may act under the device's name. */
    public record Bearing(boolean allowed) implements Durable {}

    /**
     * A device without its secrets.
     *
     * @param connected whether it has an open session
     * @param acknowledged space -> how far the device has stored it
     */
    public record View(
            String device,
            String owner,
            String name,
            SortedMap<String, String> labels,
            DeviceState.Standing standing,
            long version,
            long registeredAt,
            long seenAt,
            long leaseUntil,
            boolean connected,
            Twin twin,
            SortedMap<String, DeviceState.Acknowledged> acknowledged) {}

    private record Session(long openedAt, ActorRef<SessionSignal> ref) {
        boolean isOlderThan(Session other) {
            return openedAt < other.openedAt
                    || (openedAt == other.openedAt && ref.path().compareTo(other.ref.path()) < 0);
        }
    }

    private final ActorContext<Command> context;
    private final String device;
    private final EventAdapter<DeviceEvent, ?> events;
    private final SnapshotAdapter<DeviceState> snapshots;
    private final Function<DeviceEvent, Set<String>> tags;
    private final InstantSource clock;
    private final Duration acknowledgedEvery;
    private final Runnable credentialVoid;
    /**
     * By space, the latest that came too soon after the one before. Only in memory: a device says it again in its next session. At most
     * {@link DeviceState#ACKNOWLEDGED_MAX}; what comes beyond them is dropped, and said again by then.
     */
    private final Map<String, Acknowledge> acknowledgedTooSoon = new HashMap<>();

    private final Runnable recovered = Recoveries.start(KEY.name());
    private @Nullable Session session;

    /**
     * A device.
     *
     * @param acknowledgedEvery a cursor that the device has stored is written down at most so often per space
     * @param credentialVoid told after the commit that answers about the device's credential must not be trusted any more
     */
    Device(
            ActorContext<Command> context,
            PersistenceId persistenceId,
            EventAdapter<DeviceEvent, ?> events,
            SnapshotAdapter<DeviceState> snapshots,
            Function<DeviceEvent, Set<String>> tags,
            InstantSource clock,
            Duration acknowledgedEvery,
            Runnable credentialVoid) {
        super(persistenceId);
        this.context = context;
        this.device = persistenceId.id().substring(persistenceId.id().lastIndexOf('|') + 1);
        this.events = events;
        this.snapshots = snapshots;
        this.tags = tags;
        this.clock = clock;
        this.acknowledgedEvery = acknowledgedEvery;
        this.credentialVoid = credentialVoid;
    }

    @Override
    public DeviceState emptyState() {
        return DeviceState.unregistered();
    }

    @Override
    public EventHandler<DeviceState, DeviceEvent> eventHandler() {
        return DeviceState::apply;
    }

    @Override
    public EventAdapter<DeviceEvent, ?> eventAdapter() {
        return events;
    }

    @Override
    public SnapshotAdapter<DeviceState> snapshotAdapter() {
        return snapshots;
    }

    @Override
    public Set<String> tagsFor(DeviceEvent event) {
        return tags.apply(event);
    }

    @Override
    public RetentionCriteria retentionCriteria() {
        return RetentionCriteria.snapshotEvery(SNAPSHOT_EVERY, 1);
    }

    @Override
    public SignalHandler<DeviceState> signalHandler() {
        return newSignalHandlerBuilder()
                .onSignal(RecoveryCompleted.instance(), state -> recovered.run())
                .build();
    }

    @Override
    public CommandHandlerWithReply<Command, DeviceEvent, DeviceState> commandHandler() {
        return (state, command) -> switch (command) {
            case Register register -> onRegister(state, register);
            case Describe describe ->
                Effect()
                        .reply(
                                describe.replyTo(),
                                refusal(state, describe.caller())
                                        .<Reply>map(refused -> refused)
                                        .orElseGet(() -> described(state)));
            case Authenticate authenticate -> onAuthenticate(state, authenticate);
            case AskBearing ask -> Effect().reply(ask.replyTo(), new Bearing(state.mayBeBorneBy(ask.user())));
            case RotateCredential rotate -> onRotate(state, rotate);
            case Relabel relabel -> onRelabel(state, relabel);
            case PatchDesired patch -> onPatchDesired(state, patch);
            case PatchReported patch -> onPatchReported(state, patch);
            case Revoke revoke -> onRevoke(state, revoke);
            case Forget forget -> onForget(state, forget);
            case OpenSession open -> onOpenSession(state, open);
            case CloseSession close -> onCloseSession(close);
            case Acknowledge acknowledge -> onAcknowledge(state, acknowledge);
            case AcknowledgementDue due -> {
                Acknowledge latest = acknowledgedTooSoon.remove(due.space());
                yield latest == null ? Effect().noReply() : onAcknowledge(state, latest);
            }
        };
    }

    private ReplyEffect<DeviceEvent, DeviceState> onRegister(DeviceState state, Register command) {
        return switch (state.registration(command.owner(), command.request())) {
            case DeviceState.Registration.Fresh fresh ->
                Effect()
                        .persist(new DeviceEvent.Registered(
                                command.owner(),
                                command.name(),
                                command.labels(),
                                command.credentialHash(),
                                command.request(),
                                command.by(),
                                clock.millis()))
                        .thenRun((DeviceState registered) -> {
                            credentialVoid.run();
                            DeviceMetrics.registered();
                        })
                        .thenReply(command.replyTo(), registered -> new Registered(view(registered), true));
            case DeviceState.Registration.RepeatedUnused repeated ->
                rotate(command.credentialHash(), command.by())
                        .thenReply(command.replyTo(), rotated -> new Registered(view(rotated), true));
            case DeviceState.Registration.RepeatedUsed repeated ->
                Effect().reply(command.replyTo(), new Registered(view(state), false));
            case DeviceState.Registration.Refused refused ->
                Effect().reply(command.replyTo(), new Refused(refused.code(), refused.detail()));
        };
    }

    private ReplyEffect<DeviceEvent, DeviceState> onAuthenticate(DeviceState state, Authenticate command) {
        if (!state.accepts(command.credentialHash())) {
            DeviceMetrics.unauthenticated();
            return Effect().reply(command.replyTo(), new Authentication(null));
        }
        long now = clock.millis();
        Authentication accepted = new Authentication(state.owner());
        return state.leaseIsDue(now)
                ? Effect().persist(lease(now)).thenReply(command.replyTo(), leased -> accepted)
                : Effect().reply(command.replyTo(), accepted);
    }

    private ReplyEffect<DeviceEvent, DeviceState> onRotate(DeviceState state, RotateCredential command) {
        Optional<Refused> refusal = refusalOfChange(state, command.caller());
        if (refusal.isPresent()) {
            return Effect().reply(command.replyTo(), refusal.get());
        }
        return rotate(command.credentialHash(), command.caller().actor()).thenReply(command.replyTo(), this::described);
    }

    private EffectBuilder<DeviceEvent, DeviceState> rotate(String hash, String by) {
        // Whoever holds the old credential must not stay connected: that may be why it is rotated.
        return Effect()
                .persist(new DeviceEvent.CredentialRotated(hash, by, clock.millis()))
                .thenRun((DeviceState rotated) -> {
                    credentialVoid.run();
                    endSession(ErrorCode.UNAUTHENTICATED);
                    DeviceMetrics.rotated();
                });
    }

    private ReplyEffect<DeviceEvent, DeviceState> onRelabel(DeviceState state, Relabel command) {
        Optional<Refused> refusal =
                refusalOfChange(state, command.caller()).or(() -> staleness(command.ifVersion(), state.version()));
        if (refusal.isPresent()) {
            return Effect().reply(command.replyTo(), refusal.get());
        }
        String name = command.name() == null ? state.name() : command.name();
        TreeMap<String, String> labels = new TreeMap<>(state.labels());
        command.labels().forEach((label, value) -> {
            if (value == null) {
                labels.remove(label);
            } else {
                labels.put(label, value);
            }
        });
        Optional<String> complaint = DeviceState.complaint(name, labels);
        if (complaint.isPresent()) {
            return Effect().reply(command.replyTo(), new Refused(ErrorCode.INVALID_REQUEST, complaint.get()));
        }
        if (name.equals(state.name()) && labels.equals(state.labels())) {
            return Effect().reply(command.replyTo(), described(state));
        }
        return Effect()
                .persist(new DeviceEvent.Relabelled(
                        name, labels, command.caller().actor(), clock.millis()))
                .thenReply(command.replyTo(), this::described);
    }

    private ReplyEffect<DeviceEvent, DeviceState> onPatchDesired(DeviceState state, PatchDesired command) {
        Optional<Refused> refusal = refusalOfChange(state, command.caller())
                .or(() -> staleness(command.ifVersion(), state.twin().desiredVersion()));
        if (refusal.isPresent()) {
            return Effect().reply(command.replyTo(), refusal.get());
        }
        return switch (Twin.change(state.twin().desired(), command.patch())) {
            case Twin.Change.Refused refused ->
                Effect().reply(command.replyTo(), new Refused(refused.code(), refused.detail()));
            case Twin.Change.Same same -> Effect().reply(command.replyTo(), described(state));
            case Twin.Change.Changed changed ->
                Effect()
                        .persist(new DeviceEvent.DesiredPatched(
                                state.twin().desiredVersion() + 1,
                                changed.patch(),
                                command.caller().actor(),
                                clock.millis()))
                        .thenRun((DeviceState patched) -> {
                            tellDesired(patched);
                            DeviceMetrics.desired();
                        })
                        .thenReply(command.replyTo(), this::described);
        };
    }

    private ReplyEffect<DeviceEvent, DeviceState> onPatchReported(DeviceState state, PatchReported command) {
        boolean itself = device.equals(command.caller().device())
                && state.owner().equals(command.caller().user());
        Optional<Refused> refusal = refusal(state, command.caller())
                .or(() -> itself ? Optional.empty() : refused(ErrorCode.FORBIDDEN, "Only the device reports."))
                .or(() -> inactivity(state));
        if (refusal.isPresent()) {
            DeviceMetrics.reportRefused();
            return Effect().reply(command.replyTo(), refusal.get());
        }
        return switch (Twin.change(state.twin().reported(), command.patch())) {
            case Twin.Change.Refused refused -> {
                DeviceMetrics.reportRefused();
                yield Effect().reply(command.replyTo(), new Refused(refused.code(), refused.detail()));
            }
            case Twin.Change.Same same -> Effect().reply(command.replyTo(), described(state));
            case Twin.Change.Changed changed ->
                Effect()
                        .persist(new DeviceEvent.ReportedPatched(
                                state.twin().reportedVersion() + 1, changed.patch(), clock.millis()))
                        .thenRun(DeviceMetrics::reported)
                        .thenReply(command.replyTo(), this::described);
        };
    }

    private ReplyEffect<DeviceEvent, DeviceState> onRevoke(DeviceState state, Revoke command) {
        Optional<Refused> refusal = refusal(state, command.caller()).or(() -> onlyPeople(command.caller()));
        if (refusal.isPresent()) {
            return Effect().reply(command.replyTo(), refusal.get());
        }
        if (state.standing() == DeviceState.Standing.REVOKED) {
            return Effect().reply(command.replyTo(), described(state));
        }
        return Effect()
                .persist(new DeviceEvent.Revoked(command.caller().actor(), clock.millis()))
                .thenRun((DeviceState revoked) -> {
                    credentialVoid.run();
                    endSession(ErrorCode.DEVICE_REVOKED);
                    DeviceMetrics.revoked();
                })
                .thenReply(command.replyTo(), this::described);
    }

    private ReplyEffect<DeviceEvent, DeviceState> onForget(DeviceState state, Forget command) {
        if (state.standing() == DeviceState.Standing.FORGOTTEN) {
            // It stops all the same: while it runs it holds the key that is about to be destroyed.
            return Effect().none().thenStop().thenReply(command.replyTo(), this::described);
        }
        return Effect()
                .persist(new DeviceEvent.Forgotten(command.by(), clock.millis()))
                .thenRun((DeviceState forgotten) -> {
                    credentialVoid.run();
                    endSession(ErrorCode.ERASED);
                })
                .thenStop()
                .thenReply(command.replyTo(), this::described);
    }

    private ReplyEffect<DeviceEvent, DeviceState> onOpenSession(DeviceState state, OpenSession command) {
        Session opened = new Session(command.openedAt(), command.session());
        Optional<ErrorCode> reason = switch (state.standing()) {
            case UNREGISTERED -> Optional.of(ErrorCode.DEVICE_UNKNOWN);
            case REVOKED -> Optional.of(ErrorCode.DEVICE_REVOKED);
            case FORGOTTEN -> Optional.of(ErrorCode.ERASED);
            case ACTIVE -> reasonToEnd(state, command, opened);
        };
        if (reason.isPresent()) {
            command.session().tell(new SessionSignal.End(reason.get()));
            return Effect().noReply();
        }
        if (session == null || !session.ref.equals(opened.ref)) {
            if (session != null) {
                DeviceMetrics.sessionReplaced();
                endSession(ErrorCode.SESSION_REPLACED);
            }
            session = opened;
            context.watchWith(opened.ref, new CloseSession(opened.ref));
            tellDesired(state);
        }
        long now = clock.millis();
        return state.leaseIsDue(now)
                ? Effect().persist(lease(now)).thenNoReply()
                : Effect().noReply();
    }

    /** The credential was good when the session asked about it; here it is known whether it still is. */
    private Optional<ErrorCode> reasonToEnd(DeviceState state, OpenSession command, Session opened) {
        if (!state.owner().equals(command.caller().user())) {
            return Optional.of(ErrorCode.DEVICE_UNKNOWN);
        }
        if (command.credentialHash() != null && !state.accepts(command.credentialHash())) {
            return Optional.of(ErrorCode.UNAUTHENTICATED);
        }
        return session != null && !session.ref.equals(opened.ref) && opened.isOlderThan(session)
                ? Optional.of(ErrorCode.SESSION_REPLACED)
                : Optional.empty();
    }

    private ReplyEffect<DeviceEvent, DeviceState> onCloseSession(CloseSession command) {
        if (session != null && session.ref.equals(command.session())) {
            context.unwatch(session.ref);
            session = null;
        }
        return Effect().noReply();
    }

    private ReplyEffect<DeviceEvent, DeviceState> onAcknowledge(DeviceState state, Acknowledge command) {
        String space = command.space();
        if (!state.owner().equals(command.caller().user()) || !state.acknowledges(space, command.cursor())) {
            return Effect().noReply();
        }
        long now = clock.millis();
        long wait = state.millisUntilAcknowledgement(space, now, acknowledgedEvery);
        if (wait > 0) {
            acknowledgeLater(command, wait);
            return Effect().noReply();
        }
        acknowledgedTooSoon.remove(space);
        return Effect()
                .persist(new DeviceEvent.SpaceAcknowledged(space, command.cursor(), now))
                .thenNoReply();
    }

    /** The latest stays and follows when its time has come: the device may have nothing more to say for a long time. */
    private void acknowledgeLater(Acknowledge command, long waitMillis) {
        if (acknowledgedTooSoon.replace(command.space(), command) == null
                && acknowledgedTooSoon.size() < DeviceState.ACKNOWLEDGED_MAX) {
            acknowledgedTooSoon.put(command.space(), command);
            context.scheduleOnce(
                    Duration.ofMillis(waitMillis), context.getSelf(), new AcknowledgementDue(command.space()));
        }
    }

    private static DeviceEvent lease(long now) {
        return new DeviceEvent.Leased(now + DeviceState.LEASE.toMillis(), now);
    }

    private void tellDesired(DeviceState state) {
        if (session != null && state.twin().desiredVersion() > 0) {
            session.ref.tell(new SessionSignal.Desired(
                    state.twin().desiredVersion(), state.twin().desired()));
        }
    }

    private void endSession(ErrorCode reason) {
        if (session != null) {
            session.ref.tell(new SessionSignal.End(reason));
            context.unwatch(session.ref);
            session = null;
        }
    }

    /** Why the caller may not even see the device. What is somebody else's is not told apart from what does not exist. */
    private Optional<Refused> refusal(DeviceState state, Principal caller) {
        boolean own = state.owner().equals(caller.user())
                && (caller.device() == null || caller.device().equals(device));
        return switch (state.standing()) {
            case FORGOTTEN -> refused(ErrorCode.ERASED, "The owner of this device was erased.");
            case UNREGISTERED -> refused(ErrorCode.NOT_FOUND, "There is no such device among yours.");
            case ACTIVE, REVOKED ->
                own || caller.operates()
                        ? Optional.empty()
                        : refused(ErrorCode.NOT_FOUND, "There is no such device among yours.");
        };
    }

    private Optional<Refused> refusalOfChange(DeviceState state, Principal caller) {
        return refusal(state, caller).or(() -> onlyPeople(caller)).or(() -> inactivity(state));
    }

    private static Optional<Refused> onlyPeople(Principal caller) {
        return caller.device() == null
                ? Optional.empty()
                : refused(ErrorCode.FORBIDDEN, "A device may not change how it is set up; use a user's token.");
    }

    private static Optional<Refused> inactivity(DeviceState state) {
        return state.standing() == DeviceState.Standing.ACTIVE
                ? Optional.empty()
                : refused(ErrorCode.DEVICE_REVOKED, "The device was revoked.");
    }

    private static Optional<Refused> staleness(@Nullable Long ifVersion, long version) {
        return ifVersion == null || ifVersion == version
                ? Optional.empty()
                : refused(ErrorCode.PRECONDITION_FAILED, "It has version " + version + " now.");
    }

    private static Optional<Refused> refused(ErrorCode code, String detail) {
        return Optional.of(new Refused(code, detail));
    }

    private Reply described(DeviceState state) {
        return new Described(view(state));
    }

    private View view(DeviceState state) {
        return new View(
                device,
                state.owner(),
                state.name(),
                state.labels(),
                state.standing(),
                state.version(),
                state.registeredAt(),
                state.seenAt(),
                state.leaseUntil(),
                session != null,
                state.twin(),
                state.acknowledged());
    }
}
