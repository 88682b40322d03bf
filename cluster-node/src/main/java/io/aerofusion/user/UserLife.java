package io.aerofusion.user;

import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.persistence.typed.PersistenceId;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.NodeContext;
import io.aerofusion.platform.security.SealedEntity;
import io.aerofusion.platform.security.Sealing;
import java.util.Optional;

/** A user before the creation and after the erasure; in between it is a {@link User}. */
final class UserLife implements SealedEntity.Life<User.Command> {
    private final ActorContext<User.Command> context;
    private final NodeContext node;
    private final String entityId;
    private final User.Erasing erasing;
    private final Runnable tokensVoid;

    private UserLife(
            ActorContext<User.Command> context,
            NodeContext node,
            String entityId,
            User.Erasing erasing,
            Runnable tokensVoid) {
        this.context = context;
        this.node = node;
        this.entityId = entityId;
        this.erasing = erasing;
        this.tokensVoid = tokensVoid;
    }

    /**
     * The behavior of the entity.
     *
     * @param entityId {@code tenant|user}, which is the data subject too
     * @param tokensVoid told when answers about the user's tokens must not be trusted any more
     */
    static Behavior<User.Command> create(NodeContext node, String entityId, User.Erasing erasing, Runnable tokensVoid) {
        return Behaviors.setup(context -> SealedEntity.create(
                PersistenceId.ofUniqueId(User.KEY.name() + "|" + entityId),
                node.keys(),
                node.blocking(),
                new UserLife(context, node, entityId, erasing, tokensVoid)));
    }

    @Override
    public Behavior<User.Command> live(Sealing sealing) {
        return new User(
                context,
                sealing.id(),
                sealing.events(UserEvent.class),
                sealing.snapshots(UserState.class),
                event -> UserReadModel.follows(event) ? sealing.localTags() : sealing.streamTags(),
                node.clock(),
                erasing,
                tokensVoid);
    }

    @Override
    public Optional<String> subjectNamedBy(User.Command command) {
        return command instanceof User.Create ? Optional.of(entityId) : Optional.empty();
    }

    @Override
    public void unborn(User.Command command) {
        answer(command, new User.Refused(ErrorCode.NOT_FOUND, "There is no such user, or you may not see it."));
    }

    @Override
    public void erased(User.Command command) {
        answer(command, new User.ErasedForGood());
    }

    @Override
    public boolean stops(User.Command command) {
        return false; // passivation sends a poison pill
    }

    private static void answer(User.Command command, User.Reply reply) {
        switch (command) {
            case User.Create c -> c.replyTo().tell(reply);
            case User.Describe c -> c.replyTo().tell(reply);
            case User.ChangeRoles c -> c.replyTo().tell(reply);
            case User.IssueToken c -> c.replyTo().tell(reply);
            case User.RevokeToken c -> c.replyTo().tell(reply);
            case User.Erase c -> c.replyTo().tell(reply);
            case User.ResumeErasure c -> c.replyTo().tell(reply);
            case User.Authenticate c -> c.replyTo().tell(new User.Authentication(null));
            case User.Internal c -> {}
        }
    }
}
