package io.aerofusion.route;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.persistence.typed.PersistenceId;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.NodeContext;
import io.aerofusion.platform.cluster.Revision;
import io.aerofusion.platform.cluster.RevisionedMessage;
import io.aerofusion.platform.cluster.RevisionedSource;
import io.aerofusion.platform.security.SealedEntity;
import io.aerofusion.platform.security.Sealing;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;

/** A publication before its first change; afterwards it is a {@link Publication}. */
final class PublicationLife implements SealedEntity.Life<Publication.Command> {
    /** What a publication needs of its node. */
    record Surroundings(
            NodeContext node,
            Function<Generation, List<Problem>> check,
            Consumer<RevisionedMessage.Announced> announce,
            Consumer<PublicationEvent.Published> record) {}

    private final ActorContext<Publication.Command> context;
    private final Surroundings surroundings;
    private final String tenant;

    private PublicationLife(ActorContext<Publication.Command> context, Surroundings surroundings, String tenant) {
        this.context = context;
        this.surroundings = surroundings;
        this.tenant = tenant;
    }

    /**
     * The behavior of the entity.
     *
     * @param entityId {@code tenant|gateway}
     */
    static Behavior<Publication.Command> create(Surroundings surroundings, String entityId) {
        String tenant = entityId.substring(0, entityId.indexOf('|'));
        return Behaviors.setup(context -> SealedEntity.create(
                PersistenceId.ofUniqueId(Publication.KEY.name() + "|" + entityId),
                surroundings.node().keys(),
                surroundings.node().blocking(),
                new PublicationLife(context, surroundings, tenant)));
    }

    /**
     * The data subject of what belongs to a tenant's platform and to no person: it is sealed like everything else. No user can have the
     * name, so nobody's erasure destroys its key.
     */
    static String subject(String tenant) {
        return tenant + "|~platform";
    }

    @Override
    public Behavior<Publication.Command> live(Sealing sealing) {
        return new Publication(
                context,
                sealing,
                surroundings.node().blocking(),
                surroundings.node().clock(),
                surroundings.check(),
                surroundings.announce(),
                surroundings.record());
    }

    @Override
    public Optional<String> subjectNamedBy(Publication.Command command) {
        return command instanceof Publication.Publish ? Optional.of(subject(tenant)) : Optional.empty();
    }

    @Override
    public void unborn(Publication.Command command) {
        if (command instanceof Publication.Since since) {
            since.replyTo()
                    .tell(new RevisionedSource<>(ConfigurationContent.INSTANCE)
                            .answer(since.question(), Revision.NONE, Configuration.EMPTY));
        }
    }

    @Override
    public void erased(Publication.Command command) {
        if (command instanceof Publication.Publish publish) {
            ActorRef<Publication.Reply> replyTo = publish.replyTo();
            replyTo.tell(new Publication.Refused(
                    ErrorCode.ERASED, "The key of this gateway's data was destroyed.", List.of()));
        }
    }

    @Override
    public void unavailable(Publication.Command command) {
        if (command instanceof Publication.Publish publish) {
            publish.replyTo().tell(Publication.UNAVAILABLE);
        }
    }

    @Override
    public boolean stops(Publication.Command command) {
        return false; // passivation sends a poison pill
    }
}
