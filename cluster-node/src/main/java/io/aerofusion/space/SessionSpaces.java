package io.aerofusion.space;

import akka.actor.typed.ActorRef;
import akka.actor.typed.javadsl.ActorContext;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.security.Principal;
import io.aerofusion.platform.telemetry.TraceStep;
import io.aerofusion.space.wire.Frame;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * The spaces of one session: which it follows and how far, and the pushes under way. It keeps no documents but cursors, so that
 * whatever is dropped, because the device is slow or the space moved, is asked for again from there as one coalesced delta.
 *
 * <p>Frames go out in the order of the space's commits: an ack stands after the deltas of the commits before it. An ack carries
 * a cursor only when the device has been sent everything before the push; otherwise the cursor comes with the delta that is
 * still due.
 */
final class SessionSpaces {
    private static final Duration RETRY_MIN = Duration.ofMillis(100);
    private static final int RETRY_JITTER_MILLIS = 400;

    private final ActorContext<SessionMessage> context;
    private final SessionServices services;
    private final SessionLimits limits;
    private final Outbox out;
    private final Principal who;
    private final String device;
    private final Map<String, SpaceLink> links = new TreeMap<>();
    private int pushesInFlight;

    SessionSpaces(
            ActorContext<SessionMessage> context, SessionServices services, Outbox out, Principal who, String device) {
        this.context = context;
        this.services = services;
        this.limits = services.limits();
        this.out = out;
        this.who = who;
        this.device = device;
    }

    /** Whether as many pushes are under way as may be. */
    boolean isBusy() {
        return pushesInFlight >= limits.pushesInFlightMax();
    }

    /** Asks again for what took too long, and slows the device down when commits do. */
    void check(long now) {
        for (SpaceLink link : links.values()) {
            if (link.phase == SpaceLink.Phase.ASKING
                    && now - link.askedAt > limits.replyTimeout().toMillis()) {
                ask(link);
            }
            checkPushes(link, now);
            passOnSeen(link, now);
            passOn(link, now);
        }
    }

    /** The session is over. */
    void left() {
        for (SpaceLink link : links.values()) {
            tellSeen(link, services.clock().millis());
            if (link.entity != null) {
                link.entity.tell(new Space.Unfollow(context.getSelf().narrow()));
            }
        }
    }

    // --- what the device asks

    void sub(Frame.Sub sub) {
        SpaceLink link = linkTo(sub.space());
        if (link == null) {
            return;
        }
        link.collections = List.copyOf(sub.collections());
        link.cursor = sub.cursor();
        link.snapping = sub.cursor() == null;
        ask(link);
    }

    void unsub(Frame.Unsub unsub) {
        SpaceLink link = links.get(unsub.space());
        if (link != null && link.followed()) {
            services.space(who.tenant(), link.space)
                    .tell(new Space.Unfollow(context.getSelf().narrow()));
            forgetFollowing(link);
        }
    }

    void push(Frame.Push push) {
        SpaceLink link = linkTo(push.space());
        if (link == null) {
            return;
        }
        TraceStep step = TraceStep.start("space.push", "session", push.traceparent());
        SpaceLink.Waiting waiting = new SpaceLink.Waiting(
                push.firstSeq(), command(push, step), step, services.clock().millis());
        link.pushes.add(waiting);
        pushesInFlight++;
        if (waiting.push != null) {
            services.space(who.tenant(), link.space).tell(waiting.push);
        } else {
            refuseUnfit(link);
        }
    }

    /** Null when the base is not a cursor at all. */
    private Space.@Nullable Push command(Frame.Push push, TraceStep step) {
        try {
            return new Space.Push(
                    who,
                    new Push(
                            device,
                            push.firstSeq(),
                            push.base() == null ? null : Cursor.decode(push.base()),
                            push.mutations()),
                    step.traceparent(),
                    context.getSelf().narrow());
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
            first.step.fail(ErrorCode.BAD_CURSOR.code());
            out.fail(link.space, ErrorCode.BAD_CURSOR, "The push's base is not a cursor; nothing of it was taken.");
        }
        if (link.idle()) {
            forget(link);
        }
    }

