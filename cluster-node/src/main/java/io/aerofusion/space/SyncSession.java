package io.aerofusion.space;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.util.ByteString;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.cluster.SessionSignal;
import io.aerofusion.platform.security.Authenticator;
import io.aerofusion.platform.security.Authenticator.Accepted;
import io.aerofusion.platform.security.Principal;
import io.aerofusion.platform.telemetry.TraceParent;
import io.aerofusion.space.wire.Frame;
import io.aerofusion.space.wire.FrameCodec;
import io.aerofusion.space.wire.FrameException;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * One device's socket, from hello to bye: who it is, what it may send when, and when it is over. What it follows and pushes is in
 * {@link SessionSpaces}.
 */
final class SyncSession extends AbstractBehavior<SessionMessage> {
    private static final Logger LOG = LoggerFactory.getLogger(SyncSession.class);
    private static final int PROTOCOL = 1;
    private static final int COME_BACK_JITTER_MILLIS = 2_000;
    /** How long after a failed check a token is checked again, at the latest. */
    private static final long IDENTIFIED_AGAIN_AFTER_MILLIS = 5_000;

    private final SessionServices services;
    private final SessionLimits limits;
    private final Socket socket;
    private final String id;
    private final Outbox out;
    private final long openedAt;
    private @Nullable Principal principal;
    private Frame.@Nullable Hello hello;
    private String device = "";
    private String token;
    /** When the token ends by itself, in milliseconds of the epoch; then the session does. */
    private long until;

    private @Nullable ActorRef<SessionSignal> signals;
    /** There once the device was welcomed. */
    private @Nullable SessionSpaces spaces;

    /** The tokens may have changed since the principal was found out, and nobody was welcomed yet. */
    private boolean doubted;

    private boolean readingPaused;
    private long heardAt;
    private long identifyAt;
    private long reports;
    private long endedAt = -1;

    private SyncSession(
            ActorContext<SessionMessage> context,
            SessionServices services,
            Socket socket,
            String id,
            String token,
            @Nullable Accepted identity) {
        super(context);
        this.services = services;
        this.limits = services.limits();
        this.socket = socket;
        this.id = id;
        this.token = token;
        this.principal = identity == null ? null : identity.principal();
        this.until = identity == null ? Long.MAX_VALUE : identity.until();
        this.out = new Outbox(socket, limits, services.metrics());
        this.openedAt = services.clock().millis();
        this.heardAt = openedAt;
        this.identifyAt = openedAt + limits.tokenRecheck().toMillis();
    }

    /**
     * @param token bearer token of the upgrade request; "" when the hello brings it
     * @param identity whose token that is; null when the hello brings it
     */
    static Behavior<SessionMessage> create(
            SessionServices services, Socket socket, String id, String token, @Nullable Accepted identity) {
        return Behaviors.setup(context -> new SyncSession(context, services, socket, id, token, identity));
    }

    @Override
    public Receive<SessionMessage> createReceive() {
        return newReceiveBuilder()
                .onMessage(SessionMessage.class, this::onAny)
                .onSignal(akka.actor.typed.PostStop.class, stop -> {
                    left();
                    return this;
                })
                .build();
    }

