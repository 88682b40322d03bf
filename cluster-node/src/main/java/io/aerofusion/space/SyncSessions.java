package io.aerofusion.space;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.Terminated;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import io.aerofusion.platform.security.Authenticator;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The sessions of a node: starts them up to the bound, and is their one clock. */
final class SyncSessions extends AbstractBehavior<SyncSessions.Command> {
    sealed interface Command {
        /** A socket was upgraded; the identity is that of the upgrade's token, null when the hello brings one. */
        record Open(SocketStage.Opening opening, String token, Authenticator.@Nullable Accepted identity)
                implements Command {}

        record Tick() implements Command {}

        /** The tokens of that user may be good no more. */
        record IdentifyAgain(String tenant, String user) implements Command {}

        /** Tokens of others than the platform may be good no more, whoever's they are. */
        record IdentifyForeignAgain() implements Command {}

        /** Sends every device away; answers when the last session is gone. */
        record Drain(ActorRef<akka.Done> replyTo) implements Command {}
    }

    private static final int ID_BYTES = 12;
    private static final Pattern ID = Pattern.compile("[0-9a-f]{" + 2 * ID_BYTES + "}");

    private final SessionServices services;
    private final AtomicInteger open;
    private final SecureRandom random = new SecureRandom();
    private @Nullable ActorRef<akka.Done> draining;

    private SyncSessions(ActorContext<Command> context, SessionServices services, AtomicInteger open) {
        super(context);
        this.services = services;
        this.open = open;
    }

    /** @param open counts the sessions for those who decide about an upgrade */
    static Behavior<Command> create(SessionServices services, AtomicInteger open) {
        return Behaviors.setup(context -> Behaviors.withTimers(timers -> {
            timers.startTimerWithFixedDelay(
                    new Command.Tick(), services.limits().tick());
            return new SyncSessions(context, services, open);
        }));
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(Command.class, this::onCommand)
                .onSignal(Terminated.class, this::onEnded)
                .build();
    }

    private Behavior<Command> onCommand(Command command) {
        switch (command) {
            case Command.Open request -> {
                SocketStage.Opening opening = request.opening();
                if (draining != null || open.get() >= services.limits().sessionsMax()) {
                    opening.session().accept(null);
                    return this;
                }
                byte[] id = new byte[ID_BYTES];
                random.nextBytes(id);
                ActorRef<SessionMessage> session = getContext()
                        .spawnAnonymous(SyncSession.create(
                                services,
                                opening.socket(),
                                HexFormat.of().formatHex(id),
                                request.token(),
                                request.identity()));
                getContext().watch(session);
                open.incrementAndGet();
                services.metrics().sessionOpened();
                opening.session().accept(session);
            }
            case Command.IdentifyAgain again -> tellAll(new SessionMessage.IdentifyAgain(again.tenant(), again.user()));
            case Command.IdentifyForeignAgain again -> tellAll(new SessionMessage.IdentifyForeignAgain());
            case Command.Tick tick -> {
                services.metrics().ticked(); // of what the sessions told at the tick before
                tellAll(new SessionMessage.Tick());
            }
            case Command.Drain drain -> {
                draining = drain.replyTo();
                tellAll(new SessionMessage.Leave());
                doneIfDrained();
            }
        }
        return this;
    }

    /** Whether this could be the id of a session, of this node or another one. */
    static boolean isId(String text) {
        return ID.matcher(text).matches();
    }

    private void tellAll(SessionMessage message) {
        for (ActorRef<Void> child : getContext().getChildren()) {
            child.<SessionMessage>unsafeUpcast().tell(message);
        }
    }

    private Behavior<Command> onEnded(Terminated ended) {
        open.decrementAndGet();
        services.metrics().sessionClosed();
        doneIfDrained();
        return this;
    }

    private void doneIfDrained() {
        if (draining != null && open.get() == 0) {
            draining.tell(akka.Done.getInstance());
        }
    }
}
