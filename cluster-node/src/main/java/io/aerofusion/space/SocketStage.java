package io.aerofusion.space;

import akka.Done;
import akka.actor.typed.ActorRef;
import akka.http.javadsl.model.ws.BinaryMessage;
import akka.http.javadsl.model.ws.Message;
import akka.stream.Attributes;
import akka.stream.FlowShape;
import akka.stream.Inlet;
import akka.stream.Outlet;
import akka.stream.javadsl.Source;
import akka.stream.stage.AbstractInHandler;
import akka.stream.stage.AsyncCallback;
import akka.stream.stage.GraphStage;
import akka.stream.stage.GraphStageLogic;
import akka.stream.stage.InHandler;
import akka.stream.stage.OutHandler;
import akka.util.ByteString;
import io.aerofusion.platform.ErrorCode;
import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import scala.jdk.javaapi.FutureConverters;

/**
 * The WebSocket of one session as a single stream stage, fused into its connection: a stage and an actor are all that a session
 * costs beside the connection itself. It reads one message at a time, when the session asks for it, so that a device cannot
 * send faster than it is served; and it hands the session the count of unsent bytes, so that a device that does not read costs a
 * bounded buffer.
 */
final class SocketStage extends GraphStage<FlowShape<Message, Message>> {
    private final Inlet<Message> in = Inlet.create("Socket.in");
    private final Outlet<Message> out = Outlet.create("Socket.out");
    private final FlowShape<Message, Message> shape = FlowShape.of(in, out);
    private final int messageBytesMax;
    private final long lowMarkBytes;
    private final Consumer<Opening> sessions;

    /** A socket that waits for its session; {@link #session} gives it one, or refuses with null. */
    record Opening(Socket socket, Consumer<@Nullable ActorRef<SessionMessage>> session) {}

    /**
     * @param messageBytesMax a longer message is not read
     * @param lowMarkBytes unsent bytes below which the socket counts as drained
     * @param sessions starts the session
     */
    SocketStage(int messageBytesMax, long lowMarkBytes, Consumer<Opening> sessions) {
        this.messageBytesMax = messageBytesMax;
        this.lowMarkBytes = lowMarkBytes;
        this.sessions = sessions;
    }

    @Override
    public FlowShape<Message, Message> shape() {
        return shape;
    }

    @Override
    public GraphStageLogic createLogic(Attributes attributes) {
        return new Logic();
    }

    /** What the session asks of the stage, brought over by an asynchronous callback. */
    private sealed interface Order {
        record Attach(@Nullable ActorRef<SessionMessage> session) implements Order {}

        record Read() implements Order {}

        record Write(ByteString message) implements Order {}

        record WhenDrained() implements Order {}

        record Close() implements Order {}

        record Abort() implements Order {}
    }

    private final class Logic extends GraphStageLogic implements InHandler, OutHandler {
        private final ArrayDeque<ByteString> unsent = new ArrayDeque<>(2);
        private final AtomicLong unsentBytes = new AtomicLong();
        private @Nullable ActorRef<SessionMessage> session;
        private boolean tellDrained;
        private boolean closing;

        Logic() {
            super(shape);
            setHandler(in, this);
            setHandler(out, this);
        }

        @Override
        public void preStart() {
            AsyncCallback<Order> orders = createAsyncCallback(this::carryOut);
            Socket socket = new Socket() {
                @Override
                public void read() {
                    orders.invoke(new Order.Read());
                }

                @Override
                public void write(ByteString message) {
                    unsentBytes.addAndGet(message.size());
                    orders.invoke(new Order.Write(message));
                }

                @Override
                public long unsentBytes() {
                    return unsentBytes.get();
                }

                @Override
                public void whenDrained() {
                    orders.invoke(new Order.WhenDrained());
                }

                @Override
                public void close() {
                    orders.invoke(new Order.Close());
                }

                @Override
                public void abort() {
                    orders.invoke(new Order.Abort());
                }
            };
            sessions.accept(new Opening(socket, started -> attach(orders, started)));
        }

        /** The device may be gone before its session is there: nobody else would tell the session. */
        private void attach(AsyncCallback<Order> orders, @Nullable ActorRef<SessionMessage> started) {
            FutureConverters.asJava(orders.invokeWithFeedback(new Order.Attach(started)))
                    .exceptionally(gone -> {
                        if (started != null) {
                            started.tell(new SessionMessage.Disconnected());
                        }
                        return Done.getInstance();
                    });
        }