    private Behavior<SessionMessage> onAny(SessionMessage message) {
        if (endedAt >= 0) {
            return switch (message) {
                case SessionMessage.Disconnected gone -> Behaviors.stopped();
                case SessionMessage.Tick tick -> onTickWhileClosing();
                default -> this; // a closing session does nothing more, whatever comes
            };
        }
        return switch (message) {
            case SessionMessage.Received received -> onReceived(received.bytes());
            case SessionMessage.Unreadable bad -> end(bad.code(), bad.detail(), -1);
            case SessionMessage.Drained drained -> onDrained();
            case SessionMessage.Disconnected gone -> Behaviors.stopped();
            case SessionMessage.Identified identified -> onIdentified(identified);
            case SessionMessage.NameChecked checked -> onNameChecked(checked);
            case SessionMessage.IdentifyAgain again -> {
                if (isOf(again)) {
                    identifyAgain();
                }
                yield this;
            }
            case SessionMessage.IdentifyForeignAgain again -> {
                if (principal == null || until < Long.MAX_VALUE) {
                    identifyAgain();
                }
                yield this;
            }
            case SessionMessage.ReportAnswered answered -> {
                out.write(new Frame.Reported(
                        answered.number(),
                        answered.answer().version(),
                        answered.answer().refused()));
                yield this;
            }
            case SessionMessage.ReportUnanswered nothing -> this; // the device sends it again in its next session
            case SessionMessage.Signalled signalled -> onSignal(signalled.signal());
            case SessionMessage.SpaceStopped stopped -> {
                spaces().stopped(stopped.space());
                yield this;
            }
            case SessionMessage.Retry retry -> {
                spaces().retry(retry.space());
                yield this;
            }
            case SessionMessage.Tick tick -> onTick();
            case SessionMessage.Leave leave -> end(ErrorCode.UNAVAILABLE, "The node leaves the cluster.", comeBack());
            case SpaceNotice notice -> {
                spaces().hear(notice);
                resumeReading();
                yield this;
            }
        };
    }

    // --- what the device sends

    private Behavior<SessionMessage> onReceived(ByteString bytes) {
        heardAt = services.clock().millis();
        Frame frame;
        try {
            frame = FrameCodec.decode(bytes.toArray(), services.frameLimits());
        } catch (FrameException e) {
            services.metrics().badFrame(e.code());
            log(Level.DEBUG).addKeyValue("code", e.code().code()).log("a frame could not be used");
            if (hello == null || e.code() == ErrorCode.MALFORMED_FRAME || e.code() == ErrorCode.FRAME_TOO_LARGE) {
                return end(e.code(), e.detail(), -1);
            }
            out.fail(null, e.code(), e.detail());
            return readOn();
        }
        if (!(frame instanceof Frame.FromDevice fromDevice)) {
            return end(ErrorCode.UNKNOWN_FRAME, "This frame is for servers to send.", -1);
        }
        if (fromDevice instanceof Frame.Hello first) {
            return hello == null ? onHello(first) : end(ErrorCode.MALFORMED_FRAME, "One hello per session.", -1);
        }
        if (hello == null) {
            return end(ErrorCode.UNAUTHENTICATED, "The first frame is hello.", -1);
        }
        return serve(fromDevice);
    }

    private Behavior<SessionMessage> serve(Frame.FromDevice frame) {
        switch (frame) {
            case Frame.Hello hello -> {} // the first frame only
            case Frame.Sub sub -> spaces().sub(sub);
            case Frame.Unsub unsub -> spaces().unsub(unsub);
            case Frame.Push push -> {
                if (LOG.isDebugEnabled()) {
                    log(Level.DEBUG)
                            .addKeyValue("space", push.space())
                            .addKeyValue("mutations", push.mutations().size())
                            .addKeyValue("trace", traceId(push.traceparent()))
                            .log("changes came");
                }
                spaces().push(push);
            }
            case Frame.Seen seen -> spaces().seen(seen);
            case Frame.Credit more -> {
                out.grant(more.bytes());
                spaces().catchUp();
            }
            case Frame.Announce announce -> spaces().announce(announce);
            case Frame.Report report -> onReport(report);
            case Frame.Leave leave -> {
                endedAt = services.clock().millis();
                socket.close();
                return this;
            }
        }
        return readOn();
    }

    /** Lets the next frame in, unless the device has as much under way as it may. */
    private Behavior<SessionMessage> readOn() {
        readingPaused = spaces == null || spaces.isBusy() || out.clogged();
        if (!readingPaused) {
            socket.read();
        }
        return this;
    }

    private void resumeReading() {
        if (readingPaused) {
            readOn();
        }
    }

    private Behavior<SessionMessage> onHello(Frame.Hello said) {
        if (said.protocol() != PROTOCOL) {
            return end(ErrorCode.INVALID_REQUEST, "This server speaks protocol " + PROTOCOL + ".", -1);
        }
        if (!SpaceNames.isDevice(said.device())) {
            return end(ErrorCode.INVALID_REQUEST, "The device's name is missing or not acceptable.", -1);
        }
        hello = said;
        device = said.device();
        if (principal != null && !doubted) {
            return admit(principal);
        }
        if (principal == null) {
            token = said.token();
        }
        identify();
        return this;
    }

