package io.aerofusion.route;

import akka.actor.typed.ActorSystem;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.typesafe.config.Config;
import io.aerofusion.platform.http.ProblemException;
import io.aerofusion.platform.http.YamlBody;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The OpenAPI documents of upstreams on this node: asks services for theirs, checks each, and keeps the last good one whatever comes after
 * it. The first look is when somebody asks, or {@link #FIRST_LOOK} after the start, so that a start never waits for it.
 */
final class ApiDocuments {
    private static final Logger LOG = LoggerFactory.getLogger(ApiDocuments.class);
    /** When a node that nobody asks looks first. */
    static final Duration FIRST_LOOK = Duration.ofSeconds(30);
    /** How often it is looked which documents are due. */
    static final Duration LOOKS = Duration.ofSeconds(5);
    /** How long somebody who asks waits for documents that were never looked at. */
    static final Duration WAIT_MAX = Duration.ofSeconds(3);
    /** Upstreams with documents that are looked after; those beyond, by name, are left out. */
    static final int DOCUMENTS_MAX = 500;

    /** Gets a document of an upstream. */
    @FunctionalInterface
    interface Fetch {
        CompletionStage<FetchedDocument> fetch(FetchedDocument.Wanted wanted);
    }

    /** How a document is. */
    enum State {
        /** Nobody looked yet. */
        PENDING("pending"),
        /** It is what the service has. */
        CURRENT("current"),
        /** What the service has now cannot be got or is not valid; the last good one is served. */
        STALE("stale"),
        /** What the service has is not valid, and there never was a good one. */
        INVALID("invalid"),
        /** It could not be got, and there never was a good one. */
        UNREACHABLE("unreachable");

        private final String text;

        State(String text) {
            this.text = text;
        }

        String text() {
            return text;
        }
    }

    /**
     * What is known of one document. Immutable.
     *
     * @param good the last good one; not to be changed
     * @param etag of the last one that was got
     * @param goodAt when it was got, ms since the epoch; 0 for never
     * @param triedAt when it was looked last, ms since the epoch; 0 for never
     * @param failure why it could not be got; empty if it could
     */
    record Known(
            UpstreamSpec.OpenApi wanted,
            State state,
            @Nullable ObjectNode good,
            String etag,
            long goodAt,
            long triedAt,
            String failure,
            List<OpenApiCheck.Fault> faults) {
        static Known nothing(UpstreamSpec.OpenApi wanted) {
            return new Known(wanted, State.PENDING, null, "", 0, 0, "", List.of());
        }

        private boolean due(long now) {
            return triedAt == 0
                    || (wanted.path() != null
                            && now - triedAt >= wanted.refresh().toMillis());
        }

        private Known failed(String why, long now) {
            return new Known(
                    wanted, good == null ? State.UNREACHABLE : State.STALE, good, etag, goodAt, now, why, List.of());
        }

        private Known invalid(List<OpenApiCheck.Fault> found, String newTag, long now) {
            return new Known(wanted, good == null ? State.INVALID : State.STALE, good, newTag, goodAt, now, "", found);
        }

        private Known unchanged(long now) {
            // also the same faulty one as before
            return new Known(
                    wanted,
                    faults.isEmpty() && good != null ? State.CURRENT : state,
                    good,
                    etag,
                    faults.isEmpty() ? now : goodAt,
                    now,
                    "",
                    faults);
        }

        private Known current(ObjectNode document, String newTag, long now) {
            return new Known(wanted, State.CURRENT, document, newTag, now, now, "", List.of());
        }
    }

    private final Fetch fetch;
    private final Supplier<Configuration> configuration;
    private final Executor blocking;
    private final InstantSource clock;
    private final int bytesMax;
    private final Duration timeout;
    private final SortedMap<String, Known> known = new TreeMap<>();
    private final Map<String, CompletableFuture<Void>> underWay = new TreeMap<>();
    private @Nullable Configuration seen;
    /** Counts changes of documents, for what is made of them. */
    private long revision;

    ApiDocuments(
            Fetch fetch,
            Supplier<Configuration> configuration,
            Executor blocking,
            InstantSource clock,
            Config settings) {
        this.fetch = fetch;
        this.configuration = configuration;
        this.blocking = blocking;
        this.clock = clock;
        this.bytesMax = Math.toIntExact(settings.getBytes("document-bytes-max"));
        this.timeout = settings.getDuration("fetch-timeout");
    }

    /** Looks after them from now on. */
    static ApiDocuments start(
            ActorSystem<?> system,
            Fetch fetch,
            Supplier<Configuration> configuration,
            Executor blocking,
            InstantSource clock) {
        ApiDocuments documents = new ApiDocuments(
                fetch,
                configuration,
                blocking,
                clock,
                system.settings().config().getConfig("aerofusion.gateway.apis"));
        system.scheduler().scheduleWithFixedDelay(FIRST_LOOK, LOOKS, documents::look, system.executionContext());
        return documents;
    }

    /**
     * All at one moment.
     *
     * @param revision another one whenever a document is another
     * @param known by the upstream's name
     */
    record All(long revision, SortedMap<String, Known> known) {}

    /** All as they are now. */
    synchronized All now() {
        follow();
        return new All(revision, new TreeMap<>(known));
    }

    /** All, after a look at those that were never looked at; waits for them a while. */
    CompletionStage<All> ready() {
        look();
        List<CompletableFuture<Void>> first = new ArrayList<>();
        synchronized (this) {
            known.forEach((name, one) -> {
                CompletableFuture<Void> running = underWay.get(name);
                if (one.state() == State.PENDING && running != null) {
                    first.add(running);
                }
            });
        }
        return CompletableFuture.allOf(first.toArray(CompletableFuture[]::new))
                .completeOnTimeout(null, WAIT_MAX.toMillis(), TimeUnit.MILLISECONDS)
                .thenApply(done -> now());
    }

    /** Begins to look at those that are due. */
    private void look() {
        long now = clock.millis();
        List<Runnable> due = new ArrayList<>();
        synchronized (this) {
            follow();
            known.forEach((name, one) -> {
                if (!one.due(now) || underWay.containsKey(name)) {
                    return;
                }
                underWay.put(name, new CompletableFuture<>());
                JsonNode document = one.wanted().document();
                String path = one.wanted().path();
                if (document != null) {
                    due.add(() -> take(name, one, document));
                } else if (path != null) {
                    due.add(() -> get(one, new FetchedDocument.Wanted(name, path, one.etag(), bytesMax, timeout)));
                }
            });
        }
        due.forEach(Runnable::run);
    }

    private void take(String name, Known before, JsonNode document) {
        CompletableFuture.completedFuture(document)
                .thenAcceptAsync(same -> taken(name, before, same, ""), blocking)
                .whenComplete((done, failure) -> end(name, failure));
    }

    private void get(Known before, FetchedDocument.Wanted wanted) {
        CompletableFuture.completedFuture(wanted)
                .thenCompose(fetch::fetch)
                .exceptionally(failure -> new FetchedDocument.Failed("The service cannot be asked."))
                .thenAcceptAsync(fetched -> got(wanted.upstream(), before, fetched), blocking)
                .whenComplete((done, failure) -> end(wanted.upstream(), failure));
    }

    private void got(String name, Known before, FetchedDocument fetched) {
        long now = clock.millis();
        switch (fetched) {
            case FetchedDocument.Unchanged same -> put(name, before, before.unchanged(now));
            case FetchedDocument.Failed failed -> put(name, before, before.failed(failed.why(), now));
            case FetchedDocument.Content content -> {
                try {
                    taken(name, before, parse(content.bytes()), content.etag());
                } catch (ProblemException | JsonProcessingException e) {
                    OpenApiCheck.Fault fault = new OpenApiCheck.Fault(
                            "",
                            "It is neither JSON nor YAML that can be read: "
                                    + firstLine(String.valueOf(e.getMessage())));
                    put(name, before, before.invalid(List.of(fault), content.etag(), now));
                }
            }
        }
    }

    private void taken(String name, Known before, JsonNode document, String etag) {
        long now = clock.millis();
        List<OpenApiCheck.Fault> faults;
        try {
            faults = document.isObject()
                    ? OpenApiCheck.of(document)
                    : List.of(new OpenApiCheck.Fault("", "It is no object."));
        } catch (RuntimeException | StackOverflowError unreadable) {
            faults = List.of(new OpenApiCheck.Fault("", "It is too entangled to be checked."));
        }
        put(
                name,
                before,
                faults.isEmpty() && document instanceof ObjectNode good
                        ? before.current(good, etag, now)
                        : before.invalid(faults, etag, now));
    }

    private static JsonNode parse(byte[] bytes) throws JsonProcessingException {
        for (byte b : bytes) {
            if (b == '{') {
                return ResourceCodec.tree(bytes);
            }
            if (b != ' ' && b != '\n' && b != '\r' && b != '\t') {
                break;
            }
        }
        return YamlBody.parse(ByteBuffer.wrap(bytes));
    }

    private static String firstLine(String text) {
        int end = text.indexOf('\n');
        String line = end < 0 ? text : text.substring(0, end);
        return line.length() > 200 ? line.substring(0, 200) : line;
    }

    @SuppressWarnings("ReferenceEquality") // equal or not: it is the one that was there when the look began
    private void put(String name, Known before, Known after) {
        synchronized (this) {
            // otherwise the upstream was changed meanwhile, and what was got is not what is wanted
            if (known.get(name) == before) {
                known.put(name, after);
                revision++;
            }
        }
    }

    /** @param failure of the look itself, such as an executor that takes no more work: the document is still due */
    private void end(String name, @Nullable Throwable failure) {
        if (failure != null) {
            LOG.warn("The API of {} could not be looked at; the next look is soon: {}", name, failure.toString());
        }
        CompletableFuture<Void> ended;
        synchronized (this) {
            ended = underWay.remove(name);
        }
        if (ended != null) {
            ended.complete(null);
        }
    }

    /** Takes over which documents the present configuration wants. */
    @SuppressWarnings("ReferenceEquality") // every change makes another configuration
    private void follow() {
        Configuration present = configuration.get();
        if (present == seen) {
            return;
        }
        seen = present;
        SortedMap<String, UpstreamSpec.OpenApi> wanted = new TreeMap<>();
        for (Configuration.Item item : items(present)) {
            UpstreamSpec.OpenApi openapi = openapi(item);
            if (openapi != null && wanted.size() < DOCUMENTS_MAX) {
                wanted.put(item.resource().name(), openapi);
            }
        }
        boolean changed = known.keySet().retainAll(wanted.keySet());
        for (Map.Entry<String, UpstreamSpec.OpenApi> one : wanted.entrySet()) {
            Known before = known.get(one.getKey());
            if (before == null || !before.wanted().equals(one.getValue())) {
                known.put(one.getKey(), Known.nothing(one.getValue()));
                changed = true;
            }
        }
        if (changed) {
            revision++;
        }
    }

    private static UpstreamSpec.@Nullable OpenApi openapi(Configuration.Item item) {
        // most upstreams have none: these are not read for it
        if (item.document().at("/spec/openapi").isMissingNode()) {
            return null;
        }
        try {
            return item.resource().spec() instanceof UpstreamSpec spec ? spec.openapi() : null;
        } catch (IllegalArgumentException olderThanThisVersion) {
            return null;
        }
    }

    private static Collection<Configuration.Item> items(Configuration configuration) {
        return configuration
                .items()
                .subMap(new ResourceKey(Kind.UPSTREAM, ""), true, new ResourceKey(Kind.UPSTREAM, "\uffff"), true)
                .values();
    }
}
