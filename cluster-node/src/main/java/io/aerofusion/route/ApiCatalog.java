package io.aerofusion.route;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The APIs behind the gateway: each upstream with a document, by which ways clients reach it, and what it offers. */
final class ApiCatalog {
    /** Operations that a search tells of one API. */
    static final int MATCHES_MAX = 20;
    /** Written documents that are kept: they are asked for again and again with the same host. */
    private static final int WRITTEN_MAX = 64;

    /**
     * An API, with its operations as clients reach them.
     *
     * @param moment the number of the moment it is of
     */
    record Api(
            long moment,
            String name,
            ApiDocuments.Known known,
            List<ApiReach> reaches,
            List<ExposedDocument.Operation> operations) {
        boolean listed() {
            return known.wanted().listed() && !reaches.isEmpty();
        }

        String title() {
            JsonNode good = known.good();
            return good == null ? name : good.at("/info/title").asText(name);
        }

        private String text(String pointer) {
            JsonNode good = known.good();
            return good == null ? "" : good.at(pointer).asText("");
        }
    }

    /** All of one moment. */
    private record Held(Configuration configuration, long revision, SortedMap<String, Api> apis) {
        @SuppressWarnings("ReferenceEquality") // every change makes another one; comparing all resources costs more
        boolean isOf(Configuration other, long otherRevision) {
            return configuration == other && revision == otherRevision;
        }
    }

    private record Key(long moment, String name, String caller, boolean all) {}

    private final ApiDocuments documents;
    private final Supplier<Configuration> configuration;
    private final Supplier<List<GatewayListener>> listeners;
    private final Supplier<Instant> clock;
    private final Cache<Key, byte[]> written =
            Caffeine.newBuilder().maximumSize(WRITTEN_MAX).build();
    /** Moments are numbered, so that what is made of one can be kept under the number. */
    private final AtomicLong moments = new AtomicLong();

    private volatile @Nullable Held held;

    ApiCatalog(
            ApiDocuments documents,
            Supplier<Configuration> configuration,
            Supplier<List<GatewayListener>> listeners,
            Supplier<Instant> clock) {
        this.documents = documents;
        this.configuration = configuration;
        this.listeners = listeners;
        this.clock = clock;
    }

    /** All, by name. Completes on any thread; what follows is for one that may take its time. */
    CompletionStage<Function<String, SortedMap<String, Api>>> ready() {
        return documents.ready().thenApply(all -> caller -> held(all, caller).apis());
    }

    private Held held(ApiDocuments.All all, String caller) {
        Configuration now = configuration.get();
        Held before = held;
        if (before != null && before.isOf(now, all.revision())) {
            return before;
        }
        long moment = moments.incrementAndGet();
        Map<String, List<ApiReach>> reaches = ApiReaches.of(now, listeners.get());
        SortedMap<String, Api> apis = new TreeMap<>();
        all.known().forEach((name, one) -> {
            List<ApiReach> ways = List.copyOf(reaches.getOrDefault(name, List.of()));
            List<ExposedDocument.Operation> operations = one.good() == null || ways.isEmpty()
                    ? List.of()
                    : ExposedDocument.operations(ExposedDocument.of(one.good(), ways, caller, clock.get()));
            apis.put(name, new Api(moment, name, one, ways, operations));
        });
        Held next = new Held(now, all.revision(), apis);
        held = next;
        return next;
    }

    /** The document of an API as the gateway exposes it, written; null if there is none. */
    byte @Nullable [] document(Api api, String caller) {
        ObjectNode good = api.known().good();
        if (good == null) {
            return null;
        }
        return kept(
                new Key(api.moment(), api.name(), caller, true),
                () -> ExposedDocument.of(good, api.reaches(), caller, clock.get()));
    }

    /** One document of all these, which are of one moment; {@code all} says whether those that are not listed are among them. */
    byte[] merged(SortedMap<String, Api> apis, String caller, boolean all) {
        long moment = apis.isEmpty() ? 0 : apis.firstEntry().getValue().moment();
        return kept(new Key(moment, "", caller, all), () -> {
            SortedMap<String, ObjectNode> exposed = new TreeMap<>();
            apis.forEach((name, api) -> {
                ObjectNode good = api.known().good();
                if (good != null && !api.reaches().isEmpty()) {
                    exposed.put(name, ExposedDocument.of(good, api.reaches(), caller, clock.get()));
                }
            });
            return MergedDocument.of(exposed);
        });
    }

    private byte[] kept(Key key, Supplier<ObjectNode> make) {
        return Objects.requireNonNull(
                written.get(key, missing -> make.get().toString().getBytes(StandardCharsets.UTF_8)));
    }

