package io.aerofusion.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.aerofusion.gateway.GatewaySettings.Listener;
import io.aerofusion.gateway.GatewaySettings.Protocol;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which version of an API a request gets, and what its answer tells of it; over sockets. */
class VersionedRoutesTest {
    private static final String ROUTES = """
            - {kind: Upstream, metadata: {name: one}, spec: {endpoints: [{$0}]}}
            - {kind: Upstream, metadata: {name: two}, spec: {endpoints: [{$1}]}}
            - kind: HTTPRoute
              metadata: {name: media}
              spec:
                hostnames: [media.example.com]
                versioning:
                  header: {name: X-Api-Version}
                  mediaType: {type: application/vnd.shop}
                  default: "1"
                  versions:
                    - {name: "1", deprecated: 2026-01-01T00:00:00Z, sunset: 2027-01-01T00:00:00Z, link: "https://a.example/old", successor: /new}
                    - {name: "2"}
                rules:
                  - {version: "1", backendRefs: [{name: one}]}
                  - {version: "2", backendRefs: [{name: two}]}
                  - {matches: [{path: {type: Exact, value: /any}}], backendRefs: [{name: two}]}
            - kind: HTTPRoute
              metadata: {name: path}
              spec:
                hostnames: [path.example.com]
                versioning:
                  path: {prefix: /shop}
                  versions: [{name: "1"}, {name: "2"}]
                rules:
                  - {version: "1", matches: [{path: {value: /shop/v1}}], backendRefs: [{name: one}]}
                  - {version: "2", matches: [{path: {value: /shop/v2}, method: GET}], backendRefs: [{name: two}]}
                  - {matches: [{path: {value: /shop}}], backendRefs: [{name: one}]}
            - kind: HTTPRoute
              metadata: {name: strict}
              spec:
                hostnames: [strict.example.com]
                versioning:
                  header: {name: X-Api-Version}
                  versions: [{name: "1"}, {name: "2"}]
                rules:
                  - {version: "1", matches: [{path: {value: /orders}, method: GET}], backendRefs: [{name: one}],
                     filters: [{type: CORS, cors: {allowOrigins: ["https://b.example"]}}]}
            """;

    private static TestUpstream one;
    private static TestUpstream two;
    private static Gateway gateway;

    @BeforeAll
    static void start() throws Exception {
        one = named("one");
        two = named("two");
        gateway = Gateway.start(GatewaySettings.of(List.of(new Listener("http", "127.0.0.1", 0, Protocol.HTTP)))
                .withThreads(1));
        TestRoutes.yaml(gateway, ROUTES, one.address(), two.address());
    }

    private static TestUpstream named(String name) throws IOException {
        return new TestUpstream(connection -> {
            for (String head = connection.head(); head != null; head = connection.head()) {
                connection.write("HTTP/1.1 200 OK\r\nVary: Origin\r\nLink: </self>; rel=\"self\"\r\nContent-Length: "
                        + name.length() + "\r\n\r\n" + name);
            }
        });
    }

    @AfterAll
    static void stop() throws IOException {
        gateway.close();
        one.close();
        two.close();
    }

    private static RawClient.Response get(String host, String path, String fields) throws IOException {
        return send("GET", host, path, fields);
    }

    private static RawClient.Response send(String method, String host, String path, String fields) throws IOException {
        try (RawClient client = new RawClient(gateway.addresses().getFirst())) {
            client.send(method + " " + path + " HTTP/1.1\r\nHost: " + host + ".example.com\r\n" + fields + "\r\n");
            return client.response();
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "application/vnd.shop.v2+json | two",
                "application/vnd.shop.v1+json | one",
                "application/vnd.shop-v2 | two",
                "application/vnd.shop.v2.raw+json | two",
                "application/vnd.shop+json;version=2 | two",
                "application/json; Version=\"2\" | two",
                "application/json | one",
                "*/* | one",
                // the greatest weight decides, and at the same weight the one that names a version
                "application/vnd.shop.v1+json;q=0.5, application/vnd.shop.v2+json | two",
                "application/vnd.shop.v2+json;q=0.5, application/vnd.shop.v1+json;q=0.4 | two",
                "application/vnd.shop.v2+json;q=0, application/vnd.shop.v1+json;q=0.1 | one",
                "*/*, application/vnd.shop.v2+json | two",
                "*/*, application/vnd.shop.v2+json;q=0.9 | one",
                "text/html;level=\"a,b;version=9\", application/vnd.shop.v2+json | two",
                // what cannot be had is passed over
                "application/vnd.shop.v9+json, application/vnd.shop.v2+json;q=0.1 | two",
                "application/vnd.shop.v9+json, */*;q=0.1 | one",
            })
    void theAcceptedMediaTypesDecide(String accept, String upstream) throws IOException {
        assertThat(get("media", "/", "Accept: " + accept + "\r\n").body()).isEqualTo(upstream);
    }

