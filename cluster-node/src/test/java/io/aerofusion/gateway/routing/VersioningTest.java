package io.aerofusion.gateway.routing;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.aerofusion.route.Generation;
import io.aerofusion.route.NamedValue;
import io.aerofusion.route.Problem;
import io.aerofusion.route.ResourceCodec;
import java.net.InetAddress;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Versions of routes in documents and in explanations. */
class VersioningTest {
    private static final String ROUTE = """
            kind: HTTPRoute
            metadata: {name: shop}
            spec:
              versioning:
                path: {prefix: /shop}
                header: {name: X-Version}
                default: "1"
                versions: [{name: "1"}, {name: "2"}]
              rules:
                - {name: first, version: "1", matches: [{path: {value: /shop}}]}
                - {name: second, version: "2", matches: [{path: {value: /shop/v2}}]}
            """;

    private static JsonNode yaml(String text) throws Exception {
        return new YAMLMapper().readTree(text);
    }

    private static List<String> pointers(String text) throws Exception {
        return switch (ResourceCodec.read(yaml(text), Instant.EPOCH)) {
            case ResourceCodec.Read.Valid valid -> List.of();
            case ResourceCodec.Read.Invalid invalid ->
                invalid.problems().stream().map(Problem::pointer).toList();
        };
    }

    @Test
    void whatIsWrongIsTold() throws Exception {
        assertThat(pointers(ROUTE)).isEmpty();
        assertThat(pointers(ROUTE.replace("version: \"2\"", "version: \"3\"")))
                .containsExactly("/spec/rules/1/version");
        assertThat(pointers(ROUTE.replace("default: \"1\"", "default: \"3\"")))
                .containsExactly("/spec/versioning/default");
        assertThat(pointers("""
                kind: HTTPRoute
                metadata: {name: shop}
                spec:
                  versioning:
                    versions: [{name: "a b", link: "javascript:1"}, {name: "1"}, {name: "1"}]
                    mediaType: {type: "*/*+json", parameter: "a;b"}
                    path: {prefix: shop}
                    header: {name: "a b"}
                """))
                .containsExactlyInAnyOrder(
                        "/spec/versioning/versions/0/name",
                        "/spec/versioning/versions/0/link",
                        "/spec/versioning/versions/2/name",
                        "/spec/versioning/mediaType/type",
                        "/spec/versioning/mediaType/parameter",
                        "/spec/versioning/path/prefix",
                        "/spec/versioning/header/name");
        assertThat(pointers(
                        "{kind: HTTPRoute, metadata: {name: a}, spec: {versioning: {}, rules: [{version: \"1\"}]}}"))
                .contains("/spec/versioning", "/spec/versioning/versions", "/spec/rules/0/version");
    }

    @Test
    void aDocumentIsWrittenAsItWasRead() throws Exception {
        var resource = ResourceCodec.stored(yaml(ROUTE));
        assertThat(ResourceCodec.stored(ResourceCodec.write(resource))).isEqualTo(resource);
        assertThat(ResourceCodec.write(resource).at("/spec/versioning/default").asText())
                .isEqualTo("1");
    }

    private static Explanation explain(String path, NamedValue... headers) throws Exception {
        var generation = new Generation(1, List.of(ResourceCodec.stored(yaml(ROUTE))));
        var doors = List.of(new Door("http", 80, false));
        if (!(new Compiler(doors, InstantSource.system(), List.of()).compile(generation)
                instanceof Compiled compiled)) {
            throw new AssertionError("not compiled");
        }
        return Explanation.of(
                compiled,
                0,
                new Question("GET", "a.example.com", path, List.of(headers), InetAddress.getLoopbackAddress()));
    }

    @Test
    void anExplanationNamesTheVersionOrWhyThereIsNone() throws Exception {
        Explanation.Chosen second = explain("/shop/v2/a").chosen();
        assertThat(second).isNotNull();
        assertThat(second.version()).isEqualTo("2");
        assertThat(second.because()).anyMatch(reason -> reason.startsWith("version is 2"));
        assertThat(explain("/shop/a").chosen())
                .extracting(Explanation.Chosen::ruleName)
                .isEqualTo("first");
        Explanation unknown = explain("/shop/a", new NamedValue("X-Version", "7"));
        assertThat(unknown.status()).isEqualTo(404);
        assertThat(unknown.outcome()).startsWith("api-version-unknown");
        assertThat(explain("/shop/v7/a").status()).isEqualTo(404);
    }
}
