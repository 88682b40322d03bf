package io.aerofusion.client;

import com.fasterxml.jackson.databind.JsonNode;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.space.DocumentChange;
import io.aerofusion.space.Mutation;
import io.aerofusion.space.Rejection;
import io.aerofusion.space.wire.Frame;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The simplest server that keeps the protocol: whoever arrives last wins. A cursor is the number of the last change, written {@code
 * epoch/number}; every change sends whole documents. Documents under the id {@code forbidden} are rejected.
 */
final class ModelServer implements TestServer {
    static final Frame.Limits LIMITS = new Frame.Limits(64 * 1024, 16 * 1024, 3, 2, 32, 8, 10_000);

    /** Every mutation that took effect, as device:number. */
    final List<String> effects = new ArrayList<>();

    int epoch = 1;
    int pageDocuments = 2;
    long heartbeatMillis = 400_000;

    /** Mutations up to this number count as seen, whoever makes them: what a device sent before it lost its store. */
    long seenUpTo;

    private final FakeClock clock;
    private final Map<DocumentKey, LocalDocument> documents = new HashMap<>();
    private final Map<DocumentKey, Long> changedAt = new HashMap<>();
    private final Map<String, Set<Long>> seen = new HashMap<>();
    private final List<Session> sessions = new ArrayList<>();
    private long number;

    ModelServer(FakeClock clock) {
        this.clock = clock;
    }

    @Override
    public ServerSession connect() {
        Session session = new Session();
        sessions.add(session);
        return session;
    }

    /** Comes back from a backup that knows nothing. */
    void loseEverything() {
        documents.clear();
        changedAt.clear();
        seen.clear();
        sessions.clear();
        number = 0;
        epoch++;
    }

    Map<DocumentKey, LocalDocument> documents() {
        return documents;
    }

    private String cursor() {
        return epoch + "/" + number;
    }

    private DocumentChange whole(DocumentKey key) {
        LocalDocument document = documents.get(key);
        if (document == null) {
            return DocumentChange.deleted(key.collection(), key.id());
        }
        Map<String, JsonNode> set = new LinkedHashMap<>();
        document.value()
                .properties()
                .forEach(member -> set.put(member.getKey(), member.getValue().deepCopy()));
        return new DocumentChange(key.collection(), key.id(), false, true, set, List.of(), document.keys());
    }

    /** One device's connection. */
    final class Session extends ServerSession {
        private String device = "";
        private boolean follows;
        private String sent = "";

        @Override
        void take(Frame.FromDevice frame) {
            switch (frame) {
                case Frame.Hello hello -> {
                    device = hello.device();
                    out.add(new Frame.Welcome("s1", "n1", clock.millis(), LIMITS, 1_000, heartbeatMillis));
                }
                case Frame.Sub sub -> follow(sub);
                case Frame.Push push -> push(push);
                case Frame.Unsub unsub -> follows = false;
                case Frame.Announce announce ->
                    others().forEach(other ->
                            other.out.add(new Frame.Presence(announce.space(), device, announce.state())));
                case Frame.Leave leave -> sessions.remove(this);
                case Frame.Seen seenUpTo -> follows = true;
                case Frame.Credit credit -> follows = true;
                case Frame.Report report -> follows = true;
            }
        }

        private List<Session> others() {
            return sessions.stream()
                    .filter(other -> other != this && other.follows)
                    .toList();
        }

        private void follow(Frame.Sub sub) {
            follows = true;
            String from = sub.cursor();
            if (from != null && !from.startsWith(epoch + "/")) {
                out.add(new Frame.Reset(sub.space(), ErrorCode.CURSOR_EXPIRED));
                from = null;
            }
            long since = from == null ? 0 : Long.parseLong(from.substring(from.indexOf('/') + 1));
            List<DocumentKey> changed = changedAt.entrySet().stream()
                    .filter(entry -> entry.getValue() > since)
                    .sorted(Map.Entry.comparingByValue())
                    .map(Map.Entry::getKey)
                    .toList();
            for (int start = 0; start == 0 || start < changed.size(); start += pageDocuments) {
                List<DocumentKey> page = changed.subList(start, Math.min(changed.size(), start + pageDocuments));
                boolean last = start + pageDocuments >= changed.size();
                String to = last ? cursor() : epoch + "/" + changedAt.get(page.getLast());
                List<DocumentChange> changes =
                        page.stream().map(ModelServer.this::whole).toList();
                out.add(
                        from == null
                                ? new Frame.Snap(sub.space(), to, changes, last)
                                : new Frame.Delta(sub.space(), start == 0 ? from : sent, to, changes, !last, null));
                sent = to;
            }
        }

        private void push(Frame.Push push) {
            Set<Long> known = seen.computeIfAbsent(device, any -> new HashSet<>());
            Set<DocumentKey> touched = new LinkedHashSet<>();
            List<Rejection> rejections = new ArrayList<>();
            boolean alone = follows && sent.equals(cursor());
            long seq = push.firstSeq();
            for (Mutation mutation : push.mutations()) {
                DocumentKey key = new DocumentKey(mutation.collection(), mutation.id());
                touched.add(key);
                if (seq > seenUpTo && known.add(seq)) {
                    if (mutation.id().equals("forbidden")) {
                        rejections.add(new Rejection(seq, ErrorCode.FORBIDDEN, "not this one", "", null));
                    } else {
                        take(key, mutation, seq);
                    }
                }
                seq++;
            }
            if (!rejections.isEmpty()) {
                out.add(new Frame.Rej(push.space(), rejections));
            }
            List<DocumentChange> changes =
                    touched.stream().map(ModelServer.this::whole).toList();
            sent = alone ? cursor() : sent;
            long upTo = Math.max(seq - 1, seenUpTo);
            out.add(new Frame.Ack(push.space(), upTo, "committed", alone ? cursor() : null, changes, Map.of()));
            for (Session other : others()) {
                if (!other.sent.equals(cursor())) {
                    other.out.add(new Frame.Delta(push.space(), other.sent, cursor(), changes, false, null));
                    other.sent = cursor();
                }
            }
        }

        private void take(DocumentKey key, Mutation mutation, long seq) {
            if (mutation.delete()) {
                documents.remove(key);
            } else {
                documents.computeIfAbsent(key, any -> LocalDocument.empty()).apply(mutation, device, seq);
            }
            changedAt.put(key, ++number);
            effects.add(device + ":" + seq);
        }
    }
}
