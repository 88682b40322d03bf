package io.aerofusion.space;

import akka.util.ByteString;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.space.wire.Frame;
import io.aerofusion.space.wire.FrameCodec;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a session sends, within the credit that the device granted and the bytes that may wait for its socket. */
final class Outbox {
    private final Socket socket;
    private final SessionLimits limits;
    private final SpaceMetrics metrics;
    private final Map<Place, byte[]> presence = new LinkedHashMap<>();
    private int presenceBytes;
    private boolean drainAwaited;
    private long credit;

    /** Whose presence it is. */
    private record Place(String space, String device) {}

    Outbox(Socket socket, SessionLimits limits, SpaceMetrics metrics) {
        this.socket = socket;
        this.limits = limits;
        this.metrics = metrics;
        this.credit = limits.creditBytes();
    }

    void write(Frame frame) {
        write(FrameCodec.encode(frame));
    }

    void write(byte[] frame) {
        socket.write(ByteString.fromArrayUnsafe(frame));
    }

    /** A snap or delta, which costs credit. */
    void writeData(byte[] frame) {
        credit -= frame.length;
        metrics.dataSent(frame.length);
        write(frame);
    }

    /**
     * Presence, which the space tells once: what the socket does not take now is kept, of each device the latest, until it does. Beyond the bytes
     * that may wait it is dropped.
     */
    void show(String space, String device, byte[] frame) {
        Place place = new Place(space, device);
        byte[] before = presence.remove(place);
        presenceBytes -= before == null ? 0 : before.length;
        if (!clogged()) {
            write(frame);
        } else if (presenceBytes + frame.length <= limits.unsentBytesMax()) {
            presence.put(place, frame);
            presenceBytes += frame.length;
        }
    }

    /** What was announced in a space that is not followed any more is not shown. */
    void forgetPresence(String space) {
        for (Iterator<Map.Entry<Place, byte[]>> all = presence.entrySet().iterator(); all.hasNext(); ) {
            Map.Entry<Place, byte[]> next = all.next();
            if (next.getKey().space().equals(space)) {
                presenceBytes -= next.getValue().length;
                all.remove();
            }
        }
    }

    /** Tells the device that something was not done; the space is named only where an answer about it is due. */
    void fail(@Nullable String space, ErrorCode code, String detail) {
        write(new Frame.Failure(space, code, detail));
    }

    /** More credit, up to the window: beyond it nothing is of use, and a sum must not overflow. */
    void grant(long bytes) {
        credit += Math.clamp(bytes, 0, limits.creditBytes() - credit);
    }

    boolean mayTakeData() {
        return credit > 0 && !clogged();
    }

    /** Whether too much waits for the socket; then the session will hear of it when that is over. */
    boolean clogged() {
        boolean clogged = socket.unsentBytes() >= limits.unsentBytesMax();
        if (clogged && !drainAwaited) {
            drainAwaited = true;
            socket.whenDrained();
        }
        return clogged;
    }

    void drained() {
        drainAwaited = false;
        for (Iterator<byte[]> all = presence.values().iterator(); all.hasNext() && !clogged(); ) {
            byte[] frame = all.next();
            presenceBytes -= frame.length;
            all.remove();
            write(frame);
        }
    }
}
