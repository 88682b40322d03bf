package io.aerofusion.space.wire;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.aerofusion.space.Conflict;
import io.aerofusion.space.Rejection;
import io.aerofusion.space.Stamp;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The fields of each frame in their places, as {@code docs/protocol.md} lists them; {@link FrameReader} is its mirror. */
final class FrameWriter {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private FrameWriter() {}

    static ArrayNode fields(Frame frame, StringTable strings) {
        ArrayNode out = JSON.arrayNode();
        return switch (frame) {
            case Frame.Hello f ->
                out.add(f.device())
                        .add(f.token())
                        .add(f.protocol())
                        .add(f.clock())
                        .add(f.resume())
                        .add(f.traceparent());
            case Frame.Sub f -> {
                out.add(f.space()).add(texts(f.collections()));
                yield out.add(f.cursor());
            }
            case Frame.Unsub f -> out.add(f.space());
            case Frame.Push f ->
                out.add(f.space())
                        .add(f.firstSeq())
                        .add(f.base())
                        .add(RowForms.mutations(f.mutations(), strings))
                        .add(f.traceparent());
            case Frame.Seen f -> out.add(f.space()).add(f.cursor());
            case Frame.Credit f -> out.add(f.bytes());
            case Frame.Announce f -> out.add(f.space()).add(f.state());
            case Frame.Report f -> out.add(f.patch());
            case Frame.Leave f -> out.add(f.reason());
            case Frame.Welcome f ->
                out.add(f.session())
                        .add(f.node())
                        .add(f.serverTime())
                        .add(limits(f.limits()))
                        .add(f.leaseMillis())
                        .add(f.heartbeatMillis());
            case Frame.Snap f ->
                out.add(f.space())
                        .add(f.to())
                        .add(RowForms.changes(f.documents(), strings))
                        .add(f.last());
            case Frame.Delta f ->
                out.add(f.space())
                        .add(f.from())
                        .add(f.to())
                        .add(RowForms.changes(f.changes(), strings))
                        .add(f.more())
                        .add(f.traceparent());
            case Frame.Reset f -> out.add(f.space()).add(f.reason().code());
            case Frame.Ack f ->
                out.add(f.space())
                        .add(f.upTo())
                        .add(f.level())
                        .add(f.cursor())
                        .add(RowForms.changes(f.changes(), strings))
                        .add(restamps(f.restamps()));
            case Frame.Rej f -> out.add(f.space()).add(rejections(f.rejections()));
            case Frame.Conflicts f -> out.add(f.space()).add(conflicts(f.conflicts(), strings));
            case Frame.Gone f -> out.add(f.space()).add(f.reason().code());
            case Frame.Presence f -> out.add(f.space()).add(f.device()).add(f.state());
            case Frame.Desired f -> out.add(f.version()).add(f.desired());
            case Frame.Reported f ->
                out.add(f.number())
                        .add(f.version())
                        .add(f.refused() == null ? null : f.refused().code());
            case Frame.Slow f -> out.add(f.retryAfterMillis());
            case Frame.Failure f -> out.add(f.space()).add(f.code().code()).add(f.detail());
            case Frame.Bye f -> out.add(f.reason().code()).add(f.detail()).add(f.retryAfterMillis());
        };
    }

    private static ArrayNode texts(List<String> texts) {
        ArrayNode array = JSON.arrayNode(texts.size());
        texts.forEach(array::add);
        return array;
    }

    private static ArrayNode limits(Frame.Limits limits) {
        return JSON.arrayNode()
                .add(limits.frameBytes())
                .add(limits.documentBytes())
                .add(limits.pushMutations())
                .add(limits.pushesInFlight())
                .add(limits.nesting())
                .add(limits.spaces())
                .add(limits.creditBytes());
    }

    private static @Nullable ArrayNode restamps(Map<Long, Long> restamps) {
        if (restamps.isEmpty()) {
            return null;
        }
        ArrayNode array = JSON.arrayNode(restamps.size());
        new TreeMap<>(restamps)
                .forEach((seq, clock) ->
                        array.addArray().add(seq).add(clock >>> 16).add(clock & Clocks.COUNTER_MAX));
        return array;
    }

    private static ArrayNode rejections(List<Rejection> rejections) {
        ArrayNode array = JSON.arrayNode(rejections.size());
        for (Rejection rejection : rejections) {
            array.addArray()
                    .add(rejection.seq())
                    .add(rejection.code().code())
                    .add(rejection.detail())
                    .add(rejection.path())
                    .add(optional(rejection.serverValue()));
        }
        return array;
    }

    private static ArrayNode conflicts(List<Conflict> conflicts, StringTable strings) {
        ArrayNode array = JSON.arrayNode(conflicts.size());
        for (Conflict conflict : conflicts) {
            array.addArray()
                    .add(strings.number(conflict.collection()))
                    .add(conflict.id())
                    .add(strings.number(conflict.path()))
                    .add(conflict.policy().text())
                    .add(stamp(conflict.winner(), strings))
                    .add(optional(conflict.winning()))
                    .add(stamp(conflict.loser(), strings))
                    .add(optional(conflict.losing()))
                    .add(conflict.queued());
        }
        return array;
    }

    private static ArrayNode stamp(Stamp stamp, StringTable strings) {
        return JSON.arrayNode(3)
                .add(stamp.wallMillis())
                .add(stamp.hlc() & Clocks.COUNTER_MAX)
                .add(strings.number(stamp.device()));
    }

    private static ArrayNode optional(@Nullable JsonNode value) {
        return value == null ? JSON.arrayNode(0) : JSON.arrayNode(1).add(value);
    }
}
