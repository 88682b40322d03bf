package io.aerofusion.space.wire;

import io.aerofusion.platform.ErrorCode;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The kinds of frames by the name that stands first in them. Names are promises: never renamed, never reused. */
enum FrameKind {
    HELLO("hello"),
    SUB("sub"),
    UNSUB("unsub"),
    PUSH("push"),
    SEEN("seen"),
    CREDIT("credit"),
    ANNOUNCE("announce"),
    REPORT("report"),
    LEAVE("leave"),
    WELCOME("welcome"),
    SNAP("snap"),
    DELTA("delta"),
    RESET("reset"),
    ACK("ack"),
    REJ("rej"),
    CONFLICT("conflict"),
    GONE("gone"),
    PRESENCE("presence"),
    DESIRED("desired"),
    REPORTED("reported"),
    SLOW("slow"),
    FAIL("fail"),
    BYE("bye");

    private static final Map<String, FrameKind> BY_WIRE = new HashMap<>();

    static {
        for (FrameKind kind : values()) {
            BY_WIRE.put(kind.wire, kind);
        }
    }

    private final String wire;

    FrameKind(String wire) {
        this.wire = wire;
    }

    String wire() {
        return wire;
    }

    static FrameKind named(String wire) throws FrameException {
        @Nullable FrameKind kind = BY_WIRE.get(wire);
        if (kind == null) {
            throw new FrameException(ErrorCode.UNKNOWN_FRAME, "This kind of frame is unknown.");
        }
        return kind;
    }

    static FrameKind of(Frame frame) {
        return switch (frame) {
            case Frame.Hello ignored -> HELLO;
            case Frame.Sub ignored -> SUB;
            case Frame.Unsub ignored -> UNSUB;
            case Frame.Push ignored -> PUSH;
            case Frame.Seen ignored -> SEEN;
            case Frame.Credit ignored -> CREDIT;
            case Frame.Announce ignored -> ANNOUNCE;
            case Frame.Report ignored -> REPORT;
            case Frame.Leave ignored -> LEAVE;
            case Frame.Welcome ignored -> WELCOME;
            case Frame.Snap ignored -> SNAP;
            case Frame.Delta ignored -> DELTA;
            case Frame.Reset ignored -> RESET;
            case Frame.Ack ignored -> ACK;
            case Frame.Rej ignored -> REJ;
            case Frame.Conflicts ignored -> CONFLICT;
            case Frame.Gone ignored -> GONE;
            case Frame.Presence ignored -> PRESENCE;
            case Frame.Desired ignored -> DESIRED;
            case Frame.Reported ignored -> REPORTED;
            case Frame.Slow ignored -> SLOW;
            case Frame.Failure ignored -> FAIL;
            case Frame.Bye ignored -> BYE;
        };
    }
}
