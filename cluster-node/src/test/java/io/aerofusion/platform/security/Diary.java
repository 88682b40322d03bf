package io.aerofusion.platform.security;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.pattern.StatusReply;
import akka.persistence.typed.EventAdapter;
import akka.persistence.typed.SnapshotAdapter;
import akka.persistence.typed.javadsl.CommandHandlerWithReply;
import akka.persistence.typed.javadsl.EventHandler;
import akka.persistence.typed.javadsl.EventSourcedBehaviorWithEnforcedReplies;
import akka.persistence.typed.javadsl.ReplyEffect;
import akka.persistence.typed.javadsl.RetentionCriteria;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** A sealed entity for tests: pages that one person wrote. Takes a snapshot every third event. */
public final class Diary extends EventSourcedBehaviorWithEnforcedReplies<Diary.Command, Diary.Event, Diary.State> {
    public sealed interface Command {}

    public record Write(String owner, String words, JsonNode mood, ActorRef<StatusReply<Integer>> replyTo)
            implements Command {}

    public record Read(ActorRef<StatusReply<List<String>>> replyTo) implements Command {}

    public record Stop() implements Command {}

    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "t")
    @JsonSubTypes(@JsonSubTypes.Type(value = Written.class, name = "written"))
    public sealed interface Event {}

    public record Written(String words, JsonNode mood) implements Event {}

    public record State(List<String> pages) {}

    /** What a diary answers before it was begun and after its owner was erased. */
    public record Life() implements SealedEntity.Life<Command> {
        @Override
        public Optional<String> subjectNamedBy(Command command) {
            return command instanceof Write write ? Optional.of(write.owner()) : Optional.empty();
        }

        @Override
        public void unborn(Command command) {
            refuse(command, "unborn");
        }

        @Override
        public void erased(Command command) {
            refuse(command, "erased");
        }

        @Override
        public boolean stops(Command command) {
            return command instanceof Stop;
        }

        @Override
        public Behavior<Command> live(Sealing sealing) {
            return new Diary(sealing);
        }

        private static void refuse(Command command, String why) {
            switch (command) {
                case Write write -> write.replyTo().tell(StatusReply.error(why));
                case Read read -> read.replyTo().tell(StatusReply.error(why));
                case Stop stop -> throw new IllegalStateException("never handed over: " + stop);
            }
        }
    }

    private final Sealing sealing;

    private Diary(Sealing sealing) {
        super(sealing.id());
        this.sealing = sealing;
    }

    @Override
    public State emptyState() {
        return new State(List.of());
    }

    @Override
    public CommandHandlerWithReply<Command, Event, State> commandHandler() {
        return (state, command) -> switch (command) {
            case Write write -> onWrite(write);
            case Read read -> Effect().reply(read.replyTo(), StatusReply.success(state.pages()));
            case Stop stop -> Effect().stop().thenNoReply();
        };
    }

    @Override
    public EventHandler<State, Event> eventHandler() {
        return (state, event) -> {
            List<String> pages = new ArrayList<>(state.pages());
            pages.add(((Written) event).words());
            return new State(pages);
        };
    }

    @Override
    public Set<String> tagsFor(Event event) {
        return sealing.localTags();
    }

    @Override
    public EventAdapter<Event, ?> eventAdapter() {
        return sealing.events(Event.class);
    }

    @Override
    public SnapshotAdapter<State> snapshotAdapter() {
        return sealing.snapshots(State.class);
    }

    @Override
    public RetentionCriteria retentionCriteria() {
        return RetentionCriteria.snapshotEvery(3, 1);
    }

    private ReplyEffect<Event, State> onWrite(Write write) {
        return Effect()
                .persist(new Written(write.words(), write.mood()))
                .thenReply(
                        write.replyTo(),
                        state -> StatusReply.success(state.pages().size()));
    }
}
