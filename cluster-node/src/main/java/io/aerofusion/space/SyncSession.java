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
import io.aerofusion.platform.security.Principal;
import io.aerofusion.space.wire.Frame;
import io.aerofusion.space.wire.FrameCodec;
import io.aerofusion.space.wire.FrameException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * One device's socket. It keeps no documents: per space it follows a cursor, so that whatever is dropped, because the device is
 * slow or the space moved, is asked for again from there as one coalesced delta.
 *
 * <p>Frames go out in the order of the space's commits: an ack stands after the deltas of the commits before it. An ack carries
 * a cursor only when the device has been sent everything before the push; otherwise the cursor comes with the delta that is
 * still due.
 */
final class SyncSession extends AbstractBehavior<SessionMessage> {
    private static final int PROTOCOL = 1;
    private static final Duration RETRY_MIN = Duration.ofMillis(100);
    private static final int RETRY_JITTER_MILLIS = 400;
    private static final int COME_BACK_JITTER_MILLIS = 2_000;

    private final SessionServices services;
    private final SessionLimits limits;
    private final Socket socket;
    private final String id;
    private final Map<String, SpaceLink> links = new TreeMap<>();
    private final long openedAt;
    private @Nullable Principal principal;
    private Frame.@Nullable Hello hello;
    private String device = "";
    private String token;
    private @Nullable ActorRef<SessionSignal> signals;
    private boolean welcomed;
    private boolean readingPaused;
    private boolean drainAwaited;
    private int pushesInFlight;
    private long credit;
    private long heardAt;
    private long identifiedAt;
    private long endedAt = -1;

    private SyncSession(
            ActorContext<SessionMessage> context,
            SessionServices services,
            Socket socket,
            String id,
            String token,
            @Nullable Principal principal) {
        super(context);
        this.services = services;
        this.limits = services.limits();
        this.socket = socket;
        this.id = id;
        this.token = token;
        this.principal = principal;
        this.credit = limits.creditBytes();
        this.openedAt = services.clock().millis();
        this.heardAt = openedAt;
        this.identifiedAt = openedAt;
    }

    /**
     * @param token bearer token of the upgrade request; "" when the hello brings it
     * @param principal whose token that is; null when the hello brings it
     */
    static Behavior<SessionMessage> create(
            SessionServices services, Socket socket, String id, String token, @Nullable Principal principal) {
        return Behaviors.setup(context -> new SyncSession(context, services, socket, id, token, principal));
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
            case SessionMessage.Signalled signalled -> onSignal(signalled.signal());
            case SessionMessage.SpaceStopped stopped -> onSpaceStopped(stopped.space());
            case SessionMessage.Retry retry -> onRetry(retry.space());
            case SessionMessage.Tick tick -> onTick();
            case SessionMessage.Leave leave -> end(ErrorCode.UNAVAILABLE, "The node leaves the cluster.", comeBack());
            case SpaceNotice notice -> onNotice(notice);
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
            if (hello == null || e.code() == ErrorCode.MALFORMED_FRAME || e.code() == ErrorCode.FRAME_TOO_LARGE) {
                return end(e.code(), e.detail(), -1);
            }
            fail(null, e.code(), e.detail());
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
        return switch (fromDevice) {
            case Frame.Hello again -> this; // handled above
            case Frame.Sub sub -> onSub(sub);
            case Frame.Unsub unsub -> onUnsub(unsub);
            case Frame.Push push -> onPush(push);
            case Frame.Seen seen -> onSeen(seen);
            case Frame.Credit more -> onCredit(more);
            case Frame.Announce announce -> onAnnounce(announce);
            case Frame.Report report -> onReport(report);
            case Frame.Leave leave -> {
                endedAt = services.clock().millis();
                socket.close();
                yield this;
            }
        };
    }

