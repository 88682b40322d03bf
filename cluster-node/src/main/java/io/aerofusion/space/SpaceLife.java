package io.aerofusion.space;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.security.SealedEntity;
import io.aerofusion.platform.security.Sealing;
import java.time.InstantSource;
import java.util.Optional;
import java.util.function.LongConsumer;

/** What a space answers before it was created and after its owner was erased, and how it comes to life in between. */
record SpaceLife(
        HostedSpace.Identity identity,
        ActorRef<ClusterSharding.ShardCommand> shard,
        ActorRef<Space.Command> self,
        EntityLimits limits,
        SpaceMetrics metrics,
        InstantSource clock,
        LongConsumer snapshotTaken)
        implements SealedEntity.Life<Space.Command> {

    @Override
    public Optional<String> subjectNamedBy(Space.Command command) {
        return command instanceof Space.Create create
                ? Optional.of(identity.tenant() + "|" + create.by().user())
                : Optional.empty();
    }

    @Override
    public void unborn(Space.Command command) {
        refuse(command, ErrorCode.SPACE_NOT_FOUND, "There is no space " + identity.space() + " that you may see.");
    }

    @Override
    public void erased(Space.Command command) {
        refuse(command, ErrorCode.ERASED, "The space's owner was erased.");
    }

    @Override
    public boolean stops(Space.Command command) {
        return command instanceof Space.Stop;
    }

    @Override
    public Behavior<Space.Command> live(Sealing sealing) {
        return Behaviors.setup(
                context -> new Space(context, shard, sealing, identity, limits, metrics, clock, snapshotTaken));
    }

    private void refuse(Space.Command command, ErrorCode code, String detail) {
        switch (command) {
            // Whoever erases may come again: there is nothing left to end.
            case Space.Forget forget -> forget.replyTo().tell(new Space.Done(""));
            case Space.Push push ->
                push.replyTo()
                        .tell(new SpaceNotice.PushRefused(
                                identity.space(), push.push().firstSeq(), code, detail));
            case Space.Follow follow ->
                follow.follower().tell(new SpaceNotice.FollowRefused(identity.space(), follow.turn(), code, detail));
            case Space.Request request -> request.replyTo().tell(new Space.Refused(code, detail));
            case Space.Upkeep idle -> shard.tell(new ClusterSharding.Passivate<>(self));
            case Space.Told told -> {} // nobody waits for an answer
        }
    }
}
