package io.aerofusion.space;

import akka.actor.typed.ActorRef;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import akka.cluster.sharding.typed.javadsl.EntityRef;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.cluster.EntityAsk;
import io.aerofusion.platform.http.ApiRequest;
import io.aerofusion.platform.http.ProblemException;
import io.aerofusion.platform.security.Principal;
import java.time.Duration;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

/** Asks spaces on behalf of HTTP requests; a refusal becomes a problem. */
record SpaceAsk(ClusterSharding sharding, Duration timeout) {
    /** The entity of the space that the path names. */
    EntityRef<Space.Command> space(ApiRequest request) {
        return space(request.caller(), request.path("space"));
    }

    EntityRef<Space.Command> space(Principal caller, String space) {
        if (!SpaceNames.isSpace(space)) {
            throw new ProblemException(ErrorCode.SPACE_NOT_FOUND, "No space has such a name.");
        }
        return sharding.entityRefFor(Space.KEY, caller.tenant() + "|" + space);
    }

    <R extends Space.Reply> CompletionStage<R> ask(
            ApiRequest request, Class<R> expected, Function<ActorRef<Space.Reply>, Space.Command> command) {
        EntityRef<Space.Command> space = space(request);
        return request.safe() ? read(space, expected, command) : expect(expected, space.ask(command::apply, timeout));
    }

    /** The answer to what changes nothing: asked again, when a hand-over swallowed it. */
    <R extends Space.Reply> CompletionStage<R> read(
            EntityRef<Space.Command> space, Class<R> expected, Function<ActorRef<Space.Reply>, Space.Command> command) {
        return expect(expected, EntityAsk.repeating(space, command, timeout));
    }

    <R extends Space.Reply> CompletionStage<R> ask(
            EntityRef<Space.Command> space,
            Duration within,
            Class<R> expected,
            Function<ActorRef<Space.Reply>, Space.Command> command) {
        return expect(expected, space.ask(command::apply, within));
    }

    private static <R extends Space.Reply> CompletionStage<R> expect(
            Class<R> expected, CompletionStage<Space.Reply> answer) {
        return answer.handle((reply, failure) -> {
            if (reply instanceof Space.Refused refused) {
                throw new ProblemException(refused.code(), refused.detail());
            }
            if (failure != null) {
                throw translated(failure);
            }
            return expected.cast(reply);
        });
    }

    CompletionStage<SpaceNotice.Pushed> push(
            EntityRef<Space.Command> space, Function<ActorRef<SpaceNotice.PushReply>, Space.Command> command) {
        return EntityAsk.repeating(space, command, timeout).handle((reply, failure) -> {
            if (failure != null) {
                throw translated(failure);
            }
            return switch (reply) {
                case SpaceNotice.Pushed pushed -> pushed;
                case SpaceNotice.PushRefused refused -> throw new ProblemException(refused.code(), refused.detail());
            };
        });
    }

    private static RuntimeException translated(Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        return cause instanceof TimeoutException
                ? new ProblemException(ErrorCode.UNAVAILABLE, "The space did not answer in time; repeating is safe.")
                : new CompletionException(cause);
    }
}
