package io.aerofusion.client;

import com.fasterxml.jackson.databind.JsonNode;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.space.DocumentChange;
import io.aerofusion.space.Mutation;
import io.aerofusion.space.Rejection;
import io.aerofusion.space.wire.Frame;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongUnaryOperator;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One space in the conversation with a server: asks to follow it, sends the queue, and takes in what comes. Everything here is
 * forgotten when the session ends; what lasts is in {@link SpaceContents}.
 *
 * <p>Pushes wait for the first answer to the subscription, because that answer may be a reset: only then it is known which
 * mutations this server has to be sent.
 */
final class SpaceSession {
    /** A push or a subscription without an answer for this long ends the session. */
    static final long ANSWER_MS_MAX = 30_000;

    /** How long to leave the server alone after it refused for good; it may have changed its mind by then. */
    static final long REFUSED_MS = 60_000;

    /** The longest wait after repeated refusals that may pass. */
    static final long RETRY_MS_MAX = 30_000;

    private static final long RETRY_MS_MIN = 500;

    /** At most one {@code seen} per space in this time; the server needs it for tombstones that live for weeks. */
    static final long SEEN_MS_MIN = 60_000;

    /** What a push frame takes beside its mutations, generously. */
    private static final int FRAME_OVERHEAD_BYTES = 1_024;

    /** The level of an acknowledgement that no longer depends on one region. */
    private static final String REPLICATED = "replicated";

    /** Refusals that are about what a push holds, and not about who sent it. */
    static final Set<ErrorCode> CONTENT = EnumSet.of(
            ErrorCode.MALFORMED_JSON,
            ErrorCode.MALFORMED_FRAME,
            ErrorCode.INVALID_REQUEST,
            ErrorCode.INVALID_VALUE,
            ErrorCode.NESTED_TOO_DEEP,
            ErrorCode.FRAME_TOO_LARGE,
            ErrorCode.BATCH_TOO_LARGE,
            ErrorCode.DOCUMENT_TOO_LARGE,
            ErrorCode.BAD_CURSOR);

    private enum Following {
        NO,
        ASKED,
        YES
    }

    private record InFlight(long first, long last, long sentAt) {
        long mutations() {
            return last - first + 1;
        }
    }

    private final String name;
    private final SpaceContents contents;
    private final Consumer<ReplicaEvent> events;
    private final LongUnaryOperator jitter;

    private Following following = Following.NO;
    private long pausedUntil;
    private int refusals;
    private final Deque<InFlight> inFlight = new ArrayDeque<>();
    /** Pushes whose answers mean nothing any more, because all is sent again; each push gets exactly one answer, in order. */
    private final Deque<InFlight> superseded = new ArrayDeque<>();

    /** Below its highest value while a mutation is looked for that makes pushes fail; then one push at a time is sent. */
    private int mutationsMax = Integer.MAX_VALUE;

    private boolean overdue;
    private long sentUpTo;
    private long askedAt;
    private long seenAt = -SEEN_MS_MIN;
    private @Nullable String seen;
    private @Nullable ErrorCode gone;
    private @Nullable JsonNode announced;
    private boolean announcementDue;

    /** @param jitter a random number from 0 (inclusive) to its argument (exclusive) */
    SpaceSession(String name, SpaceContents contents, Consumer<ReplicaEvent> events, LongUnaryOperator jitter) {
        this.name = name;
        this.contents = contents;
        this.events = events;
        this.jitter = jitter;
    }

    SpaceContents contents() {
        return contents;
    }

    @Nullable ErrorCode gone() {
        return gone;
    }

    int inFlight() {
        return inFlight.size() + superseded.size();
    }

    void disconnected() {
        overdue = false;
        following = Following.NO;
        announcementDue = announced != null;
        seen = null;
        pausedUntil = 0;
        refusals = 0;
        giveUpWaiting();
    }

    @Nullable JsonNode announced() {
        return announced;
    }

    // towards the server

    /** The subscription, when it is time to ask for it. */
    Frame.@Nullable Sub nextSub(long now) {
        if (following != Following.NO || now < pausedUntil) {
            return null;
        }
        following = Following.ASKED;
        askedAt = now;
        return new Frame.Sub(name, contents.collections(), contents.cursor());
    }

