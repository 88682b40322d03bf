package io.aerofusion.route;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.http.ProblemException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** How documents of services are kept up to date, with a service and a time of the test's own. */
class ApiDocumentsTest {
    private static final String GOOD =
            "{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"%s\",\"version\":\"1\"},\"paths\":{}}";

    private final List<FetchedDocument.Wanted> asked = new ArrayList<>();
    private FetchedDocument answer = new FetchedDocument.Failed("The service answers 500.");
    private Instant now = Instant.parse("2026-11-28T00:00:00Z");
    private boolean full;
    private Configuration configuration = configuration(1, "/openapi.json");
    private final ApiDocuments documents = new ApiDocuments(
            wanted -> {
                asked.add(wanted);
                return CompletableFuture.completedFuture(answer);
            },
            () -> configuration,
            work -> {
                if (full) {
                    throw new ProblemException(ErrorCode.UNAVAILABLE, "Too much work is waiting.");
                }
                work.run();
            },
            () -> now,
            ConfigFactory.parseString("{document-bytes-max = 1 MiB, fetch-timeout = 5s}"));

    private static Configuration configuration(long generation, String path) {
        var spec = new UpstreamSpec(
                UpstreamSpec.Protocol.HTTP,
                List.of(new UpstreamSpec.Endpoint("127.0.0.1", 9001, 1)),
                null,
                null,
                null,
                null,
                UpstreamSpec.of(UpstreamSpec.Protocol.HTTP, List.of()).loadBalancer(),
                null,
                null,
                null,
                null,
                null,
                new UpstreamSpec.OpenApi(path, UpstreamSpec.OpenApi.REFRESH, null, true));
        var item = new Configuration.Item(
                ResourceCodec.write(new Resource(Kind.UPSTREAM, "shop", spec)), generation, 0, "user:admin");
        return new Configuration(
                generation, 0, "user:admin", new TreeMap<>(Map.of(new ResourceKey(Kind.UPSTREAM, "shop"), item)));
    }

    private ApiDocuments.Known shop() throws Exception {
        ApiDocuments.Known known = documents
                .ready()
                .toCompletableFuture()
                .get(60, TimeUnit.SECONDS)
                .known()
                .get("shop");
        assertThat(known).isNotNull();
        return known;
    }

    private static FetchedDocument content(String text, String etag) {
        return new FetchedDocument.Content(text.getBytes(StandardCharsets.UTF_8), etag);
    }

    private void later() {
        now = now.plus(UpstreamSpec.OpenApi.REFRESH);
    }

    @Test
    void theLastGoodOneStaysWhateverComes() throws Exception {
        assertThat(shop().state()).isEqualTo(ApiDocuments.State.UNREACHABLE);
        assertThat(shop().failure()).isEqualTo("The service answers 500.");
        assertThat(asked).as("not again before it is due").hasSize(1);
        later();
        answer = content("{\"openapi\":\"3.1.0\"}", "\"bad\"");
        assertThat(shop().state()).isEqualTo(ApiDocuments.State.INVALID);
        later();
        answer = content(GOOD.formatted("one"), "\"1\"");
        assertThat(shop().state()).isEqualTo(ApiDocuments.State.CURRENT);
        long revision = documents.now().revision();
        later();
        answer = new FetchedDocument.Unchanged();
        assertThat(shop().state()).isEqualTo(ApiDocuments.State.CURRENT);
        assertThat(asked.getLast().etag()).isEqualTo("\"1\"");
        assertThat(documents.now().revision()).isGreaterThan(revision);
        later();
        answer = content("{\"openapi\":\"3.1.0\",\"info\":{},\"paths\":{}}", "\"2\"");
        assertThat(shop().state()).isEqualTo(ApiDocuments.State.STALE);
        assertThat(shop().faults()).extracting(OpenApiCheck.Fault::pointer).contains("/info");
        assertThat(shop().good()).isNotNull();
        later();
        answer = new FetchedDocument.Unchanged();
        assertThat(shop().state()).as("the same bad one is not good").isEqualTo(ApiDocuments.State.STALE);
        assertThat(shop().faults()).isNotEmpty();
        later();
        answer = new FetchedDocument.Failed("The service cannot be reached.");
        assertThat(shop().state()).isEqualTo(ApiDocuments.State.STALE);
        assertThat(shop().failure()).isEqualTo("The service cannot be reached.");
    }

    @Test
    void yamlIsReadAndWhatIsNeitherIsTold() throws Exception {
        answer = content("openapi: 3.1.0\ninfo: {title: one, version: '1'}\npaths: {}\n", "");
        assertThat(shop().state()).isEqualTo(ApiDocuments.State.CURRENT);
        for (String broken : List.of("{\"openapi\":", "a: [", "- 1", "a: &x b\nc: *x\n", "{\"a\":1,\"a\":2}")) {
            later();
            answer = content(broken, "");
            assertThat(shop().state()).as(broken).isEqualTo(ApiDocuments.State.STALE);
            assertThat(shop().faults()).as(broken).isNotEmpty();
        }
    }

    @Test
    void anotherPathIsAnotherDocumentAndWithoutOneThereIsNone() throws Exception {
        answer = content(GOOD.formatted("one"), "\"1\"");
        assertThat(shop().state()).isEqualTo(ApiDocuments.State.CURRENT);
        configuration = configuration(2, "/other.json");
        answer = new FetchedDocument.Failed("The service answers 404.");
        assertThat(shop().state()).isEqualTo(ApiDocuments.State.UNREACHABLE);
        assertThat(asked.getLast().etag()).isEmpty();
        configuration = Configuration.EMPTY;
        assertThat(documents.now().known()).isEmpty();
    }

    @Test
    void aLookThatCouldNotBeginIsMadeUpFor() throws Exception {
        answer = content(GOOD.formatted("one"), "\"1\"");
        full = true;
        assertThat(shop().state()).isEqualTo(ApiDocuments.State.PENDING);
        full = false;
        assertThat(shop().state()).isEqualTo(ApiDocuments.State.CURRENT);
    }

    /** What somebody made of older documents, after newer ones were there, was taken for what is made of those. */
    @Test
    void theCatalogShowsTheNewestWhoeverWasSlow() throws Exception {
        ApiCatalog catalog = new ApiCatalog(documents, () -> configuration, List::of, () -> now);
        answer = content(GOOD.formatted("one"), "\"1\"");
        var slow = catalog.ready().toCompletableFuture().get(60, TimeUnit.SECONDS);
        later();
        answer = content(GOOD.formatted("two"), "\"2\"");
        var newest = catalog.ready().toCompletableFuture().get(60, TimeUnit.SECONDS);
        ApiCatalog.Api old = slow.apply("localhost").get("shop");
        ApiCatalog.Api shop = newest.apply("localhost").get("shop");
        assertThat(old.title()).isEqualTo("one");
        assertThat(shop.title()).isEqualTo("two");
        assertThat(written(catalog, old)).contains("one");
        assertThat(written(catalog, shop)).contains("two");
        assertThat(catalog.ready()
                        .toCompletableFuture()
                        .get(60, TimeUnit.SECONDS)
                        .apply("localhost")
                        .get("shop")
                        .title())
                .isEqualTo("two");
    }

    private static String written(ApiCatalog catalog, ApiCatalog.Api api) {
        byte[] document = catalog.document(api, "localhost");
        assertThat(document).isNotNull();
        return new String(document, StandardCharsets.UTF_8);
    }
}
