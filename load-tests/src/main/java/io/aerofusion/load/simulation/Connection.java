package io.aerofusion.load.simulation;

import io.aerofusion.space.wire.Frame;
import io.aerofusion.space.wire.FrameCodec;
import io.aerofusion.space.wire.FrameException;
import io.aerofusion.space.wire.FrameLimits;

/**
 * One WebSocket: messages arrive late, but in order and at most once. When it breaks, each side notices in its own time, and what was
 * already on the way to the server may still arrive, even after the device has connected anew.
 */
final class Connection {
    /** How long after a break the server may still get what the device had sent. */
    private static final int STRAGGLE_MILLIS_MAX = 4_000;

    /** How long a side may believe in a connection that is no more. */
    private static final int UNNOTICED_MILLIS_MAX = 8_000;

    private final World world;
    private final SimulatedDevice device;
    private final SimulatedServer.Session session;
    private final int latencyMillis;
    private boolean deviceOpen = true;
    private boolean serverOpen = true;
    private long toServerAt;
    private long toDeviceAt;
    private long serverHearsUntil = Long.MAX_VALUE;
    private long deviceHearsUntil = Long.MAX_VALUE;

    Connection(World world, SimulatedDevice device, SimulatedServer server) {
        this.world = world;
        this.device = device;
        this.session = server.accept(this);
        this.latencyMillis = world.between(1, 150);
    }

    void toServer(Frame frame) {
        byte[] message = FrameCodec.encode(frame);
        toServerAt = Math.max(toServerAt, world.now() + latency());
        long at = toServerAt;
        world.at(at, () -> {
            if (serverOpen && at <= serverHearsUntil) {
                session.received((Frame.FromDevice) decode(message, FrameLimits.OF_A_NODE));
            }
        });
    }

    void toDevice(byte[] message) {
        toDeviceAt = Math.max(toDeviceAt, world.now() + latency());
        long at = toDeviceAt;
        world.at(at, () -> {
            if (deviceOpen && at <= deviceHearsUntil) {
                device.received(this, (Frame.FromServer) decode(message, FrameLimits.OF_A_DEVICE), message.length);
            }
        });
    }

    /** The network between the two is gone. */
    void cut() {
        serverHearsUntil = Math.min(serverHearsUntil, world.now() + world.between(0, STRAGGLE_MILLIS_MAX));
        deviceHearsUntil = Math.min(deviceHearsUntil, world.now());
        world.after(world.between(0, UNNOTICED_MILLIS_MAX), this::closeServer);
        world.after(world.between(0, UNNOTICED_MILLIS_MAX), this::closeDevice);
    }

    /** The device is gone at once: it crashed, or its process closed the socket. */
    void closedByDevice() {
        deviceOpen = false;
        serverHearsUntil = Math.min(serverHearsUntil, world.now() + world.between(0, STRAGGLE_MILLIS_MAX));
        world.after(world.between(0, UNNOTICED_MILLIS_MAX), this::closeServer);
    }

    /** The server is gone at once. */
    void closedByServer() {
        serverOpen = false;
        world.after(world.between(0, UNNOTICED_MILLIS_MAX), this::closeDevice);
    }

    private void closeServer() {
        if (serverOpen) {
            serverOpen = false;
            session.closed();
        }
    }

    private void closeDevice() {
        if (deviceOpen) {
            deviceOpen = false;
            device.disconnected(this);
        }
    }

    private int latency() {
        return world.chance(0.02) ? world.between(500, 20_000) : latencyMillis + world.between(0, 30);
    }

    private static Frame decode(byte[] message, FrameLimits limits) {
        try {
            return FrameCodec.decode(message, limits);
        } catch (FrameException e) {
            throw new AssertionError("a frame of our own is refused: " + e.code() + " " + e.detail(), e);
        }
    }
}
