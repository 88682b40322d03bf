package io.aerofusion.space;

import akka.actor.Cancellable;
import akka.actor.typed.ActorRef;
import com.fasterxml.jackson.databind.JsonNode;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.security.Principal;
import io.aerofusion.space.wire.Frame;
import io.aerofusion.space.wire.FrameCodec;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The soft state of a {@link Space}: who follows it, what they announced, and which requests wait for its next change. */
final class Followers {
    private static final class Follower {
        final Principal principal;
        final String device;
        final Set<String> collections;
        boolean live;
        boolean introduced;

        @Nullable JsonNode presence;

        Follower(Space.Follow follow) {
            this.principal = follow.by();
            this.device = follow.device();
            this.collections = Set.copyOf(follow.collections());
        }
    }

    /** A request that waits for a change. */
    static final class Waiter {
        private final Space.Changes ask;
        private @Nullable Cancellable limit;

        Waiter(Space.Changes ask) {
            this.ask = ask;
        }

        Space.Changes ask() {
            return ask;
        }

        void limit(Cancellable timer) {
            limit = timer;
        }

        void answer(Space.Reply reply) {
            if (limit != null) {
                limit.cancel();
            }
            ask.replyTo().tell(reply);
        }
    }

    private final String space;
    private final EntityLimits limits;
    private final SpaceMetrics metrics;
    private final Map<ActorRef<SpaceNotice>, Follower> followers = new LinkedHashMap<>();
    private final Set<Waiter> waiting = new LinkedHashSet<>();

    Followers(String space, EntityLimits limits, SpaceMetrics metrics) {
        this.space = space;
        this.limits = limits;
        this.metrics = metrics;
    }

    boolean nobody() {
        return followers.isEmpty() && waiting.isEmpty();
    }

    Optional<Space.Refused> refusal(ActorRef<SpaceNotice> follower) {
        return followers.containsKey(follower) || followers.size() < limits.followersMax()
                ? Optional.empty()
                : Optional.of(new Space.Refused(
                        ErrorCode.RATE_LIMITED, "At most " + limits.followersMax() + " sessions follow a space."));
    }

    /** Registers a follower, or what it follows now; true when it is new. */
    boolean add(Space.Follow follow) {
        Follower fresh = new Follower(follow);
        Follower old = followers.put(follow.follower(), fresh);
        if (old != null) {
            fresh.presence = old.presence;
            fresh.introduced = old.introduced;
        }
        return old == null;
    }

    /**
     * From now on the follower gets every commit (or not yet). The first time it also learns who else is there, and from then on whatever
     * changes of that, also while it is behind with the commits: nobody would tell it later.
     */
    void caughtUp(ActorRef<SpaceNotice> ref, boolean live) {
        Follower follower = followers.get(ref);
        if (follower != null) {
            if (live && !follower.introduced) {
                follower.introduced = true;
                introduce(ref);
            }
            follower.live = live;
        }
    }

    /** Forgets a follower and its presence; true when it followed. */
    boolean remove(ActorRef<SpaceNotice> ref) {
        Follower gone = followers.remove(ref);
        if (gone != null) {
            leaves(ref, gone);
        }
        return gone != null;
    }

    void announce(ActorRef<SpaceNotice> ref, @Nullable JsonNode state) {
        Follower follower = followers.get(ref);
        if (follower != null) {
            follower.presence = state;
            tellPresence(follower.device, state, ref);
        }
    }

    /** Shows a new follower who is there already. */
    private void introduce(ActorRef<SpaceNotice> ref) {
        for (Map.Entry<ActorRef<SpaceNotice>, Follower> other : followers.entrySet()) {
            if (other.getValue().presence != null && !other.getKey().equals(ref)) {
                ref.tell(presence(other.getValue().device, other.getValue().presence));
            }
        }
    }

    List<SpaceNotice.Present> present() {
        List<SpaceNotice.Present> present = new ArrayList<>();
        for (Follower follower : followers.values()) {
            if (follower.presence != null) {
                present.add(new SpaceNotice.Present(follower.device, follower.presence));
            }
        }
        present.sort(Comparator.comparing(SpaceNotice.Present::device));
        return present;
    }

