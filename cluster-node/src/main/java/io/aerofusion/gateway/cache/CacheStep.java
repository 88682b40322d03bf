package io.aerofusion.gateway.cache;

import io.aerofusion.gateway.Headers;
import io.aerofusion.gateway.RequestEdit;
import io.aerofusion.gateway.RequestView;
import io.aerofusion.gateway.Step;
import io.aerofusion.gateway.Treatment;
import io.aerofusion.gateway.Verdict;
import io.aerofusion.gateway.cache.ResponseCache.Lookup;
import io.aerofusion.gateway.cache.ResponseCache.Recording;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Answers requests from a cache and lets it see the responses of the others. Stands twice on the way: a request that waited for another one's
 * response looks again. After all steps that decide whether the request may be answered at all.
 */
public final class CacheStep {
    private static final Verdict NOT_HERE =
            new Verdict.Refuse(504, "only-if-cached", "There is no stored response, and the request wants no other.");
    private static final byte[] NOTHING = {};

    private final ResponseCache cache;
    private final Predicate<RequestEdit> known;

    /** @param known whether a request came with a credential: responses to those are kept only if they say so */
    public CacheStep(ResponseCache cache, Predicate<RequestEdit> known) {
        this.cache = cache;
        this.known = known;
    }

    public List<Step> steps() {
        return List.of(
                request -> check(request, false),
                request -> request.treats(Treating.class) ? Verdict.PASS : check(request, true));
    }

    private Verdict check(RequestEdit request, boolean waited) {
        return switch (cache.lookup(request, known.test(request), waited)) {
            case Lookup.Hit hit -> answer(hit.response(), hit.ageSeconds(), hit.notModified());
            case Lookup.NotHere none -> NOT_HERE;
            case Lookup.Wait wait -> new Verdict.Later(wait.stage().handle((over, failure) -> Verdict.PASS));
            case Lookup.Past past -> {
                request.treat(new Treating(null));
                yield Verdict.PASS;
            }
            case Lookup.Fetch fetch -> {
                fetch(request, fetch.recording());
                yield Verdict.PASS;
            }
        };
    }

    private void fetch(RequestEdit request, Recording recording) {
        String tag = recording.validator();
        String changed = recording.modified();
        boolean validates = tag != null || changed != null;
        // From here on the recording ends with the request, whatever becomes of it; others may be waiting for that.
        Treating treating = new Treating(recording);
        request.treat(treating);
        if (validates) {
            // Asked before the client's own condition gives way to the cache's.
            treating.clientHas = CacheRules.notModified(recording.stored(), request);
            request.removeHeader("if-none-match");
            request.removeHeader("if-modified-since");
            if (tag != null) {
                request.setHeader("if-none-match", tag);
            }
            if (changed != null) {
                request.setHeader("if-modified-since", changed);
            }
        }
    }

    private static Verdict.Answer answer(StoredResponse stored, long ageSeconds, boolean notModified) {
        Headers fields = new Headers(512);
        fields.addAll(stored.fields());
        fields.add("age", Long.toString(ageSeconds));
        return notModified
                ? new Verdict.Answer(304, fields, NOTHING)
                : new Verdict.Answer(stored.status(), fields, stored.body());
    }

    private final class Treating implements Treatment {
        private final @Nullable Recording recording;
        private boolean clientHas;
        private boolean keeping;

        Treating(@Nullable Recording recording) {
            this.recording = recording;
        }

        @Override
        public Head head(RequestView request, int status, Headers response, long length, boolean bodiless) {
            if (recording == null) {
                cache.changed(request, status, response);
                return Head.PASS;
            }
            return switch (recording.head(request, status, response)) {
                case KEEP -> {
                    keeping = true;
                    yield Head.PASS;
                }
                case PASS -> Head.PASS;
                case SEND_STORED -> new Head.Instead(stored(recording));
            };
        }

        private Verdict.Answer stored(Recording from) {
            return answer(from.stored(), cache.ageSeconds(from.stored()), clientHas);
        }

        @Override
        public ByteBuf content(ByteBuf content) {
            if (keeping && recording != null) {
                byte[] piece = new byte[content.readableBytes()];
                content.getBytes(content.readerIndex(), piece);
                keeping = recording.content(piece);
            }
            return content;
        }

        @Override
        public ByteBuf end() {
            if (keeping && recording != null) {
                recording.end();
            }
            return Unpooled.EMPTY_BUFFER;
        }

        @Override
        public Verdict.@Nullable Answer failed(RequestView request) {
            return recording != null && recording.failed(request) ? stored(recording) : null;
        }

        @Override
        public void close() {
            if (recording != null) {
                recording.abort();
            }
        }
    }
}