    void seen(Frame.Seen seen) {
        SpaceLink link = links.get(seen.space());
        if (link == null) {
            return;
        }
        try {
            link.seen = Cursor.decode(seen.cursor()); // in place of what may still wait
            passOnSeen(link, services.clock().millis());
        } catch (IllegalArgumentException e) {
            out.fail(null, ErrorCode.BAD_CURSOR, "This is not a cursor.");
        }
    }

    /** Of what a device stores within the interval the latest counts: it may be the last that it says for a long time. */
    private void passOnSeen(SpaceLink link, long now) {
        if (now >= link.seenPassedOnAt + limits.seenInterval().toMillis()) {
            tellSeen(link, now);
        }
    }

    private void tellSeen(SpaceLink link, long now) {
        Cursor seen = link.seen;
        if (seen != null) {
            link.seen = null;
            link.seenPassedOnAt = now;
            services.space(who.tenant(), link.space).tell(new Space.Seen(who, device, seen));
            if (who.device() != null) {
                services.devices().acknowledged(who, link.space, seen.encode());
            }
        }
    }

    void announce(Frame.Announce announce) {
        SpaceLink link = links.get(announce.space());
        if (link == null || !link.followed()) {
            out.fail(null, ErrorCode.INVALID_REQUEST, "Follow the space before announcing anything to it.");
        } else if (announce.state() != null
                && announce.state().toString().length() > services.spaceLimits().presenceBytesMax()) {
            out.fail(null, ErrorCode.INVALID_REQUEST, "The presence is larger than the limit.");
        } else {
            link.announcement = announce; // in place of what may still wait
            passOn(link, services.clock().millis());
        }
    }

    /** Presence is soft: of what is announced too fast the latest counts. */
    private void passOn(SpaceLink link, long now) {
        Frame.Announce announcement = link.announcement;
        if (announcement != null
                && now >= link.announcedAt + limits.presenceInterval().toMillis()) {
            link.announcement = null;
            link.announced = announcement.state() == null ? null : announcement;
            link.announcedAt = now;
            services.space(who.tenant(), link.space)
                    .tell(new Space.Announce(
                            announcement.state(), context.getSelf().narrow()));
        }
    }

    // --- what the spaces say