    /** The next push: consecutive mutations of one base, within the server's limits; null when there is nothing to send now. */
    Frame.@Nullable Push nextPush(Frame.Limits limits, long now, Supplier<@Nullable String> traceparents) {
        if (following != Following.YES
                || now < pausedUntil
                || !superseded.isEmpty()
                || (mutationsMax < Integer.MAX_VALUE && !inFlight.isEmpty())) {
            return null;
        }
        List<QueuedMutation> next = new ArrayList<>();
        List<Rejection> oversized = new ArrayList<>();
        long room = (long) limits.frameBytes() - FRAME_OVERHEAD_BYTES;
        long bytes = 0;
        for (QueuedMutation queued : contents.queue().tailMap(sentUpTo, false).values()) {
            if (queued.bytes() > room && next.isEmpty()) {
                oversized.add(oversized(queued, room));
            } else if (next.isEmpty()
                    || (next.size() < Math.min(mutationsMax, limits.pushMutations())
                            && queued.follows(next.getLast())
                            && bytes + queued.bytes() <= room)) {
                next.add(queued);
                bytes += queued.bytes();
            } else {
                break;
            }
        }
        // a mutation that fits into no frame would hold up all others
        surface(contents.reject(oversized));
        if (next.isEmpty()) {
            return null;
        }
        QueuedMutation first = next.getFirst();
        sentUpTo = next.getLast().number();
        inFlight.add(new InFlight(first.number(), sentUpTo, now));
        List<Mutation> mutations = next.stream().map(QueuedMutation::mutation).toList();
        return new Frame.Push(name, first.number(), first.base(), mutations, traceparents.get());
    }

    private static Rejection oversized(QueuedMutation queued, long room) {
        String detail = "The change takes " + queued.bytes() + " bytes; a frame has room for " + room + ".";
        return new Rejection(queued.number(), ErrorCode.DOCUMENT_TOO_LARGE, detail, "", null);
    }

    /**
     * Ends the session when an answer is overdue: asked again in the same one, a late answer could be taken for that of something
     * else. Returns the time of the next thing to do, or Long.MAX_VALUE.
     */
    long tick(long now) {
        InFlight oldest = superseded.isEmpty() ? inFlight.peek() : superseded.peek();
        long sentAt = oldest == null ? Long.MAX_VALUE : oldest.sentAt();
        sentAt = following == Following.ASKED ? Math.min(sentAt, askedAt) : sentAt;
        long next = Long.MAX_VALUE;
        if (sentAt < Long.MAX_VALUE && !overdue) {
            next = sentAt + ANSWER_MS_MAX;
            if (next <= now) {
                overdue = true;
                next = Long.MAX_VALUE;
                events.accept(new ReplicaEvent.Ended(ErrorCode.TIMEOUT, "The server did not answer in time.", 0));
            }
        }
        return pausedUntil > now ? Math.min(next, pausedUntil) : next;
    }

    void announce(@Nullable JsonNode state) {
        announced = state;
        announcementDue = true;
    }

    /** What the others should be told; only who follows the space is heard by them. */
    Frame.@Nullable Announce nextAnnounce() {
        if (!announcementDue || following != Following.YES) {
            return null;
        }
        announcementDue = false;
        return new Frame.Announce(name, announced);
    }

    /** The cursor to report as stored, when it is time for it. */
    Frame.@Nullable Seen nextSeen(long now) {
        String cursor = contents.cursor();
        if (cursor == null || !contents.complete() || cursor.equals(seen)) {
            return null;
        }
        if (following != Following.YES || now - seenAt < SEEN_MS_MIN) {
            return null;
        }
        seenAt = now;
        seen = cursor;
        return new Frame.Seen(name, cursor);
    }

    // from the server

    void received(Frame.Snap snap) {
        page(snap.documents(), snap.to(), snap.last());
    }

    /** Takes a page in; when it does not continue what is here, follows the space again from here. */
    void received(Frame.Delta delta) {
        if (delta.from().equals(contents.cursor())) {
            page(delta.changes(), delta.to(), !delta.more());
        } else if (following == Following.YES) {
            following = Following.NO;
        }
    }

    private void page(List<DocumentChange> changes, String to, boolean complete) {
        answered();
        boolean before = contents.complete();
        changed(contents.page(changes, to, complete));
        if (complete && !before) {
            events.accept(new ReplicaEvent.CaughtUp(name));
        }
    }

    void received(Frame.Reset reset) {
        answered();
        supersede();
        contents.restart();
        events.accept(new ReplicaEvent.Restarted(name, reset.reason()));
    }