    /**
     * An API as a list tells it.
     *
     * @param query what was searched; empty for nothing
     * @param inner whether what only operators need to know is told, too
     * @return null if the search does not find it
     */
    @Nullable ObjectNode json(Api api, String query, String caller, boolean inner) {
        List<ExposedDocument.Operation> matches = matches(api, query);
        boolean itself = (api.name() + "\n" + api.title() + "\n" + api.text("/info/description"))
                .toLowerCase(Locale.ROOT)
                .contains(query);
        if (!itself && matches.isEmpty()) {
            return null;
        }
        ObjectNode json = JsonNodeFactory.instance
                .objectNode()
                .put("name", api.name())
                .put("title", api.title())
                .put("version", api.text("/info/version"))
                .put("description", api.text("/info/description"))
                .put("listed", api.known().wanted().listed())
                .put("operations", api.operations().size());
        reaches(api, caller, json);
        document(api, json.putObject("document"), inner);
        if (!query.isEmpty()) {
            ArrayNode found = json.putArray("matches");
            matches.stream()
                    .limit(MATCHES_MAX)
                    .forEach(match -> found.addObject()
                            .put("method", match.method().toUpperCase(Locale.ROOT))
                            .put("path", match.path())
                            .put("summary", match.summary()));
        }
        return json;
    }

    private static List<ExposedDocument.Operation> matches(Api api, String query) {
        return query.isEmpty()
                ? List.of()
                : api.operations().stream()
                        .filter(one -> (one.method() + " " + one.path() + "\n" + one.summary() + "\n" + one.id())
                                .toLowerCase(Locale.ROOT)
                                .contains(query))
                        .toList();
    }

    private void reaches(Api api, String caller, ObjectNode json) {
        Instant now = clock.get();
        boolean old = !api.reaches().isEmpty();
        @Nullable Instant last = null;
        ArrayNode routes = json.putArray("routes");
        for (ApiReach reach : api.reaches()) {
            old &= ApiReaches.past(reach.deprecated(), now);
            last = reach.sunset() != null && (last == null || reach.sunset().isAfter(last)) ? reach.sunset() : last;
            ObjectNode route = routes.addObject().put("route", reach.route());
            if (reach.rule() != null) {
                route.put("rule", reach.rule());
            }
            route.put("path", reach.path().value());
            if (reach.method() != null) {
                route.put("method", reach.method());
            }
            if (reach.version() != null) {
                route.put("version", reach.version());
            }
            age(route, reach.deprecated(), reach.sunset());
            Set<String> urls = new LinkedHashSet<>();
            reach.origins().forEach(origin -> urls.add(origin.url(caller)));
            urls.forEach(route.putArray("servers")::add);
        }
        json.put("deprecated", old);
        // an API ends when the last way to it does
        boolean ends = last != null && api.reaches().stream().allMatch(reach -> reach.sunset() != null);
        if (ends) {
            json.put("sunset", String.valueOf(last));
        }
    }

    private static void age(ObjectNode route, @Nullable Instant deprecated, @Nullable Instant sunset) {
        if (deprecated != null) {
            route.put("deprecated", deprecated.toString());
        }
        if (sunset != null) {
            route.put("sunset", sunset.toString());
        }
    }

    private static void document(Api api, ObjectNode json, boolean inner) {
        ApiDocuments.Known known = api.known();
        json.put("state", known.state().text());
        if (known.good() != null) {
            json.put("openapi", known.good().path("openapi").asText())
                    .put("url", "/api/v1/gateway/apis/" + api.name() + "/openapi.json")
                    .put("gotAt", Instant.ofEpochMilli(known.goodAt()).toString());
        }
        if (inner) {
            detail(known, json);
        }
    }

    private static void detail(ApiDocuments.Known known, ObjectNode json) {
        if (known.triedAt() > 0) {
            json.put("checkedAt", Instant.ofEpochMilli(known.triedAt()).toString());
        }
        if (!known.failure().isEmpty()) {
            json.put("failure", known.failure());
        }
        if (!known.faults().isEmpty()) {
            ArrayNode problems = json.putArray("problems");
            known.faults()
                    .forEach(fault ->
                            problems.addObject().put("pointer", fault.pointer()).put("detail", fault.detail()));
        }
    }

    /** How the documents are, for the status of the node. */
    ArrayNode status() {
        ArrayNode json = JsonNodeFactory.instance.arrayNode();
        new ArrayList<>(documents.now().known().entrySet())
                .stream().limit(MATCHES_MAX * 5L).forEach(one -> {
                    ObjectNode entry = json.addObject()
                            .put("name", one.getKey())
                            .put("state", one.getValue().state().text());
                    if (!one.getValue().failure().isEmpty()) {
                        entry.put("failure", one.getValue().failure());
                    }
                    if (!one.getValue().faults().isEmpty()) {
                        entry.put("problems", one.getValue().faults().size());
                    }
                });
        return json;
    }
}
