package io.aerofusion.client;

import io.aerofusion.space.wire.Frame;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** One device's connection to a {@link TestServer}. Frames wait in {@link #out} until the test delivers them. */
abstract class ServerSession {
    final Deque<Frame.FromServer> out = new ArrayDeque<>();
    final List<Frame.FromDevice> in = new ArrayList<>();

    final void receive(Frame.FromDevice frame) {
        in.add(frame);
        take(frame);
    }

    abstract void take(Frame.FromDevice frame);
}
