package io.aerofusion.client;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The device's side of its twin: the desired state as last heard, and what the device reported but the server may not have. Reports
 * are merge patches by the only writer, so sending them again is harmless: what the server has not answered is sent by the next session.
 * From a server that never answers reports, a patch counts as arrived when the session outlived it.
 */
final class TwinCopy {
    /** A report is done when its session lived on for this long. */
    static final long SETTLED_MS = 10_000;

    /** Reports that may not have arrived, at most; beyond it the two oldest are made one. */
    static final int UNSETTLED_MAX = 100;

    private final Store store;
    private final ArrayList<JsonNode> unsettled = new ArrayList<>();
    private long version;
    private @Nullable JsonNode desired;
    private int sent;
    private long sentAt;
    /** Reports of this session that are no longer among the unsettled. */
    private long answered;
    /** Whether the server answers reports, as far as this session knows. */
    private boolean answers;

    TwinCopy(Store store) {
        this.store = store;
        byte[] stored = store.get(StoreKeys.DEVICE);
        if (stored != null) {
            JsonNode form = StoredForms.json(stored);
            version = form.path("version").longValue();
            desired = form.get("desired");
            form.path("unsettled").forEach(unsettled::add);
        }
    }

    @Nullable JsonNode desired() {
        return desired;
    }

    /** True when this is news. */
    boolean desired(long newVersion, JsonNode state) {
        if (desired != null && newVersion <= version) {
            return false;
        }
        version = newVersion;
        desired = state;
        save();
        return true;
    }

    void report(JsonNode patch) {
        unsettled.add(patch);
        if (unsettled.size() > UNSETTLED_MAX) {
            unsettled.set(1, compose(unsettled.get(0), unsettled.get(1)));
            unsettled.removeFirst();
            if (sent > 0) {
                sent--;
                answered++;
            }
        }
        save();
    }

    @Nullable JsonNode nextReport(long now) {
        if (sent == unsettled.size()) {
            return null;
        }
        sentAt = now;
        return unsettled.get(sent++);
    }

    /** Forgets what is answered up to that report of the session; returns the newest of them, or null when none was open. */
    @Nullable JsonNode reported(long number) {
        answers = true;
        int settled = Math.clamp(number - answered, 0, sent);
        if (settled == 0) {
            return null;
        }
        JsonNode newest = unsettled.get(settled - 1);
        unsettled.subList(0, settled).clear();
        sent -= settled;
        answered += settled;
        save();
        return newest;
    }

    /** Forgets what has arrived; returns the time to look again, or Long.MAX_VALUE. */
    long tick(long now) {
        if (sent == 0 || answers) {
            return Long.MAX_VALUE;
        }
        if (now - sentAt < SETTLED_MS) {
            return sentAt + SETTLED_MS;
        }
        unsettled.subList(0, sent).clear();
        answered += sent;
        sent = 0;
        save();
        return Long.MAX_VALUE;
    }

    void disconnected() {
        sent = 0;
        answered = 0;
        answers = false;
    }

    /**
     * One patch for two, one after the other; it keeps the nulls, which remove members. Not exact where the first removes a member
     * and the second makes it an object again: the members it had before the first may then stay.
     */
    static JsonNode compose(JsonNode first, JsonNode second) {
        if (!(first instanceof ObjectNode) || !(second instanceof ObjectNode)) {
            return second;
        }
        ObjectNode both = first.deepCopy();
        second.properties().forEach(entry -> {
            JsonNode before = both.get(entry.getKey());
            both.set(entry.getKey(), before == null ? entry.getValue() : compose(before, entry.getValue()));
        });
        return both;
    }

    private void save() {
        ObjectNode form = JsonNodeFactory.instance.objectNode().put("version", version);
        if (desired != null) {
            form.set("desired", desired);
        }
        unsettled.forEach(form.putArray("unsettled")::add);
        store.commit(List.of(), Map.of(StoreKeys.DEVICE, StoredForms.bytes(form)));
    }
}
