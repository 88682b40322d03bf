package io.aerofusion.client;

import com.fasterxml.jackson.databind.JsonNode;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.space.CollectionRules;
import io.aerofusion.space.Cursor;
import io.aerofusion.space.CursorCheck;
import io.aerofusion.space.Decision;
import io.aerofusion.space.DocumentChange;
import io.aerofusion.space.Mutation;
import io.aerofusion.space.Page;
import io.aerofusion.space.Push;
import io.aerofusion.space.SpaceLimits;
import io.aerofusion.space.SpaceSettings;
import io.aerofusion.space.SpaceState;
import io.aerofusion.space.wire.Frame;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The platform's own merge core behind the protocol: what a node does for one space, without the node. */
final class CoreServer implements TestServer {
    private static final Frame.Limits LIMITS = new Frame.Limits(64 * 1024, 16 * 1024, 4, 2, 32, 8, 10_000);
    private static final int PAGE_DOCUMENTS = 2;
    private static final int PAGE_BYTES = 64 * 1024;

    final SpaceState state = new SpaceState("default", TestDevice.SPACE, "eu", 1);
    private final FakeClock clock;
    private final SpaceSettings settings;
    private final List<Session> sessions = new ArrayList<>();

    CoreServer(FakeClock clock, JsonNode schema) {
        this.clock = clock;
        this.settings = new SpaceSettings(
                Map.of("runways", CollectionRules.parse(schema), "airports", CollectionRules.parse(schema)),
                false,
                SpaceLimits.DEFAULT,
                null);
    }

    @Override
    public ServerSession connect() {
        Session session = new Session();
        sessions.add(session);
        return session;
    }

    void disconnected(ServerSession session) {
        sessions.remove(session);
    }

    private final class Session extends ServerSession {
        private String device = "";
        private boolean follows;
        private Set<String> collections = Set.of();
        private Cursor sent = state.cursor();

        @Override
        void take(Frame.FromDevice frame) {
            switch (frame) {
                case Frame.Hello hello -> {
                    device = hello.device();
                    out.add(new Frame.Welcome("s", "n", clock.millis(), LIMITS, 1_000, 400_000));
                }
                case Frame.Sub sub -> follow(sub);
                case Frame.Push push -> push(push);
                case Frame.Unsub unsub -> follows = false;
                case Frame.Leave leave -> sessions.remove(this);
                case Frame.Seen seen -> Cursor.decode(seen.cursor());
                case Frame.Announce announce -> follows = true;
                case Frame.Credit credit -> follows = true;
                case Frame.Report report -> follows = true;
            }
        }

        private void follow(Frame.Sub sub) {
            follows = true;
            collections = Set.copyOf(sub.collections());
            Cursor from = sub.cursor() == null ? null : Cursor.decode(sub.cursor());
            if (from != null && state.check(from) != CursorCheck.USABLE) {
                out.add(new Frame.Reset(sub.space(), ErrorCode.CURSOR_EXPIRED));
                from = null;
            }
            boolean whole = from == null;
            boolean more = true;
            while (more) {
                Page page = state.changes(from, collections, PAGE_DOCUMENTS, PAGE_BYTES);
                String to = page.to().encode();
                more = page.more();
                if (whole) {
                    out.add(new Frame.Snap(sub.space(), to, page.changes(), !more));
                } else {
                    out.add(new Frame.Delta(sub.space(), from.encode(), to, page.changes(), more, null));
                }
                from = page.to();
            }
            sent = from;
        }

        private void push(Frame.Push frame) {
            Cursor before = state.cursor();
            Cursor base = frame.base() == null ? null : Cursor.decode(frame.base());
            Push push = new Push(device, frame.firstSeq(), base, frame.mutations());
            Decision decision = state.decide(push, settings, clock.millis());
            state.apply(decision.facts());
            if (!decision.rejections().isEmpty()) {
                out.add(new Frame.Rej(frame.space(), decision.rejections()));
            }
            if (!decision.conflicts().isEmpty()) {
                out.add(new Frame.Conflicts(frame.space(), decision.conflicts()));
            }
            boolean upToDate = follows && sent.equals(before);
            sent = upToDate ? state.cursor() : sent;
            out.add(new Frame.Ack(
                    frame.space(),
                    decision.ackedUpTo(),
                    "committed",
                    upToDate ? sent.encode() : null,
                    state.corrections(push, decision),
                    decision.restamps()));
            List<DocumentChange> changes = state.changesOf(decision.facts(), before);
            for (Session other : sessions) {
                if (other != this && other.follows && !decision.isEmpty()) {
                    other.committed(frame.space(), before, changes);
                }
            }
        }

        /** A commit of somebody else; who is behind gets one delta afresh. */
        private void committed(String space, Cursor before, List<DocumentChange> changes) {
            Cursor to = state.cursor();
            boolean behind = !sent.equals(before);
            List<DocumentChange> due = behind
                    ? state.changes(sent, collections, Integer.MAX_VALUE, Integer.MAX_VALUE)
                            .changes()
                    : changes.stream()
                            .filter(change -> collections.isEmpty() || collections.contains(change.collection()))
                            .toList();
            out.add(new Frame.Delta(space, sent.encode(), to.encode(), due, false, null));
            sent = to;
        }
    }

    /** What every increment of the path adds up to, over the mutations. */
    static long sum(List<Mutation> mutations, String id, String path) {
        return mutations.stream()
                .filter(mutation -> mutation.id().equals(id))
                .mapToLong(mutation -> mutation.inc().getOrDefault(path, 0L))
                .sum();
    }
}