    /** Whether it is about this session's user, or may be. A device's credential does not hang on its owner's tokens. */
    private boolean isOf(SessionMessage.IdentifyAgain again) {
        Principal known = principal;
        return known == null
                || (known.device() == null
                        && known.tenant().equals(again.tenant())
                        && known.user().equals(again.user()));
    }

    /** An open session asks at once; one that is about to be opened before it is: what it was told may be older than the change. */
    private void identifyAgain() {
        if (spaces == null) {
            doubted = true;
        } else {
            identify();
        }
    }

    private void identify() {
        doubted = false;
        identifyAt = services.clock().millis() + limits.tokenRecheck().toMillis();
        getContext()
                .pipeToSelf(
                        services.authenticator().authenticate(token),
                        (outcome, failure) -> new SessionMessage.Identified(outcome));
    }

    private Behavior<SessionMessage> onIdentified(SessionMessage.Identified identified) {
        return switch (identified.outcome()) {
            case null -> onNotIdentified();
            case Authenticator.Refused refused -> end(refused.code(), refused.detail(), -1);
            case Accepted accepted -> {
                if (spaces != null) {
                    yield accepted.principal().equals(principal)
                            ? this
                            : end(
                                    ErrorCode.UNAVAILABLE,
                                    "What the user may do has changed: connect again.",
                                    comeBack());
                }
                principal = accepted.principal();
                until = accepted.until();
                if (doubted) {
                    identify();
                    yield this;
                }
                yield admit(principal);
            }
        };
    }

    /** A credential proves whose device it is; a user's token does not, so the device's entity is asked. */
    private Behavior<SessionMessage> admit(Principal who) {
        if (who.device() != null) {
            return welcome(who);
        }
        getContext()
                .pipeToSelf(
                        services.devices().mayBear(who, device),
                        (allowed, failure) -> new SessionMessage.NameChecked(allowed));
        return this;
    }

    private Behavior<SessionMessage> onNameChecked(SessionMessage.NameChecked checked) {
        Boolean allowed = checked.allowed();
        if (doubted) {
            identify();
            return this;
        }
        if (allowed == null) {
            return end(ErrorCode.UNAVAILABLE, "The device's name could not be checked.", comeBack());
        }
        return allowed
                ? welcome(who())
                : end(ErrorCode.DEVICE_UNKNOWN, "The name is that of somebody else's registered device.", -1);
    }

    /** An open session outlives a short outage of whoever knows the tokens, and looks again soon: the token may have been revoked. */
    private Behavior<SessionMessage> onNotIdentified() {
        if (spaces == null) {
            return end(ErrorCode.UNAVAILABLE, "The token could not be checked.", comeBack());
        }
        identifyAt =
                services.clock().millis() + Math.min(limits.tokenRecheck().toMillis(), IDENTIFIED_AGAIN_AFTER_MILLIS);
        return this;
    }

    private Behavior<SessionMessage> welcome(Principal who) {
        if (who.device() != null && !who.device().equals(device)) {
            return end(ErrorCode.DEVICE_UNKNOWN, "The credential belongs to another device.", -1);
        }
        spaces = new SessionSpaces(getContext(), services, out, who, device);
        if (who.device() != null) {
            signals = getContext().messageAdapter(SessionSignal.class, SessionMessage.Signalled::new);
            services.devices().opened(who, token, signals);
        }
        services.metrics().sessionWelcomed();
        String before = hello == null ? null : hello.resume();
        LoggingEventBuilder line = log(Level.DEBUG);
        (before != null && SyncSessions.isId(before) ? line.addKeyValue("resumed", before) : line)
                .log("a session was welcomed");
        out.write(new Frame.Welcome(
                id,
                services.node(),
                services.clock().millis(),
                new Frame.Limits(
                        limits.frameBytesMax(),
                        services.spaceLimits().documentBytesMax(),
                        services.spaceLimits().pushMutationsMax(),
                        limits.pushesInFlightMax(),
                        services.spaceLimits().nestingMax(),
                        limits.spacesMax(),
                        limits.creditBytes()),
                services.spaceLimits().lease().toMillis(),
                limits.heartbeat().toMillis()));
        return readOn();
    }

