package io.aerofusion.gateway.routing;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Which rule takes a request: the precedence of the Gateway API. */
class MatchTest {
    private static String rule(Compiled compiled, int door, Asked request) {
        Candidate found = compiled.match(door, request);
        return found == null
                ? "none"
                : found.rule().route() + "/" + found.rule().name();
    }

    private static String rule(Compiled compiled, Asked request) {
        return rule(compiled, 0, request);
    }

    @Test
    void exactBeforeLongestPrefixBeforeExpression() throws Exception {
        Compiled compiled = Documents.compiled("""
                kind: HTTPRoute
                metadata: {name: r}
                spec:
                  rules:
                  - {name: all, matches: [{path: {value: /}}]}
                  - {name: short, matches: [{path: {value: /a}}]}
                  - {name: long, matches: [{path: {value: /a/b/}}]}
                  - {name: exact, matches: [{path: {type: Exact, value: /a/b}}]}
                  - {name: slash, matches: [{path: {type: Exact, value: /a/b/}}]}
                ---
                kind: HTTPRoute
                metadata: {name: e}
                spec:
                  hostnames: [e.example]
                  rules:
                  - {name: fits, matches: [{path: {type: RegularExpression, value: "/v[0-9]+/.*"}}]}
                  - {name: prefix, matches: [{path: {value: /v1}}]}
                """);
        assertThat(rule(compiled, Asked.get("x", "/a/b"))).isEqualTo("r/exact");
        assertThat(rule(compiled, Asked.get("x", "/a/b/"))).isEqualTo("r/slash");
        assertThat(rule(compiled, Asked.get("x", "/a/b/c"))).isEqualTo("r/long");
        assertThat(rule(compiled, Asked.get("x", "/a/bc"))).isEqualTo("r/short");
        assertThat(rule(compiled, Asked.get("x", "/a/"))).isEqualTo("r/short");
        assertThat(rule(compiled, Asked.get("x", "/a?b=c"))).isEqualTo("r/short");
        assertThat(rule(compiled, Asked.get("x", "/ab"))).isEqualTo("r/all");
        assertThat(rule(compiled, Asked.get("x", "/"))).isEqualTo("r/all");
        assertThat(rule(compiled, Asked.get("e.example", "/v1/x"))).isEqualTo("e/prefix");
        assertThat(rule(compiled, Asked.get("e.example", "/v22/x"))).isEqualTo("e/fits");
        assertThat(rule(compiled, Asked.get("e.example", "/vx/x"))).isEqualTo("r/all");
    }

    @Test
    void methodBeforeHeadersBeforeQueryBeforeAgeBeforeName() throws Exception {
        Compiled compiled = Documents.compiled("""
                kind: HTTPRoute
                metadata: {name: one, createdAt: 2026-01-02T00:00:00Z}
                spec:
                  rules:
                  - {name: method, matches: [{method: POST}]}
                  - {name: two-headers, matches: [{headers: [{name: A, value: "1"}, {name: b, value: "2"}]}]}
                  - {name: header, matches: [{headers: [{name: a, value: "1"}]}]}
                  - {name: query, matches: [{queryParams: [{name: q, value: "1"}]}]}
                  - {name: queries, matches: [{queryParams: [{name: q, value: "1"}, {name: r, type: RegularExpression, value: "[0-9]+"}]}]}
                ---
                kind: HTTPRoute
                metadata: {name: older, createdAt: 2026-01-01T00:00:00Z}
                spec: {rules: [{name: header, matches: [{headers: [{name: c, type: RegularExpression, value: x.*}]}]}]}
                ---
                kind: HTTPRoute
                metadata: {name: a-same-age, createdAt: 2026-01-02T00:00:00Z}
                spec: {rules: [{name: header, matches: [{headers: [{name: d, value: "1"}]}]}]}
                """);
        assertThat(rule(compiled, Asked.of("POST", "x", "/?q=1", "a", "1", "b", "2")))
                .isEqualTo("one/method");
        assertThat(rule(compiled, Asked.get("x", "/?q=1", "a", "1", "b", "2"))).isEqualTo("one/two-headers");
        assertThat(rule(compiled, Asked.get("x", "/?q=1&r=7", "a", "1"))).isEqualTo("one/header");
        assertThat(rule(compiled, Asked.get("x", "/?r=7&q=1"))).isEqualTo("one/queries");
        assertThat(rule(compiled, Asked.get("x", "/?r=x&q=1"))).isEqualTo("one/query");
        assertThat(rule(compiled, Asked.get("x", "/?q=2&q=1"))).isEqualTo("none");
        assertThat(rule(compiled, Asked.get("x", "/?%71=%31"))).isEqualTo("one/query");
        assertThat(rule(compiled, Asked.get("x", "/", "a", "1", "c", "xy"))).isEqualTo("older/header");
        assertThat(rule(compiled, Asked.get("x", "/", "a", "1", "d", "1"))).isEqualTo("a-same-age/header");
        assertThat(rule(compiled, Asked.get("x", "/", "a", "1", "a", "2"))).isEqualTo("none");
    }