        @Override
        public void postStop() {
            tell(new SessionMessage.Disconnected());
        }

        private void carryOut(Order order) {
            switch (order) {
                case Order.Attach attach -> {
                    session = attach.session();
                    if (session == null) {
                        completeStage();
                    } else {
                        read();
                    }
                }
                case Order.Read read -> read();
                case Order.Write write -> {
                    unsent.add(write.message());
                    if (isAvailable(out)) {
                        send();
                    }
                }
                case Order.WhenDrained when -> {
                    tellDrained = true;
                    drained();
                }
                case Order.Close close -> {
                    closing = true;
                    if (unsent.isEmpty()) {
                        completeStage();
                    }
                }
                case Order.Abort abort -> completeStage();
            }
        }

        private void read() {
            if (!closing && !isClosed(in) && !hasBeenPulled(in)) {
                pull(in);
            }
        }

        @Override
        public void onPush() {
            Message message = grab(in);
            if (message.isText()) {
                refuse(
                        message.asTextMessage().isStrict()
                                ? null
                                : message.asTextMessage().getStreamedText(),
                        new SessionMessage.Unreadable(
                                ErrorCode.MALFORMED_FRAME, "Frames are binary messages; this was text."));
                return;
            }
            BinaryMessage binary = message.asBinaryMessage();
            if (!binary.isStrict()) {
                collect(binary.getStreamedData());
            } else if (binary.getStrictData().size() > messageBytesMax) {
                tell(tooLarge());
            } else {
                tell(new SessionMessage.Received(binary.getStrictData()));
            }
        }

        private SessionMessage tooLarge() {
            return new SessionMessage.Unreadable(
                    ErrorCode.FRAME_TOO_LARGE, "A frame has at most " + messageBytesMax + " bytes.");
        }

        private void refuse(@Nullable Source<String, ?> rest, SessionMessage.Unreadable because) {
            if (rest != null) {
                SubSinkInlet<String> ignored = new SubSinkInlet<>("Socket.text");
                ignored.setHandler(new AbstractInHandler() {
                    @Override
                    public void onPush() {
                        ignored.cancel();
                    }

                    @Override
                    public void onUpstreamFinish() {}

                    @Override
                    public void onUpstreamFailure(Throwable failure) {}
                });
                rest.runWith(ignored.sink(), subFusingMaterializer());
                ignored.pull();
            }
            tell(because);
        }

        /** Puts the parts of a long message together, up to the limit. */
        private void collect(Source<ByteString, ?> parts) {
            SubSinkInlet<ByteString> part = new SubSinkInlet<>("Socket.part");
            part.setHandler(new AbstractInHandler() {
                private ByteString collected = ByteString.emptyByteString();

                @Override
                public void onPush() {
                    collected = collected.concat(part.grab());
                    if (collected.size() > messageBytesMax) {
                        part.cancel();
                        tell(tooLarge());
                    } else {
                        part.pull();
                    }
                }

                @Override
                public void onUpstreamFinish() {
                    tell(new SessionMessage.Received(collected));
                }

                @Override
                public void onUpstreamFailure(Throwable failure) {
                    completeStage();
                }
            });
            parts.runWith(part.sink(), subFusingMaterializer());
            part.pull();
        }

        @Override
        public void onPull() {
            if (!unsent.isEmpty()) {
                send();
            }
        }

        private void send() {
            ByteString message = unsent.remove();
            unsentBytes.addAndGet(-message.size());
            push(out, BinaryMessage.create(message));
            drained();
            if (closing && unsent.isEmpty()) {
                completeStage();
            }
        }

        private void drained() {
            if (tellDrained && unsentBytes.get() <= lowMarkBytes) {
                tellDrained = false;
                tell(new SessionMessage.Drained());
            }
        }

        @Override
        public void onUpstreamFinish() {
            completeStage();
        }

        @Override
        public void onUpstreamFailure(Throwable failure) {
            // A broken connection is an ordinary end, not worth a stack trace.
            completeStage();
        }

        @Override
        public void onDownstreamFinish(Throwable cause) {
            completeStage();
        }

        private void tell(SessionMessage message) {
            if (session != null) {
                session.tell(message);
            }
        }
    }
}