    void received(Frame.Ack ack) {
        if (ack.level().equals(REPLICATED)) {
            contents.replicated(ack.upTo());
        }
        if (superseded.poll() != null) {
            return;
        }
        if (ack.upTo() >= contents.nextNumber()) {
            inFlight.clear();
            sentUpTo = 0;
            events.accept(new ReplicaEvent.Renumbered(name, contents.renumberAbove(ack.upTo())));
            return;
        }
        long upTo = 0;
        for (InFlight push : inFlight) {
            upTo = push.first() <= ack.upTo() ? Math.min(push.last(), ack.upTo()) : upTo;
        }
        if (upTo == 0) {
            return; // answers a push that was given up: it is sent again, and answered again
        }
        refusals = 0;
        mutationsMax = mutationsMax > Integer.MAX_VALUE / 2 ? Integer.MAX_VALUE : mutationsMax * 2;
        inFlight.removeIf(push -> push.last() <= ack.upTo());
        boolean keep = !ack.level().equals(REPLICATED);
        // While a subscription is unanswered the server's idea of where this device stands is not this device's:
        // something between was dropped here, and the answer brings it.
        String reached = following == Following.YES ? ack.cursor() : null;
        changed(contents.acknowledge(upTo, keep, ack.changes(), reached));
        events.accept(new ReplicaEvent.Acknowledged(name, upTo));
    }

    void received(Frame.Rej rej) {
        if (superseded.isEmpty()) {
            surface(contents.reject(rej.rejections()));
        }
    }

    void received(Frame.Conflicts met) {
        contents.record(met.conflicts()).forEach(notice -> events.accept(new ReplicaEvent.Conflicted(name, notice)));
    }

    void received(Frame.Gone lost) {
        if (gone != null) {
            return;
        }
        gone = lost.reason();
        following = Following.YES;
        giveUpWaiting();
        contents.gone(lost.reason()).forEach(rejected -> events.accept(new ReplicaEvent.Rejected(name, rejected)));
        events.accept(new ReplicaEvent.Gone(name, lost.reason()));
    }

    /**
     * The oldest unanswered push, or the subscription, was not carried out. It is asked again after a pause, and so is what was sent
     * behind it: mutations take effect in their order.
     */
    void received(Frame.Failure failure, long now) {
        if (superseded.poll() != null) {
            return;
        }
        InFlight largest = inFlight.stream()
                .max(Comparator.comparingLong(InFlight::mutations))
                .orElse(null);
        long pause = REFUSED_MS;
        if (failure.code().retryable()) {
            pause = RETRY_MS_MIN + jitter.applyAsLong(Math.min(RETRY_MS_MAX, RETRY_MS_MIN << Math.min(refusals, 16)));
            refusals++;
        } else if (largest != null && CONTENT.contains(failure.code())) {
            narrowDown(largest, failure);
            pause = 0;
        }
        if (following == Following.ASKED) {
            following = Following.NO;
        }
        inFlight.poll();
        supersede();
        pausedUntil = now + pause;
        events.accept(new ReplicaEvent.Refused(name, failure.code(), failure.detail()));
    }

    /** The server ended the session over something in a push. */
    void ended(Frame.Bye bye, long now) {
        received(new Frame.Failure(name, bye.reason(), bye.detail()), now);
    }

    /**
     * One of the mutations makes the server refuse a whole push: sends fewer and fewer at once, until it is found alone and can be
     * given back to the application.
     */
    private void narrowDown(InFlight largest, Frame.Failure failure) {
        if (largest.mutations() > 1) {
            mutationsMax = (int) (largest.mutations() / 2);
        } else if (inFlight.size() == 1) {
            surface(contents.reject(
                    List.of(new Rejection(largest.first(), failure.code(), failure.detail(), "", null))));
        } else {
            mutationsMax = 1;
        }
    }

    /** Everything is sent again; the answers that are still due are counted off and mean nothing. */
    private void supersede() {
        superseded.addAll(inFlight);
        inFlight.clear();
        sentUpTo = 0;
    }

    /** No answer is expected any more. */
    private void giveUpWaiting() {
        inFlight.clear();
        superseded.clear();
        sentUpTo = 0;
    }

    private void answered() {
        following = Following.YES;
        gone = null;
    }

    private void surface(List<RejectedMutation> rejected) {
        for (RejectedMutation one : rejected) {
            changed(Set.of(
                    new DocumentKey(one.mutation().collection(), one.mutation().id())));
            events.accept(new ReplicaEvent.Rejected(name, one));
        }
    }

    private void changed(Collection<DocumentKey> documents) {
        if (!documents.isEmpty()) {
            events.accept(new ReplicaEvent.Changed(name, List.copyOf(documents), false));
        }
    }
}
