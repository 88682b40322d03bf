package io.aerofusion.route;

import akka.actor.typed.Behavior;
import akka.persistence.typed.PersistenceId;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.NodeContext;
import io.aerofusion.platform.cluster.Revision;
import io.aerofusion.platform.cluster.RevisionedMessage;
import io.aerofusion.platform.cluster.RevisionedSource;
import io.aerofusion.platform.security.SealedEntity;
import io.aerofusion.platform.security.Sealing;
import java.util.Optional;
import java.util.function.Consumer;

/** Revocations before the first one; afterwards they are {@link Revocations}. */
final class RevocationsLife implements SealedEntity.Life<Revocations.Command> {
    private final NodeContext node;
    private final String tenant;
    private final Consumer<RevisionedMessage.Announced> announce;
    private final int revocationsMax;

    private RevocationsLife(
            NodeContext node, String tenant, Consumer<RevisionedMessage.Announced> announce, int revocationsMax) {
        this.node = node;
        this.tenant = tenant;
        this.announce = announce;
        this.revocationsMax = revocationsMax;
    }

    /**
     * The behavior of the entity.
     *
     * @param entityId {@code tenant|gateway}
     */
    static Behavior<Revocations.Command> create(
            NodeContext node, String entityId, Consumer<RevisionedMessage.Announced> announce, int revocationsMax) {
        return SealedEntity.create(
                PersistenceId.ofUniqueId(Revocations.KEY.name() + "|" + entityId),
                node.keys(),
                node.blocking(),
                new RevocationsLife(node, entityId.substring(0, entityId.indexOf('|')), announce, revocationsMax));
    }

    @Override
    public Behavior<Revocations.Command> live(Sealing sealing) {
        return new Revocations(sealing, node.clock(), announce, revocationsMax);
    }

    @Override
    public Optional<String> subjectNamedBy(Revocations.Command command) {
        return command instanceof Revocations.Revoke ? Optional.of(PublicationLife.subject(tenant)) : Optional.empty();
    }

    @Override
    public void unborn(Revocations.Command command) {
        switch (command) {
            case Revocations.Since since ->
                since.replyTo()
                        .tell(new RevisionedSource<>(RevocationsContent.INSTANCE)
                                .answer(since.question(), Revision.NONE, RevocationsState.EMPTY));
            case Revocations.Lift lift -> lift.replyTo().tell(new Revocations.Lifted(0));
            case Revocations.Revoke revoke -> {} // begins the life
        }
    }

    @Override
    public void erased(Revocations.Command command) {
        Revocations.Refused refused =
                new Revocations.Refused(ErrorCode.ERASED, "The key of this gateway's data was destroyed.");
        switch (command) {
            case Revocations.Revoke revoke -> revoke.replyTo().tell(refused);
            case Revocations.Lift lift -> lift.replyTo().tell(refused);
            case Revocations.Since since -> {}
        }
    }

    @Override
    public boolean stops(Revocations.Command command) {
        return false; // passivation sends a poison pill
    }
}