    @Test
    void theLongestHostNameComesFirstAndOthersFollow() throws Exception {
        Compiled compiled = Documents.compiled("""
                kind: HTTPRoute
                metadata: {name: any}
                spec: {rules: [{name: all}]}
                ---
                kind: HTTPRoute
                metadata: {name: wide}
                spec: {hostnames: ["*.example.com"], rules: [{name: w, matches: [{path: {value: /w}}]}]}
                ---
                kind: HTTPRoute
                metadata: {name: wider}
                spec: {hostnames: ["*.com"], rules: [{name: v, matches: [{path: {value: /w}}, {path: {value: /v}}]}]}
                ---
                kind: HTTPRoute
                metadata: {name: exact}
                spec: {hostnames: [a.example.com], rules: [{name: e, matches: [{path: {value: /e}}]}]}
                """);
        assertThat(rule(compiled, Asked.get("a.example.com", "/e"))).isEqualTo("exact/e");
        assertThat(rule(compiled, Asked.get("A.Example.Com:8080", "/e"))).isEqualTo("exact/e");
        assertThat(rule(compiled, Asked.get("a.example.com", "/w"))).isEqualTo("wide/w");
        assertThat(rule(compiled, Asked.get("a.example.com", "/v"))).isEqualTo("wider/v");
        assertThat(rule(compiled, Asked.get("a.example.com", "/x"))).isEqualTo("any/all");
        assertThat(rule(compiled, Asked.get("c.b.example.com", "/w"))).isEqualTo("wide/w");
        assertThat(rule(compiled, Asked.get("example.com", "/w"))).isEqualTo("wider/v");
        assertThat(rule(compiled, Asked.get("", "/w"))).isEqualTo("any/all");
    }

    @Test
    void aListenerTakesWhatItsHostNameAndTheRoutesHaveInCommon() throws Exception {
        List<Door> doors = List.of(
                new Door("all", 80, "", false),
                new Door("wild", 80, "*.example.com", false),
                new Door("one", 80, "one.example.com", false),
                new Door("tls", 443, "", true));
        Compiled compiled = Documents.compiled(doors, """
                kind: HTTPRoute
                metadata: {name: everywhere}
                spec: {hostnames: ["*.example.com"], rules: [{name: r}]}
                ---
                kind: HTTPRoute
                metadata: {name: named}
                spec: {parentRefs: [{sectionName: one}], rules: [{name: r, matches: [{path: {value: /n}}]}]}
                ---
                kind: HTTPRoute
                metadata: {name: port}
                spec: {parentRefs: [{port: 443}], rules: [{name: r, matches: [{path: {value: /p}}]}]}
                """);
        assertThat(compiled.listener(0, "one.example.com")).isEqualTo(2);
        assertThat(compiled.listener(0, "two.example.com")).isEqualTo(1);
        assertThat(compiled.listener(0, "example.com")).isEqualTo(0);
        assertThat(compiled.listener(3, "one.example.com")).isEqualTo(3);
        assertThat(rule(compiled, 0, Asked.get("one.example.com", "/n"))).isEqualTo("named/r");
        assertThat(rule(compiled, 1, Asked.get("two.example.com", "/n"))).isEqualTo("everywhere/r");
        assertThat(rule(compiled, 0, Asked.get("other", "/n"))).isEqualTo("none");
        assertThat(rule(compiled, 0, Asked.get("other", "/p"))).isEqualTo("none");
        assertThat(rule(compiled, 3, Asked.get("other", "/p"))).isEqualTo("port/r");
    }

    @Test
    void grpcCallsAreMatchedByServiceAndMethod() throws Exception {
        Compiled compiled = Documents.compiled("""
                kind: GRPCRoute
                metadata: {name: g}
                spec:
                  rules:
                  - {name: both, matches: [{method: {service: a.B, method: C}}]}
                  - {name: service, matches: [{method: {service: a.B}}]}
                  - {name: method, matches: [{method: {method: Get}}]}
                  - {name: fits, matches: [{method: {type: RegularExpression, service: "a\\\\.[X-Z]", method: "L.*"}}]}
                """);
        assertThat(rule(compiled, grpc("/a.B/C"))).isEqualTo("g/both");
        assertThat(rule(compiled, grpc("/a.B/D"))).isEqualTo("g/service");
        assertThat(rule(compiled, grpc("/a.BB/Get"))).isEqualTo("g/method");
        assertThat(rule(compiled, grpc("/a.Y/List"))).isEqualTo("g/fits");
        assertThat(rule(compiled, grpc("/aXY/List"))).isEqualTo("none");
        assertThat(rule(compiled, Asked.of("POST", "x", "/a.B/C"))).isEqualTo("none");
    }

    private static Asked grpc(String path) {
        return Asked.of("POST", "x", path, "content-type", "application/grpc+proto");
    }

    @Test
    void anAmbiguousPathNeedsTheRulesPermission() throws Exception {
        Compiled compiled = Documents.compiled("""
                kind: HTTPRoute
                metadata: {name: r}
                spec:
                  rules:
                  - {name: open, matches: [{path: {value: /open}}], allowAmbiguousPaths: [EncodedSlash]}
                  - {name: strict, matches: [{path: {value: /strict}}]}
                """);
        int slash = NormalPath.of("/x%2fy").ambiguities();
        int both = NormalPath.of("/x%2fy//").ambiguities();
        Candidate open = compiled.match(0, Asked.get("x", "/open/a%2fb"));
        Candidate strict = compiled.match(0, Asked.get("x", "/strict/a%2fb"));
        assertThat(open.allows(slash)).isTrue();
        assertThat(open.allows(both)).isFalse();
        assertThat(strict.allows(slash)).isFalse();
        assertThat(strict.allows(0)).isTrue();
        // an encoded slash divides no segments, and an encoded letter hides none
        assertThat(compiled.match(0, Asked.get("x", "/open%2fa"))).isNull();
        assertThat(rule(compiled, Asked.get("x", "/%73trict/a"))).isEqualTo("r/strict");
    }
}
