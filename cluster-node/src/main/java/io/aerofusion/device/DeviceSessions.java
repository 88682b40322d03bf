package io.aerofusion.device;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import io.aerofusion.platform.cluster.SessionSignal;
import io.aerofusion.platform.security.Principal;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BiConsumer;

/**
 * The open sessions of this node: announces each of them to its device again and again, so that a device that had to start
 * elsewhere finds its session back, and none is put to sleep while it is connected. As many as the node accepts sockets.
 */
final class DeviceSessions extends AbstractBehavior<DeviceSessions.Message> {
    /** Within this time every session is announced once; well below the idle time after which a device is put to sleep. */
    static final Duration ANNOUNCED_EVERY = Duration.ofSeconds(45);

    private static final Duration TICK = Duration.ofSeconds(1);
    private static final int SLICES = (int) (ANNOUNCED_EVERY.toMillis() / TICK.toMillis());

    /** What it is told. */
    sealed interface Message {}

    record Opened(Principal caller, String credentialHash, ActorRef<SessionSignal> session) implements Message {}

    record Closed(ActorRef<SessionSignal> session) implements Message {}

    private enum Tick implements Message {
        INSTANCE
    }

    private record Session(Principal caller, String credentialHash, long openedAt, int slice) {}

    private final Map<ActorRef<SessionSignal>, Session> sessions = new HashMap<>();
    private final InstantSource clock;
    private final BiConsumer<Principal, Device.Command> tell;
    private int opened;
    private int slice;

    /**
     * The actor.
     *
     * @param tell sends a command to the device of a principal
     */
    static Behavior<Message> create(InstantSource clock, BiConsumer<Principal, Device.Command> tell) {
        return Behaviors.setup(context -> Behaviors.withTimers(timers -> {
            timers.startTimerAtFixedRate(Tick.INSTANCE, TICK);
            return new DeviceSessions(context, clock, tell);
        }));
    }

    private DeviceSessions(
            ActorContext<Message> context, InstantSource clock, BiConsumer<Principal, Device.Command> tell) {
        super(context);
        this.clock = clock;
        this.tell = tell;
    }

    @Override
    public Receive<Message> createReceive() {
        return newReceiveBuilder()
                .onMessage(Opened.class, this::onOpened)
                .onMessage(Closed.class, this::onClosed)
                .onMessage(Tick.class, tick -> onTick())
                .build();
    }

    private Behavior<Message> onOpened(Opened message) {
        // Spread over the slices, so that a fleet that reconnects at once is not announced at once for ever after.
        Session session = new Session(message.caller(), message.credentialHash(), clock.millis(), opened++ % SLICES);
        if (sessions.put(message.session(), session) == null) {
            getContext().watchWith(message.session(), new Closed(message.session()));
        }
        announce(message.session(), session);
        DeviceMetrics.sessions(sessions.size());
        return this;
    }

    private Behavior<Message> onClosed(Closed message) {
        Session session = sessions.remove(message.session());
        if (session != null) {
            getContext().unwatch(message.session());
            tell.accept(session.caller(), new Device.CloseSession(message.session()));
            DeviceMetrics.sessions(sessions.size());
        }
        return this;
    }

    private Behavior<Message> onTick() {
        slice = (slice + 1) % SLICES;
        sessions.forEach((ref, session) -> {
            if (session.slice() == slice) {
                announce(ref, session);
            }
        });
        return this;
    }

    private void announce(ActorRef<SessionSignal> ref, Session session) {
        tell.accept(
                session.caller(),
                new Device.OpenSession(session.caller(), session.openedAt(), session.credentialHash(), ref));
    }
}