    private void onReport(Frame.Report report) {
        if (signals == null) {
            out.fail(null, ErrorCode.DEVICE_UNKNOWN, "A session without a device credential has no twin.");
        } else {
            long number = ++reports;
            getContext()
                    .pipeToSelf(
                            services.devices().reported(who(), report.patch()),
                            (answer, failure) -> answer == null
                                    ? new SessionMessage.ReportUnanswered()
                                    : new SessionMessage.ReportAnswered(number, answer));
        }
    }

    private Behavior<SessionMessage> onDrained() {
        out.drained();
        if (spaces != null) {
            spaces.catchUp();
        }
        resumeReading();
        return this;
    }

    // --- the device's entity, the clock, the end

    private Behavior<SessionMessage> onSignal(SessionSignal signal) {
        return switch (signal) {
            case SessionSignal.Desired desired -> {
                out.write(new Frame.Desired(desired.version(), desired.desired()));
                yield this;
            }
            case SessionSignal.End over -> end(over.reason(), over.reason().title(), -1);
        };
    }

    private Behavior<SessionMessage> onTick() {
        services.metrics().waiting(socket.unsentBytes());
        long now = services.clock().millis();
        if (spaces == null && now - openedAt > limits.helloTimeout().toMillis()) {
            return end(ErrorCode.TIMEOUT, "No hello in time.", comeBack());
        }
        if (now >= until) {
            return end(ErrorCode.UNAUTHENTICATED, "The token has expired.", -1);
        }
        // Somebody who is not read from cannot be blamed for silence.
        if (!readingPaused && now - heardAt > limits.idleTimeout().toMillis()) {
            return end(ErrorCode.TIMEOUT, "Nothing was heard for too long.", comeBack());
        }
        if (spaces != null && signals == null && now > identifyAt) {
            identify();
        }
        if (spaces != null) {
            spaces.check(now);
            resumeReading();
        }
        return this;
    }

    private Behavior<SessionMessage> end(ErrorCode reason, String detail, long retryAfterMillis) {
        out.write(new Frame.Bye(reason, detail, retryAfterMillis));
        services.metrics().sessionEnded(reason);
        // A node that leaves ends them all.
        log(reason == ErrorCode.UNAVAILABLE ? Level.DEBUG : Level.INFO)
                .addKeyValue("code", reason.code())
                .log("a session was ended");
        endedAt = services.clock().millis();
        socket.close();
        return this;
    }

    private Behavior<SessionMessage> onTickWhileClosing() {
        services.metrics().waiting(socket.unsentBytes());
        if (services.clock().millis() - endedAt > limits.closeTimeout().toMillis()) {
            socket.abort();
            return Behaviors.stopped();
        }
        return this;
    }

    /** A line about this session. What a device sent stays out of it: contents are nobody's business here, and a token may be in it. */
    private LoggingEventBuilder log(Level level) {
        LoggingEventBuilder line = LOG.atLevel(level).addKeyValue("session", id).addKeyValue("device", device);
        return principal == null ? line : line.addKeyValue("user", principal.user());
    }

    private static String traceId(@Nullable String traceparent) {
        return traceparent == null
                ? ""
                : TraceParent.parse(traceparent).map(TraceParent::traceId).orElse("");
    }

    private void left() {
        socket.abort();
        if (signals != null) {
            services.devices().closed(who(), signals);
        }
        if (spaces != null) {
            spaces.left();
        }
    }

    private static long comeBack() {
        return ThreadLocalRandom.current().nextInt(COME_BACK_JITTER_MILLIS);
    }

    private Principal who() {
        if (principal == null) {
            throw new IllegalStateException("nobody was welcomed yet");
        }
        return principal;
    }

    private SessionSpaces spaces() {
        if (spaces == null) {
            throw new IllegalStateException("nobody was welcomed yet");
        }
        return spaces;
    }
}