    /** Lets the next frame in, unless the device has as much under way as it may. */
    private Behavior<SessionMessage> readOn() {
        readingPaused = pushesInFlight >= limits.pushesInFlightMax() || clogged() || !welcomed;
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

    private boolean clogged() {
        boolean clogged = socket.unsentBytes() >= limits.unsentBytesMax();
        if (clogged && !drainAwaited) {
            drainAwaited = true;
            socket.whenDrained();
        }
        return clogged;
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
        if (principal != null) {
            return welcome(principal);
        }
        token = said.token();
        identify();
        return this;
    }

    private void identify() {
        identifiedAt = services.clock().millis();
        getContext()
                .pipeToSelf(
                        services.authenticator().authenticate(token),
                        (found, failure) -> new SessionMessage.Identified(
                                found == null ? Optional.empty() : found, failure != null));
    }

    private Behavior<SessionMessage> onIdentified(SessionMessage.Identified identified) {
        if (identified.failed()) {
            // An open session outlives a short outage of whoever knows the tokens.
            return welcomed ? this : end(ErrorCode.UNAVAILABLE, "The token could not be checked.", comeBack());
        }
        if (identified.principal().isEmpty()) {
            return end(ErrorCode.UNAUTHENTICATED, "The token is not valid.", -1);
        }
        if (welcomed) {
            return this;
        }
        principal = identified.principal().get();
        return welcome(principal);
    }

    private Behavior<SessionMessage> welcome(Principal who) {
        if (who.device() != null && !who.device().equals(device)) {
            return end(ErrorCode.DEVICE_UNKNOWN, "The credential belongs to another device.", -1);
        }
        welcomed = true;
        if (who.device() != null) {
            signals = getContext().messageAdapter(SessionSignal.class, SessionMessage.Signalled::new);
            services.devices().opened(who, signals);
        }
        services.metrics().sessionWelcomed();
        write(new Frame.Welcome(
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

    private Behavior<SessionMessage> onSub(Frame.Sub sub) {
        SpaceLink link = linkTo(sub.space());
        if (link == null) {
            return readOn();
        }
        link.collections = List.copyOf(sub.collections());
        link.cursor = sub.cursor();
        link.snapping = sub.cursor() == null;
        ask(link);
        return readOn();
    }

    private Behavior<SessionMessage> onUnsub(Frame.Unsub unsub) {
        SpaceLink link = links.get(unsub.space());
        if (link != null && link.followed()) {
            services.space(who().tenant(), link.space)
                    .tell(new Space.Unfollow(getContext().getSelf().narrow()));
            forgetFollowing(link);
        }
        return readOn();
    }

    private Behavior<SessionMessage> onPush(Frame.Push push) {
        SpaceLink link = linkTo(push.space());
        if (link == null) {
            return readOn();
        }
        SpaceLink.Waiting waiting = new SpaceLink.Waiting(
                push.firstSeq(), command(push), services.clock().millis());
        link.pushes.add(waiting);
        pushesInFlight++;
        if (waiting.push != null) {
            services.space(who().tenant(), link.space).tell(waiting.push);
        } else {
            refuseUnfit(link);
        }
        return readOn();
    }

    /** Null when the base is not a cursor at all. */
    private Space.@Nullable Push command(Frame.Push push) {
        try {
            return new Space.Push(
                    who(),
                    new Push(
                            device,
                            push.firstSeq(),
                            push.base() == null ? null : Cursor.decode(push.base()),
                            push.mutations()),
                    push.traceparent(),
                    getContext().getSelf().narrow());
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private void refuseUnfit(SpaceLink link) {
        for (SpaceLink.Waiting first = link.pushes.peek();
                first != null && first.push == null;
                first = link.pushes.peek()) {
            link.pushes.remove();
            pushesInFlight--;
            fail(link.space, ErrorCode.BAD_CURSOR, "The push's base is not a cursor; nothing of it was taken.");
        }
        if (link.idle()) {
            forget(link);
        }
    }

    private Behavior<SessionMessage> onSeen(Frame.Seen seen) {
        SpaceLink link = links.get(seen.space());
        long now = services.clock().millis();
        if (link == null || now < link.seenPassedOnAt + limits.seenInterval().toMillis()) {
            return readOn();
        }
        try {
            Cursor cursor = Cursor.decode(seen.cursor());
            link.seenPassedOnAt = now;
            services.space(who().tenant(), link.space).tell(new Space.Seen(who(), device, cursor));
            if (signals != null) {
                services.devices().acknowledged(who(), link.space, seen.cursor());
            }
        } catch (IllegalArgumentException e) {
            fail(null, ErrorCode.BAD_CURSOR, "This is not a cursor.");
        }
        return readOn();
    }

    private Behavior<SessionMessage> onCredit(Frame.Credit more) {
        // Never more than the window in all: beyond it nothing is of use, and a sum must not overflow.
        credit += Math.clamp(more.bytes(), 0, limits.creditBytes() - credit);
        catchUp();
        return readOn();
    }

    private Behavior<SessionMessage> onAnnounce(Frame.Announce announce) {
        SpaceLink link = links.get(announce.space());
        if (link == null || !link.followed()) {
            fail(null, ErrorCode.INVALID_REQUEST, "Follow the space before announcing anything to it.");
        } else if (announce.state() != null
                && announce.state().toString().length() > services.spaceLimits().presenceBytesMax()) {
            fail(null, ErrorCode.INVALID_REQUEST, "The presence is larger than the limit.");
        } else {
            services.space(who().tenant(), link.space)
                    .tell(new Space.Announce(
                            announce.state(), getContext().getSelf().narrow()));
        }
        return readOn();
    }

    private Behavior<SessionMessage> onReport(Frame.Report report) {
        if (signals == null) {
            fail(null, ErrorCode.DEVICE_UNKNOWN, "A session without a device credential has no twin.");
        } else {
            services.devices().reported(who(), report.patch());
        }
        return readOn();
    }

    // --- what the spaces say

    private Behavior<SessionMessage> onNotice(SpaceNotice notice) {
        SpaceLink link = links.get(notice.space());
        if (link == null) {
            return this;
        }
        switch (notice) {
            case SpaceNotice.Caught caught -> onCaught(link, caught);
            case SpaceNotice.FollowRefused refused -> {
                if (refused.turn() == link.turn && link.followed()) {
                    forgetFollowing(link);
                    refuse(link.space, refused.code(), refused.detail());
                }
            }
            case SpaceNotice.Committed committed -> onCommitted(link, committed);
            case SpaceNotice.PresenceChanged presence -> {
                if (link.phase == SpaceLink.Phase.LIVE && !clogged()) {
                    write(presence.frame());
                }
            }
            case SpaceNotice.LostAccess lost -> {
                forgetFollowing(link);
                write(new Frame.Gone(link.space, lost.code()));
            }
            case SpaceNotice.PushReply reply -> onPushReply(link, reply);
        }
        return this;
    }

    private void onCaught(SpaceLink link, SpaceNotice.Caught caught) {
        if (link.phase != SpaceLink.Phase.ASKING || caught.turn() != link.turn) {
            return;
        }
        watch(link, caught.entity());
        if (caught.reset() != null) {
            write(new Frame.Reset(link.space, caught.reset()));
        }
        writeData(caught.frame());
        link.cursor = caught.to();
        link.snapping = caught.more() && (link.snapping || caught.reset() != null);
        if (!caught.more()) {
            link.phase = SpaceLink.Phase.LIVE;
        } else {
            link.phase = SpaceLink.Phase.BEHIND;
            if (mayTakeData()) {
                ask(link);
            }
        }
    }

    private void onCommitted(SpaceLink link, SpaceNotice.Committed committed) {
        if (link.phase != SpaceLink.Phase.LIVE) {
            return;
        }
        if (!committed.from().equals(link.cursor)) {
            ask(link); // something between was missed, for example the reply to a push that was sent twice
        } else if (mayTakeData()) {
            writeData(committed.frame());
            link.cursor = committed.to();
        } else {
            link.phase = SpaceLink.Phase.BEHIND;
            services.metrics().fellBehind();
        }
    }

    private void onPushReply(SpaceLink link, SpaceNotice.PushReply reply) {
        SpaceLink.Waiting waiting = link.pushes.peek();
        if (waiting == null || waiting.firstSeq != reply.firstSeq()) {
            return; // the second answer to a push that was sent twice
        }
        link.pushes.remove();
        pushesInFlight--;
        switch (reply) {
            case SpaceNotice.Pushed pushed -> acknowledge(link, pushed);
            case SpaceNotice.PushRefused refused -> refuse(link.space, refused.code(), refused.detail());
        }
        refuseUnfit(link);
        resumeReading();
    }

    private void acknowledge(SpaceLink link, SpaceNotice.Pushed pushed) {
        if (!pushed.rejections().isEmpty()) {
            write(new Frame.Rej(link.space, pushed.rejections()));
        }
        if (!pushed.conflicts().isEmpty()) {
            write(new Frame.Conflicts(link.space, pushed.conflicts()));
        }
        boolean uptodate = link.phase == SpaceLink.Phase.LIVE && pushed.before().equals(link.cursor);
        if (uptodate) {
            link.cursor = pushed.after();
        }
        write(new Frame.Ack(
                link.space,
                pushed.upTo(),
                "committed",
                uptodate ? pushed.after() : null,
                pushed.changes(),
                pushed.restamps()));
    }

    private void refuse(String space, ErrorCode code, String detail) {
        if (code == ErrorCode.SPACE_NOT_FOUND || code == ErrorCode.ERASED) {
            write(new Frame.Gone(space, code));
        } else {
            fail(space, code, detail);
        }
    }

    // --- following

    private void ask(SpaceLink link) {
        link.phase = SpaceLink.Phase.ASKING;
        link.turn++;
        link.askedAt = services.clock().millis();
        services.space(who().tenant(), link.space)
                .tell(new Space.Follow(
                        who(),
                        device,
                        link.collections,
                        link.cursor,
                        link.snapping,
                        link.turn,
                        getContext().getSelf().narrow()));
    }

    private void watch(SpaceLink link, ActorRef<Space.Command> entity) {
        if (!entity.equals(link.entity)) {
            unwatch(link);
            link.entity = entity;
            getContext().watchWith(entity, new SessionMessage.SpaceStopped(link.space));
        }
    }

    private void unwatch(SpaceLink link) {
        if (link.entity != null) {
            getContext().unwatch(link.entity);
            link.entity = null;
        }
    }

    private Behavior<SessionMessage> onSpaceStopped(String space) {
        SpaceLink link = links.get(space);
        if (link != null && link.followed()) {
            link.entity = null;
            link.phase = SpaceLink.Phase.LOST;
            retryLater(link);
        }
        return this;
    }

    private void retryLater(SpaceLink link) {
        getContext()
                .scheduleOnce(
                        RETRY_MIN.plusMillis(ThreadLocalRandom.current().nextInt(RETRY_JITTER_MILLIS)),
                        getContext().getSelf(),
                        new SessionMessage.Retry(link.space));
    }

    private Behavior<SessionMessage> onRetry(String space) {
        SpaceLink link = links.get(space);
        if (link != null) {
            long now = services.clock().millis();
            link.pushes.forEach(waiting -> sendAgain(link, waiting, now));
            if (link.phase == SpaceLink.Phase.LOST) {
                ask(link);
            }
        }
        return this;
    }

    private boolean mayTakeData() {
        return credit > 0 && !clogged();
    }

    private void catchUp() {
        for (SpaceLink link : links.values()) {
            if (link.phase == SpaceLink.Phase.BEHIND && mayTakeData()) {
                ask(link);
            }
        }
    }

    private Behavior<SessionMessage> onDrained() {
        drainAwaited = false;
        catchUp();
        resumeReading();
        return this;
    }

    private @Nullable SpaceLink linkTo(String space) {
        SpaceLink link = links.get(space);
        if (link != null) {
            return link;
        }
        if (!SpaceNames.isSpace(space)) {
            refuse(space, ErrorCode.SPACE_NOT_FOUND, "No space has such a name.");
            return null;
        }
        if (links.size() >= limits.spacesMax()) {
            fail(space, ErrorCode.RATE_LIMITED, "A session follows at most " + limits.spacesMax() + " spaces.");
            return null;
        }
        SpaceLink fresh = new SpaceLink(space);
        links.put(space, fresh);
        return fresh;
    }

    private void forgetFollowing(SpaceLink link) {
        link.phase = SpaceLink.Phase.UNFOLLOWED;
        link.cursor = null;
        if (link.idle()) {
            forget(link);
        } else {
            unwatch(link);
        }
    }

    private void forget(SpaceLink link) {
        unwatch(link);
        links.remove(link.space);
    }

    // --- the device's entity, the clock, the end

    private Behavior<SessionMessage> onSignal(SessionSignal signal) {
        return switch (signal) {
            case SessionSignal.Desired desired -> {
                write(new Frame.Desired(desired.version(), desired.desired()));
                yield this;
            }
            case SessionSignal.End over -> end(over.reason(), over.reason().title(), -1);
        };
    }

    private Behavior<SessionMessage> onTick() {
        long now = services.clock().millis();
        if (!welcomed && now - openedAt > limits.helloTimeout().toMillis()) {
            return end(ErrorCode.TIMEOUT, "No hello in time.", comeBack());
        }
        // Somebody who is not read from cannot be blamed for silence.
        if (!readingPaused && now - heardAt > limits.idleTimeout().toMillis()) {
            return end(ErrorCode.TIMEOUT, "Nothing was heard for too long.", comeBack());
        }
        if (welcomed
                && signals == null
                && now - identifiedAt > limits.tokenRecheck().toMillis()) {
            identify();
        }
        for (SpaceLink link : links.values()) {
            if (link.phase == SpaceLink.Phase.ASKING
                    && now - link.askedAt > limits.replyTimeout().toMillis()) {
                ask(link);
            }
            checkPushes(link, now);
        }
        return this;
    }

    private void checkPushes(SpaceLink link, long now) {
        SpaceLink.Waiting first = link.pushes.peek();
        if (first == null) {
            return;
        }
        if (!first.slow && now - first.since > limits.slowAfter().toMillis()) {
            first.slow = true;
            services.metrics().slowed();
            write(new Frame.Slow(limits.slowRetry().toMillis()));
        }
        for (SpaceLink.Waiting waiting : link.pushes) {
            if (now - waiting.sentAt > limits.replyTimeout().toMillis()) {
                sendAgain(link, waiting, now);
            }
        }
    }

    private void sendAgain(SpaceLink link, SpaceLink.Waiting waiting, long now) {
        if (waiting.push != null) {
            waiting.sentAt = now;
            services.space(who().tenant(), link.space).tell(waiting.push);
        }
    }

    private Behavior<SessionMessage> end(ErrorCode reason, String detail, long retryAfterMillis) {
        write(new Frame.Bye(reason, detail, retryAfterMillis));
        services.metrics().sessionEnded(reason);
        endedAt = services.clock().millis();
        socket.close();
        return this;
    }

    private Behavior<SessionMessage> onTickWhileClosing() {
        if (services.clock().millis() - endedAt > limits.closeTimeout().toMillis()) {
            socket.abort();
            return Behaviors.stopped();
        }
        return this;
    }

    private void left() {
        socket.abort();
        if (signals != null) {
            services.devices().closed(who(), signals);
        }
        if (principal != null) {
            for (SpaceLink link : links.values()) {
                if (link.entity != null) {
                    link.entity.tell(new Space.Unfollow(getContext().getSelf().narrow()));
                }
            }
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

    private void fail(@Nullable String space, ErrorCode code, String detail) {
        write(new Frame.Failure(space, code, detail));
    }

    private void write(Frame frame) {
        write(FrameCodec.encode(frame));
    }

    private void write(byte[] frame) {
        socket.write(ByteString.fromArrayUnsafe(frame));
    }

    private void writeData(byte[] frame) {
        credit -= frame.length;
        services.metrics().dataSent(frame.length);
        write(frame);
    }
}