    @Test
    void aHeaderComesBeforeTheMediaTypeAndTheContentIsAskedLast() throws IOException {
        assertThat(get("media", "/", "").body()).isEqualTo("one");
        assertThat(get("media", "/", "X-Api-Version: 2\r\n").body()).isEqualTo("two");
        assertThat(get("media", "/", "X-Api-Version: v2\r\nAccept: application/vnd.shop.v1+json\r\n")
                        .body())
                .isEqualTo("two");
        assertThat(get("media", "/", "Accept: */*\r\nContent-Type: application/vnd.shop.v2+json\r\n")
                        .body())
                .isEqualTo("two");
        assertThat(get("media", "/any", "X-Api-Version: 9\r\n").body())
                .as("a rule without a version takes all")
                .isEqualTo("two");
    }

    @Test
    void answersTellByWhatTheyVaryAndTheAgeOfTheirVersion() throws IOException {
        RawClient.Response old = get("media", "/", "");
        assertThat(old.head().toLowerCase(java.util.Locale.ROOT))
                .contains(
                        "vary: origin",
                        "vary: x-api-version, accept",
                        "deprecation: @1767225600",
                        "sunset: fri, 01 jan 2027 00:00:00 gmt",
                        "link: </self>; rel=\"self\"",
                        "link: <https://a.example/old>; rel=\"deprecation\", <https://a.example/old>; rel=\"sunset\","
                                + " </new>; rel=\"successor-version\"");
        RawClient.Response young = get("media", "/", "X-Api-Version: 2\r\n");
        assertThat(young.head().toLowerCase(java.util.Locale.ROOT))
                .contains("vary: x-api-version, accept")
                .doesNotContain("deprecation", "sunset");
        assertThat(get("path", "/shop/v1/a", "").head().toLowerCase(java.util.Locale.ROOT))
                .doesNotContain("vary: x", "vary: accept");
    }

    @Test
    void aVersionThatIsNotThereIsRefusedByTheWayItWasNamed() throws IOException {
        RawClient.Response media = get("media", "/", "Accept: application/vnd.shop.v9+json\r\n");
        assertThat(media.status()).isEqualTo(406);
        assertThat(media.body()).contains("api-version-unknown", "There are 1, 2");
        assertThat(media.field("vary")).isEqualTo("x-api-version, accept");
        RawClient.Response header = get("media", "/", "X-Api-Version: 9\r\n");
        assertThat(header.status()).isEqualTo(404);
        assertThat(header.body()).contains("api-version-unknown");
        RawClient.Response path = get("path", "/shop/v9/a", "");
        assertThat(path.status()).isEqualTo(200);
        assertThat(path.body()).as("a rule without a version takes all").isEqualTo("one");
    }

    @Test
    void thePathNamesAVersionOnlyBehindItsPrefix() throws IOException {
        assertThat(get("path", "/shop/v1/orders", "").body()).isEqualTo("one");
        assertThat(get("path", "/shop/v2/orders", "").body()).isEqualTo("two");
        assertThat(get("path", "/shop/orders", "").body()).isEqualTo("one");
        assertThat(get("path", "/v2/shop", "").body()).contains("route-unknown");
    }

    @Test
    void withoutADefaultAVersionHasToBeNamed() throws IOException {
        RawClient.Response none = get("strict", "/orders", "");
        assertThat(none.status()).isEqualTo(400);
        assertThat(none.body()).contains("api-version-required");
        assertThat(get("strict", "/orders", "X-Api-Version: 1\r\n").body()).isEqualTo("one");
        assertThat(get("strict", "/orders", "X-Api-Version: 2\r\n").body())
                .as("it is there, but no rule serves it")
                .contains("api-version-unknown");
        assertThat(send("POST", "strict", "/orders", "X-Api-Version: 1\r\nContent-Length: 0\r\n")
                        .body())
                .as("the version is not what is wrong")
                .contains("route-unknown");
        assertThat(send(
                                "OPTIONS",
                                "strict",
                                "/orders",
                                "Origin: https://b.example\r\nAccess-Control-Request-Method: GET\r\n")
                        .status())
                .as("a preflight names no version")
                .isEqualTo(204);
    }
}
