package io.aerofusion.space;

import akka.util.ByteString;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.space.wire.Frame;
import io.aerofusion.space.wire.FrameCodec;
import org.jspecify.annotations.Nullable;

/** What a session sends, within the credit that the device granted and the bytes that may wait for its socket. */
final class Outbox {
    private final Socket socket;
    private final SessionLimits limits;
    private final SpaceMetrics metrics;
    private boolean drainAwaited;
    private long credit;

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
    }
}