    private void tellPresence(String device, @Nullable JsonNode state, ActorRef<SpaceNotice> except) {
        SpaceNotice notice = presence(device, state);
        for (Map.Entry<ActorRef<SpaceNotice>, Follower> other : followers.entrySet()) {
            if (other.getValue().introduced && !other.getKey().equals(except)) {
                other.getKey().tell(notice);
            }
        }
    }

    private SpaceNotice presence(String device, @Nullable JsonNode state) {
        return new SpaceNotice.PresenceChanged(
                space, device, FrameCodec.encode(new Frame.Presence(space, device, state)));
    }

    /** Sends a commit to all but its pusher; it is encoded once per set of collections. */
    void tellCommit(
            HostedSpace state,
            Merged merged,
            Cursor before,
            @Nullable String traceparent,
            @Nullable ActorRef<?> pusher) {
        if (followers.isEmpty()) {
            return;
        }
        String from = before.encode();
        String to = state.documents().cursor().encode();
        @Nullable List<DocumentChange> changes = null;
        Map<Set<String>, SpaceNotice> encoded = new HashMap<>();
        for (Map.Entry<ActorRef<SpaceNotice>, Follower> entry : followers.entrySet()) {
            Follower follower = entry.getValue();
            if (!follower.live || entry.getKey().equals(pusher)) {
                continue;
            }
            if (changes == null) {
                changes = state.documents().changesOf(merged, before);
            }
            SpaceNotice notice = encoded.get(follower.collections);
            if (notice == null) {
                List<DocumentChange> visible = changes.stream()
                        .filter(change ->
                                follower.collections.isEmpty() || follower.collections.contains(change.collection()))
                        .toList();
                byte[] frame = FrameCodec.encode(new Frame.Delta(space, from, to, visible, false, traceparent));
                metrics.deltaEncoded(frame.length);
                notice = new SpaceNotice.Committed(space, from, to, frame, traceparent);
                encoded.put(follower.collections, notice);
            }
            entry.getKey().tell(notice);
        }
    }

    void dropThoseWithoutAccess(HostedSpace state) {
        Map<ActorRef<SpaceNotice>, Follower> gone = new LinkedHashMap<>();
        for (Iterator<Map.Entry<ActorRef<SpaceNotice>, Follower>> all =
                        followers.entrySet().iterator();
                all.hasNext(); ) {
            Map.Entry<ActorRef<SpaceNotice>, Follower> entry = all.next();
            state.charter().refusal(entry.getValue().principal, SpaceRight.READ).ifPresent(refused -> {
                entry.getKey().tell(new SpaceNotice.LostAccess(space, refused.code()));
                all.remove();
                gone.put(entry.getKey(), entry.getValue());
            });
        }
        gone.forEach(this::leaves);
    }

    /** Who still follows shows the one that does not any more no longer. */
    private void leaves(ActorRef<SpaceNotice> ref, Follower gone) {
        if (gone.presence != null) {
            tellPresence(gone.device, null, ref);
        }
    }

    Optional<Waiter> waitFor(Space.Changes ask) {
        if (waiting.size() >= limits.waitingMax()) {
            return Optional.empty();
        }
        Waiter waiter = new Waiter(ask);
        waiting.add(waiter);
        return Optional.of(waiter);
    }

    /** Answers those for whom a commit holds something. */
    void answerWaiting(Function<Space.Changes, Space.Reply> answers) {
        for (Iterator<Waiter> all = waiting.iterator(); all.hasNext(); ) {
            Waiter waiter = all.next();
            Space.Reply answer = answers.apply(waiter.ask());
            if (!isNothingNew(answer)) {
                all.remove();
                waiter.answer(answer);
            }
        }
    }

    /** Answers all, also with nothing new. */
    void answerAllWaiting(Function<Space.Changes, Space.Reply> answers) {
        waiting.forEach(waiter -> waiter.answer(answers.apply(waiter.ask())));
        waiting.clear();
    }

    static boolean isNothingNew(Space.Reply answer) {
        return answer instanceof Space.Changed changed && changed.changes().isEmpty() && !changed.reset();
    }

    /** Forgets a waiting request; true when it was still waiting. */
    boolean giveUp(Waiter waiter) {
        return waiting.remove(waiter);
    }
}
