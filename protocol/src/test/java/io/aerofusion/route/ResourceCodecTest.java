package io.aerofusion.route;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ResourceCodecTest {
    private static final Instant NOW = Instant.parse("2026-11-21T10:00:00Z");

    private static JsonNode json(String text) throws Exception {
        return ResourceCodec.tree(text.getBytes(StandardCharsets.UTF_8));
    }

    private static Resource valid(String text) throws Exception {
        ResourceCodec.Read read = ResourceCodec.read(json(text), NOW);
        assertThat(read).isInstanceOf(ResourceCodec.Read.Valid.class);
        return ((ResourceCodec.Read.Valid) read).resource();
    }

    private static List<Problem> refused(String text) throws Exception {
        ResourceCodec.Read read = ResourceCodec.read(json(text), NOW);
        assertThat(read).isInstanceOf(ResourceCodec.Read.Invalid.class);
        return ((ResourceCodec.Read.Invalid) read).problems();
    }

    private static String route(String rule) {
        return """
                {"kind":"HTTPRoute","metadata":{"name":"shop"},"spec":{"rules":[%s]}}""".formatted(rule);
    }

    @Test
    void aRouteIsReadWithItsDefaults() throws Exception {
        Resource resource = valid(route("""
                        {"matches":[{"path":{"value":"/v1"},"headers":[{"name":"a","value":"b"}]}],
                         "filters":[{"type":"RequestHeaderModifier","requestHeaderModifier":{"remove":["x"]}}],
                         "backendRefs":[{"name":"one"},{"name":"two","weight":0}],"timeouts":{"request":"1m30s"}}"""));
        assertThat(resource.createdAt()).isEqualTo(NOW);
        RouteSpec.Rule rule = ((RouteSpec) resource.spec()).rules().getFirst();
        assertThat(rule.matches().getFirst().path())
                .isEqualTo(new RouteSpec.PathMatch(RouteSpec.PathMatch.Type.PATH_PREFIX, "/v1"));
        assertThat(rule.matches().getFirst().headers())
                .containsExactly(new HeaderMatch(HeaderMatch.Type.EXACT, "a", "b"));
        assertThat(rule.backendRefs()).extracting(BackendRef::weight).containsExactly(1, 0);
        assertThat(rule.timeouts()).isEqualTo(new RouteSpec.Timeouts(Duration.ofSeconds(90), null));
    }

    @Test
    void everythingThatIsWrongIsSaidAtOnceWithItsPlace() throws Exception {
        List<Problem> problems = refused("""
                {"kind":"HTTPRoute","metadata":{"name":"Shop","colour":"red"},"spec":{"hostnames":["10.0.0.1","ok.example"],"hosts":[],
                 "rules":[{"matches":[{"path":{"type":"Glob","value":"/a"}},{"path":{"value":"b"}}],"retires":1},
                          {"filters":[{"type":"RequestRedirect","requestRedirect":{"statusCode":200}}],
                           "backendRefs":[{"name":"x","weight":-1}],"timeouts":{"request":"ten"}}]}}""");
        assertThat(problems)
                .extracting(problem -> problem.pointer() + " " + problem.code())
                .containsExactlyInAnyOrder(
                        "/metadata/name invalid",
                        "/metadata/colour unknown-field",
                        "/spec/hosts unknown-field",
                        "/spec/hostnames/0 invalid",
                        "/spec/rules/0/matches/0/path/type invalid",
                        "/spec/rules/0/matches/1/path/value invalid",
                        "/spec/rules/0/retires unknown-field",
                        "/spec/rules/1/filters not-together",
                        "/spec/rules/1/filters/0/requestRedirect/statusCode invalid",
                        "/spec/rules/1/backendRefs/0/weight out-of-range",
                        "/spec/rules/1/timeouts/request invalid");
        assertThat(problems)
                .allSatisfy(problem ->
                        assertThat(problem.kind() + "/" + problem.name()).isEqualTo("HTTPRoute/Shop"));
        assertThat(problems)
                .filteredOn(problem -> problem.pointer().endsWith("path/type"))
                .extracting(Problem::detail)
                .containsExactly("The value Glob is unknown. Write one of Exact, PathPrefix, RegularExpression.");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {"hostnames":"a.example"}                                     | /spec/hostnames
            {"rules":[{"backendRefs":[{"name":7}]}]}                      | /spec/rules/0/backendRefs/0/name
            {"rules":[{"backendRefs":[{"name":"a","port":"80"}]}]}        | /spec/rules/0/backendRefs/0/port
            {"rules":[{"backendRefs":[{"name":"a","weight":1.5}]}]}       | /spec/rules/0/backendRefs/0/weight
            {"rules":[{"matches":[{"method":"FETCH"}]}]}                  | /spec/rules/0/matches/0/method
            {"rules":[{"matches":[{"path":{"value":"/a/../b"}}]}]}        | /spec/rules/0/matches/0/path/value
            {"rules":[{"matches":[{"headers":[{"value":"b"}]}]}]}         | /spec/rules/0/matches/0/headers/0/name
            {"rules":[{"filters":[{"type":"CORS"}]}]}                     | /spec/rules/0/filters/0/cors
            {"rules":[{"filters":[{"cors":{}}]}]}                         | /spec/rules/0/filters/0/type
            {"rules":[{"backendRefs":[{"name":"a","filters":[{"type":"CORS","cors":{}}]}]}]} | /spec/rules/0/backendRefs/0/filters/0/type
            {"rules":[{"name":"a"},{"name":"a"}]}                         | /spec/rules/1/name
            {"rules":[{"timeouts":{"request":"1s","backendRequest":"2s"}}]} | /spec/rules/0/timeouts/backendRequest
            {"rules":[7]}                                                 | /spec/rules/0
            {"rules":[{"backendRefs":[{"name":{"a":1}}]}]}                | /spec/rules/0/backendRefs/0/name
            {"rules":[{"timeouts":{"request":["1s"]}}]}                   | /spec/rules/0/timeouts/request
            """)
    void aWrongRouteIsRefusedAtTheField(String spec, String pointer) throws Exception {
        assertThat(refused("{\"kind\":\"HTTPRoute\",\"metadata\":{\"name\":\"r\"},\"spec\":" + spec + "}"))
                .extracting(Problem::pointer)
                .contains(pointer);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            Upstream | {}                                                                            | /spec
            Upstream | {"endpoints":[],"platform":{}}                                                | /spec
            Upstream | {"endpoints":[{"address":"a","port":0}]}                                      | /spec/endpoints/0/port
            Upstream | {"dns":{"hostname":"a"}}                                                      | /spec/dns/port
            Upstream | {"platform":{},"tls":{}}                                                      | /spec/tls
            Upstream | {"platform":{},"loadBalancer":{"type":"ConsistentHash"}}                      | /spec/loadBalancer/consistentHash
            Upstream | {"platform":{},"retry":{"retryOn":["sometimes"]}}                             | /spec/retry/retryOn/0
            Upstream | {"platform":{},"healthCheck":{"active":{"interval":"1ms"}}}                   | /spec/healthCheck/active/interval
            Upstream | {"platform":{},"healthCheck":{"active":{"type":"UDP"}}}                       | /spec/healthCheck/active/type
            Upstream | {"platform":{},"healthCheck":{"active":{"type":"GRPC"}}}                      | /spec/healthCheck/active/type
            Upstream | {"platform":{},"protocol":"H2C","healthCheck":{"active":{"grpc":{}}}}         | /spec/healthCheck/active/grpc
            Upstream | {"platform":{},"healthCheck":{"active":{"tcp":{}}}}                           | /spec/healthCheck/active/tcp
            Upstream | {"platform":{"x":1}}                                                          | /spec/platform/x
            Consumer | {"credentials":[{"apiKey":{"hash":"abc"}}]}                                   | /spec/credentials/0/apiKey/hash
            Consumer | {"credentials":[{"password":{}}]}                                             | /spec/credentials/0/password
            Consumer | {"credentials":[{"jwt":{"issuer":"i","subject":"s","claim":"c","value":"v"}}]}| /spec/credentials/0/jwt
            Policy   | {"authentication":{"anyOf":[{"jwt":{"providers":[{"issuer":"i"}]}}]}}         | /spec/authentication/anyOf/0/jwt/providers/0
            Policy   | {"authentication":{"anyOf":[{"anonymous":{}},{"basic":{}}]}}                  | /spec/authentication/anyOf/0
            Policy   | {"authentication":{"anyOf":[{"basic":{"x":1}}]}}                              | /spec/authentication/anyOf/0/basic/x
            Policy   | {"rateLimit":[{"key":"Header"}]}                                              | /spec/rateLimit/0/name
            Policy   | {"rateLimit":[{"cost":true}]}                                                 | /spec/rateLimit/0/cost
            Policy   | {"accessLog":{"sample":2}}                                                    | /spec/accessLog/sample
            Policy   | {"transform":{"request":{"json":[{"path":"a"}]}}}                             | /spec/transform/request/json/0/path
            Policy   | {"targetRefs":[{"kind":"Gateway","name":"g","sectionName":"s"}]}              | /spec/targetRefs/0/sectionName
            Certificate | {"hosts":["*.a.example"],"certificateChain":"x"}                           | /spec/certificateChain
            GRPCRoute | {"rules":[{"matches":[{"method":{}}]}]}                                      | /spec/rules/0/matches/0/method
            """)
    void aWrongResourceIsRefusedAtTheField(String kind, String spec, String pointer) throws Exception {
        assertThat(refused("{\"kind\":\"" + kind + "\",\"metadata\":{\"name\":\"r\"},\"spec\":" + spec + "}"))
                .extracting(Problem::pointer)
                .contains(pointer);
    }

    @Test
    void anActiveCheckIsWrittenAsItWasRead() throws Exception {
        for (String check : List.of(
                "{\"type\":\"GRPC\",\"grpc\":{\"service\":\"orders.v1.Orders\"}}",
                "{\"type\":\"TCP\",\"tcp\":{}}",
                "{}")) {
            Resource resource = valid("{\"kind\":\"Upstream\",\"metadata\":{\"name\":\"r\"},\"spec\":{\"platform\":{},"
                    + "\"protocol\":\"GRPC\",\"healthCheck\":{\"active\":" + check + "}}}");
            assertThat(ResourceCodec.stored(ResourceCodec.write(resource))).isEqualTo(resource);
            UpstreamSpec.Active active =
                    ((UpstreamSpec) resource.spec()).healthCheck().active();
            assertThat(ResourceCodec.write(resource)
                            .at("/spec/healthCheck/active")
                            .has("type"))
                    .isEqualTo(active.type() != null);
            assertThat(check)
                    .contains(active.type() == null ? "{}" : active.kind().name());
        }
    }

    @Test
    void aDocumentOfNoKindOrShapeIsRefused() throws Exception {
        assertThat(refused("[]")).extracting(Problem::code).containsExactly(Problem.MALFORMED);
        assertThat(refused("{\"kind\":\"Gateway\",\"metadata\":{\"name\":\"a\"},\"spec\":{}}"))
                .extracting(Problem::pointer)
                .containsExactly("/kind");
        assertThat(refused("{\"kind\":\"Policy\",\"metadata\":{\"name\":\"a\"}}"))
                .extracting(Problem::pointer)
                .containsExactly("/spec");
        assertThat(
                        refused(
                                "{\"kind\":\"Policy\",\"metadata\":{\"name\":\"a\",\"createdAt\":\"now\",\"labels\":{\"a\":1}},\"spec\":{}}"))
                .extracting(Problem::pointer)
                .containsExactlyInAnyOrder("/metadata/createdAt", "/metadata/labels/a");
    }

    @Test
    void membersThatStandTwiceAreRefused() {
        assertThat(org.assertj.core.api.Assertions.catchThrowable(
                        () -> json("{\"kind\":\"Policy\",\"kind\":\"Policy\"}")))
                .isInstanceOf(com.fasterxml.jackson.core.JsonProcessingException.class);
    }

    @Test
    void theDigestIsOfTheContentsInAnyOrder() throws Exception {
        Resource one = valid(route("{\"name\":\"one\"}"));
        Resource two = valid("{\"kind\":\"Upstream\",\"metadata\":{\"name\":\"u\"},\"spec\":{\"platform\":{}}}");
        Generation first = new Generation(7, List.of(one, two));
        Generation second = new Generation(8, List.of(two, one));
        assertThat(ResourceCodec.digest(first))
                .isEqualTo(ResourceCodec.digest(second))
                .hasSize(64);
        assertThat(ResourceCodec.digest(new Generation(7, List.of(one)))).isNotEqualTo(ResourceCodec.digest(first));
        JsonNode stored = new ObjectMapper().readTree(ResourceCodec.canonical(first));
        assertThat(ResourceCodec.storedGeneration(stored)).isEqualTo(first);
    }

    @ParameterizedTest
    @CsvSource({"0s,0", "10s,10000", "250ms,250", "1h30m,5400000", "1m1s1ms,61001"})
    void durationsAreThoseOfTheGatewayApi(String text, long millis) {
        assertThat(Durations.parse(text)).contains(Duration.ofMillis(millis));
        assertThat(Durations.text(Duration.ofMillis(millis))).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({"''", "10", "-1s", "1.5s", "100000s", "1d", "PT1S", "1s2s3s4s5s"})
    void otherDurationsAreRefused(String text) {
        assertThat(Durations.parse(text)).isEmpty();
    }

    @Test
    void secretsAreInNoText() throws Exception {
        Resource certificate = valid("""
                {"kind":"Certificate","metadata":{"name":"c"},"spec":{"certificateChain":"-----BEGIN CERTIFICATE-----","privateKey":"-----BEGIN PRIVATE KEY----- s3cret"}}""");
        assertThat(certificate.toString()).doesNotContain("s3cret");
        assertThat(ResourceCodec.write(certificate).toString()).contains("s3cret");
    }
}
