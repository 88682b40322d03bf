package io.aerofusion.gateway.routing;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.aerofusion.route.NamedValue;
import java.net.InetAddress;
import java.util.List;
import org.junit.jupiter.api.Test;

class ExplanationTest {
    private static final List<Door> DOORS =
            List.of(new Door("web", 8080, "", false), new Door("shop", 8443, "*.example", true));

    private static Compiled shop() throws Exception {
        return Documents.compiled(
                DOORS, """
                kind: HTTPRoute
                metadata: {name: shop}
                spec:
                  hostnames: [shop.example]
                  rules:
                  - name: new
                    matches: [{path: {value: /orders}, headers: [{name: version, value: "2"}]}]
                    filters:
                    - {type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /v2}}}
                    - {type: RequestMirror, requestMirror: {backendRef: {name: shadow}}}
                    backendRefs: [{name: one, weight: 3}, {name: two, weight: 1}]
                  - {name: old, matches: [{path: {value: /orders}}], backendRefs: [{name: one}]}
                  - {name: moved, matches: [{path: {value: /moved}}], filters: [{type: RequestRedirect, requestRedirect: {path: {replaceFullPath: /orders}}}]}
                  - {name: empty, matches: [{path: {value: /empty}}]}
                  - {name: cors, matches: [{path: {value: /cors}}], filters: [{type: CORS, cors: {allowOrigins: ["*"], allowMethods: [GET]}}]}
                ---
                kind: HTTPRoute
                metadata: {name: rest}
                spec: {rules: [{matches: [{path: {value: /orders, type: Exact}}]}, {matches: [{path: {type: RegularExpression, value: "/x+"}}]}]}
                ---
                kind: Policy
                metadata: {name: p}
                spec:
                  targetRefs: [{kind: HTTPRoute, name: shop, sectionName: new}]
                  timeout: {request: 3s}
                  authentication: {anyOf: [{introspection: {uri: "https://id.example/i", clientId: c, clientSecret: s3cret}}]}
                """ + Documents.upstream("one") + Documents.upstream("two") + Documents.upstream("shadow"));
    }

    private static Explanation explain(String method, String host, String target, String... headers) throws Exception {
        List<NamedValue> named = new java.util.ArrayList<>();
        for (int i = 0; i < headers.length; i += 2) {
            named.add(new NamedValue(headers[i], headers[i + 1]));
        }
        return Explanation.of(shop(), 0, new Question(method, host, target, named, InetAddress.getLoopbackAddress()));
    }

    @Test
    void theChosenRuleIsNamedWithItsReasonsAndTheOthersWithTheirs() throws Exception {
        Explanation explanation = explain("GET", "Shop.Example:8080", "/orders/7?a=b", "Version", "2");
        assertThat(explanation.listener()).isEqualTo("web");
        assertThat(explanation.status()).isNull();
        Explanation.Chosen chosen = explanation.chosen();
        assertThat(chosen.route() + "/" + chosen.ruleName()).isEqualTo("shop/new");
        assertThat(chosen.hostname()).isEqualTo("shop.example");
        assertThat(chosen.because()).containsExactly("path begins with /orders", "header version is 2");
        assertThat(chosen.upstreamTarget()).isEqualTo("/v2/7?a=b");
        assertThat(chosen.backends())
                .containsExactly(new Explanation.Share("one", 75), new Explanation.Share("two", 25));
        assertThat(chosen.mirrors()).containsExactly("shadow");
        assertThat(chosen.policyOrigins()).containsEntry("timeout", "p");
        assertThat(explanation.others())
                .extracting(other -> other.route() + "/" + other.rule() + " " + other.reason())
                .startsWith("shop/1 fits too, but comes after the chosen one")
                .contains(
                        "rest/0 needs: path is /orders",
                        "rest/1 needs: path fits /x+",
                        "shop/2 needs: path begins with /moved");
        JsonNode json = new ObjectMapper().valueToTree(explanation);
        assertThat(json.path("chosen")
                        .path("policy")
                        .path("timeout")
                        .path("request")
                        .asText())
                .isEqualTo("3s");
        assertThat(json.toString()).doesNotContain("s3cret");
    }

    @Test
    void aMissingHeaderIsSaid() throws Exception {
        Explanation explanation = explain("GET", "shop.example", "/orders/7", "version", "1");
        assertThat(explanation.chosen().ruleName()).isEqualTo("old");
        assertThat(explanation.others().getFirst().reason()).isEqualTo("needs: header version is 2");
    }

    @Test
    void whatTheGatewayAnswersItselfIsSaid() throws Exception {
        assertThat(explain("GET", "shop.example", "/moved/x").chosen().location())
                .isEqualTo("http://shop.example:8080/orders");
        assertThat(explain("GET", "shop.example", "/moved").status()).isEqualTo(302);
        assertThat(explain("GET", "shop.example", "/empty").status()).isEqualTo(500);
        assertThat(explain(
                                "OPTIONS",
                                "shop.example",
                                "/cors",
                                "origin",
                                "https://a",
                                "access-control-request-method",
                                "GET")
                        .status())
                .isEqualTo(204);
        assertThat(explain("GET", "shop.example", "/nothing").status()).isEqualTo(404);
        Explanation refused = explain("GET", "shop.example", "/orders/..;/x");
        assertThat(refused.status()).isEqualTo(400);
        assertThat(refused.chosen()).isNull();
        Explanation ambiguous = explain("GET", "shop.example", "/orders/a%2fb");
        assertThat(ambiguous.status()).isEqualTo(400);
        assertThat(ambiguous.ambiguities()).containsExactly("ENCODED_SLASH");
        assertThat(ambiguous.chosen().ruleName()).isEqualTo("old");
    }

    @Test
    void aHostThatNoListenerServesIsSaid() throws Exception {
        Explanation explanation = Explanation.of(
                shop(), 1, new Question("GET", "other.test", "/", List.of(), InetAddress.getLoopbackAddress()));
        assertThat(explanation.listener()).isNull();
        assertThat(explanation.status()).isEqualTo(404);
    }
}