    /** Takes in what a space says. */
    void hear(SpaceNotice notice) {
        SpaceLink link = links.get(notice.space());
        if (link == null) {
            return;
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
                if (link.followed()) {
                    out.show(link.space, presence.device(), presence.frame());
                }
            }
            case SpaceNotice.LostAccess lost -> {
                forgetFollowing(link);
                out.write(new Frame.Gone(link.space, lost.code()));
            }
            case SpaceNotice.PushReply reply -> onPushReply(link, reply);
        }
    }

    private void onCaught(SpaceLink link, SpaceNotice.Caught caught) {
        if (link.phase != SpaceLink.Phase.ASKING || caught.turn() != link.turn) {
            return;
        }
        watch(link, caught.entity());
        if (caught.reset() != null) {
            out.write(new Frame.Reset(link.space, caught.reset()));
        }
        out.writeData(caught.frame());
        link.cursor = caught.to();
        link.snapping = caught.more() && (link.snapping || caught.reset() != null);
        if (!caught.more()) {
            link.phase = SpaceLink.Phase.LIVE;
        } else {
            link.phase = SpaceLink.Phase.BEHIND;
            if (out.mayTakeData()) {
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
        } else if (out.mayTakeData()) {
            TraceStep step = TraceStep.start("space.delta", "session", committed.traceparent());
            out.writeData(committed.frame());
            link.cursor = committed.to();
            step.finish();
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
            case SpaceNotice.Pushed pushed -> {
                acknowledge(link, pushed);
                waiting.step.finish();
            }
            case SpaceNotice.PushRefused refused -> {
                refuse(link.space, refused.code(), refused.detail());
                waiting.step.fail(refused.code().code());
            }
        }
        refuseUnfit(link);
    }

    private void acknowledge(SpaceLink link, SpaceNotice.Pushed pushed) {
        if (!pushed.rejections().isEmpty()) {
            out.write(new Frame.Rej(link.space, pushed.rejections()));
        }
        if (!pushed.conflicts().isEmpty()) {
            out.write(new Frame.Conflicts(link.space, pushed.conflicts()));
        }
        boolean uptodate = link.phase == SpaceLink.Phase.LIVE && pushed.before().equals(link.cursor);
        if (uptodate) {
            link.cursor = pushed.after();
        }
        out.write(new Frame.Ack(
                link.space,
                pushed.upTo(),
                "committed",
                uptodate ? pushed.after() : null,
                pushed.changes(),
                pushed.restamps()));
    }

    private void refuse(String space, ErrorCode code, String detail) {
        if (code == ErrorCode.SPACE_NOT_FOUND || code == ErrorCode.ERASED) {
            out.write(new Frame.Gone(space, code));
        } else {
            out.fail(space, code, detail);
        }
    }

    // --- following

    private void ask(SpaceLink link) {
        link.phase = SpaceLink.Phase.ASKING;
        link.turn++;
        link.askedAt = services.clock().millis();
        services.space(who.tenant(), link.space)
                .tell(new Space.Follow(
                        who,
                        device,
                        link.collections,
                        link.cursor,
                        link.snapping,
                        link.turn,
                        context.getSelf().narrow()));
    }

    private void watch(SpaceLink link, ActorRef<Space.Command> entity) {
        if (!entity.equals(link.entity)) {
            unwatch(link);
            link.entity = entity;
            context.watchWith(entity, new SessionMessage.SpaceStopped(link.space));
            if (link.announced != null && link.announcement == null) { // a new incarnation knows nothing of it
                link.announcement = link.announced;
                passOn(link, services.clock().millis());
            }
        }
    }

    private void unwatch(SpaceLink link) {
        if (link.entity != null) {
            context.unwatch(link.entity);
            link.entity = null;
        }
    }

    /** The incarnation of a space that sent the deltas is gone: another one is asked soon. */
    void stopped(String space) {
        SpaceLink link = links.get(space);
        if (link != null && link.followed()) {
            link.entity = null;
            link.phase = SpaceLink.Phase.LOST;
            retryLater(link);
        }
    }

    private void retryLater(SpaceLink link) {
        context.scheduleOnce(
                RETRY_MIN.plusMillis(ThreadLocalRandom.current().nextInt(RETRY_JITTER_MILLIS)),
                context.getSelf(),
                new SessionMessage.Retry(link.space));
    }

    /** Asks a space again, and sends again what it has not answered. */
    void retry(String space) {
        SpaceLink link = links.get(space);
        if (link != null) {
            long now = services.clock().millis();
            link.pushes.forEach(waiting -> sendAgain(link, waiting, now));
            if (link.phase == SpaceLink.Phase.LOST) {
                ask(link);
            }
        }
    }

    /** Asks for what the device has missed, as far as it can take it now. */
    void catchUp() {
        for (SpaceLink link : links.values()) {
            if (link.phase == SpaceLink.Phase.BEHIND && out.mayTakeData()) {
                ask(link);
            }
        }
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
            out.fail(space, ErrorCode.RATE_LIMITED, "A session follows at most " + limits.spacesMax() + " spaces.");
            return null;
        }
        SpaceLink fresh = new SpaceLink(space);
        links.put(space, fresh);
        return fresh;
    }

    private void forgetFollowing(SpaceLink link) {
        link.phase = SpaceLink.Phase.UNFOLLOWED;
        link.cursor = null;
        link.announcement = null;
        link.announced = null;
        out.forgetPresence(link.space);
        if (link.idle()) {
            forget(link);
        } else {
            unwatch(link);
        }
    }

    private void forget(SpaceLink link) {
        tellSeen(link, services.clock().millis());
        unwatch(link);
        links.remove(link.space);
    }

    private void checkPushes(SpaceLink link, long now) {
        SpaceLink.Waiting first = link.pushes.peek();
        if (first == null) {
            return;
        }
        if (!first.slow && now - first.since > limits.slowAfter().toMillis()) {
            first.slow = true;
            services.metrics().slowed();
            out.write(new Frame.Slow(limits.slowRetry().toMillis()));
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
            services.space(who.tenant(), link.space).tell(waiting.push);
        }
    }
}
