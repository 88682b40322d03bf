package io.aerofusion.gateway.routing;

import static org.assertj.core.api.Assertions.assertThat;

import io.aerofusion.route.CertificateSpec;
import io.aerofusion.route.Generation;
import io.aerofusion.route.Kind;
import io.aerofusion.route.Problem;
import io.aerofusion.route.Resource;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.Objects;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is checked of a generation as a whole. */
class CompilerTest {
    private static List<String> problems(String yaml) throws Exception {
        return Documents.refused(yaml).stream()
                .map(problem -> problem.kind() + "/" + problem.name() + problem.pointer() + " " + problem.code())
                .toList();
    }

    @Test
    void allReasonsAreSaidAtOnce() throws Exception {
        assertThat(problems("""
                        kind: HTTPRoute
                        metadata: {name: a}
                        spec:
                          parentRefs: [{sectionName: nowhere}]
                          rules:
                          - matches: [{path: {type: RegularExpression, value: "("}}, {headers: [{name: x, type: RegularExpression, value: "["}]}]
                            filters:
                            - {type: RequestMirror, requestMirror: {backendRef: {name: shadow}}}
                            - {type: ExtensionRef, extensionRef: {name: strict}}
                            backendRefs: [{name: gone}]
                        ---
                        kind: Policy
                        metadata: {name: p}
                        spec:
                          targetRefs: [{kind: HTTPRoute, name: b}, {kind: HTTPRoute, name: a, sectionName: s}, {kind: Upstream, name: u}, {kind: Gateway, name: any}]
                          authorization: {rules: [{principal: {consumers: [nobody]}}]}
                        ---
                        kind: Upstream
                        metadata: {name: secure}
                        spec: {protocol: HTTPS, platform: {}, tls: {clientCertificateRef: missing, caCertificates: "-----BEGIN CERTIFICATE-----"}}
                        """))
                .containsExactlyInAnyOrder(
                        "HTTPRoute/a/spec/parentRefs/0 dangling-reference",
                        "HTTPRoute/a/spec/rules/0/filters/0/requestMirror/backendRef/name dangling-reference",
                        "HTTPRoute/a/spec/rules/0/filters/1/extensionRef/name dangling-reference",
                        "HTTPRoute/a/spec/rules/0/backendRefs/0/name dangling-reference",
                        "HTTPRoute/a/spec/rules/0/matches/0/path/value invalid-regex",
                        "HTTPRoute/a/spec/rules/0/matches/1/headers/0/value invalid-regex",
                        "Policy/p/spec/targetRefs/0/name dangling-reference",
                        "Policy/p/spec/targetRefs/1/sectionName dangling-reference",
                        "Policy/p/spec/targetRefs/2/name dangling-reference",
                        "Policy/p/spec/authorization not-together",
                        "Policy/p/spec/authorization/rules/0/principal/consumers/0 dangling-reference",
                        "Upstream/secure/spec/tls/clientCertificateRef dangling-reference",
                        "Upstream/secure/spec/tls/caCertificates invalid-certificate");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "(",
                "a**",
                "\\\\1",
                "(?=a)",
                "((a{100}){100}){100}",
                "(((a{999}){999}){999}){999}",
                "(a{900}){5}",
                "x{1001}"
            })
    void expressionsThatAreNoneOrTooLargeAreRefused(String expression) throws Exception {
        assertThat(problems("""
                        kind: HTTPRoute
                        metadata: {name: a}
                        spec: {rules: [{matches: [{path: {type: RegularExpression, value: "%s"}}]}]}
                        """.formatted(expression)))
                .containsExactly("HTTPRoute/a/spec/rules/0/matches/0/path/value invalid-regex");
    }

    @Test
    void twoMatchesForTheSameRequestsAreRefused() throws Exception {
        assertThat(problems("""
                        kind: HTTPRoute
                        metadata: {name: a}
                        spec: {hostnames: [x.example, y.example], rules: [{matches: [{path: {value: /a}}]}]}
                        ---
                        kind: HTTPRoute
                        metadata: {name: b}
                        spec:
                          hostnames: [y.example]
                          rules:
                          - matches: [{path: {value: /a, type: Exact}}, {path: {value: /a}, method: GET}]
                          - matches: [{path: {value: /a/}}]
                        """)).containsExactly("HTTPRoute/b/spec/rules/1/matches/0 duplicate-match");
        Documents.compiled(List.of(new Door("one", 80, false), new Door("two", 81, false)), """
                kind: HTTPRoute
                metadata: {name: a}
                spec: {parentRefs: [{sectionName: one}], rules: [{matches: [{path: {value: /a}}]}]}
                ---
                kind: HTTPRoute
                metadata: {name: b}
                spec: {parentRefs: [{port: 81}], rules: [{matches: [{path: {value: /a}}]}]}
                """);
    }

    @Test
    void aNameOrACredentialIsThereOnce() throws Exception {
        String hash = "0".repeat(64);
        assertThat(problems("""
                        {kind: Consumer, metadata: {name: a}, spec: {credentials: [{apiKey: {hash: "%s"}}, {jwt: {issuer: i, subject: s}}]}}
                        ---
                        {kind: Consumer, metadata: {name: b}, spec: {credentials: [{apiKey: {hash: "%s", hint: x}}, {jwt: {issuer: i, subject: t}}]}}
                        ---
                        {kind: Upstream, metadata: {name: u}, spec: {platform: {}}}
                        ---
                        {kind: Upstream, metadata: {name: u}, spec: {platform: {}}}
                        """.formatted(hash, hash)))
                .containsExactlyInAnyOrder(
                        "Consumer/b/spec/credentials/0 duplicate", "Upstream/u/metadata/name duplicate");
    }

    @Test
    void theMoreSpecificPolicyWinsFieldByField() throws Exception {
        Compiled compiled = Documents.compiled("""
                kind: HTTPRoute
                metadata: {name: r}
                spec:
                  rules:
                  - {name: one, matches: [{path: {value: /one}}], timeouts: {request: 7s}}
                  - {name: two, matches: [{path: {value: /two}}]}
                  - {matches: [{path: {value: /three}}], filters: [{type: ExtensionRef, extensionRef: {name: own}}]}
                ---
                kind: Policy
                metadata: {name: gateway}
                spec: {targetRefs: [{kind: Gateway, name: g}], timeout: {request: 1s}, accessLog: {sample: 0.1}, limits: {bodyBytes: 10}, cors: {allowOrigins: ["*"]}}
                ---
                kind: Policy
                metadata: {name: route}
                spec: {targetRefs: [{kind: HTTPRoute, name: r}], timeout: {request: 2s}, limits: {headerBytes: 1000}}
                ---
                kind: Policy
                metadata: {name: rule}
                spec: {targetRefs: [{kind: HTTPRoute, name: r, sectionName: two}], timeout: {request: 3s}}
                ---
                kind: Policy
                metadata: {name: own}
                spec: {timeout: {request: 4s}}
                ---
                kind: Policy
                metadata: {name: up}
                spec: {targetRefs: [{kind: Upstream, name: u}], timeout: {request: 5s}}
                """ + Documents.upstream("u"));
        CompiledRule one = compiled.rules().get(0);
        assertThat(one.policy().spec().timeout().request()).isEqualTo(Duration.ofSeconds(2));
        assertThat(one.requestTimeout()).isEqualTo(Duration.ofSeconds(7));
        assertThat(one.policy().spec().limits().bodyBytes()).isNull();
        assertThat(one.policy().origins())
                .containsOnly(
                        java.util.Map.entry("timeout", "route"),
                        java.util.Map.entry("limits", "route"),
                        java.util.Map.entry("accessLog", "gateway"),
                        java.util.Map.entry("cors", "gateway"));
        assertThat(one.filters().cors()).isNotNull();
        assertThat(compiled.rules().get(1).requestTimeout()).isEqualTo(Duration.ofSeconds(3));
        assertThat(compiled.rules().get(2).requestTimeout()).isEqualTo(Duration.ofSeconds(4));
        assertThat(compiled.upstreamPolicy("u").spec().timeout().request()).isEqualTo(Duration.ofSeconds(5));
        assertThat(compiled.upstreamPolicy("other")).isEqualTo(EffectivePolicy.NONE);
    }

    @Test
    void twoPoliciesDoNotSayTheSameOfOneTarget() throws Exception {
        assertThat(problems("""
                        kind: HTTPRoute
                        metadata: {name: r}
                        spec: {rules: [{name: s}]}
                        ---
                        kind: Policy
                        metadata: {name: a}
                        spec: {targetRefs: [{kind: HTTPRoute, name: r}], timeout: {request: 1s}, accessLog: {sample: 1}}
                        ---
                        kind: Policy
                        metadata: {name: b}
                        spec: {targetRefs: [{kind: HTTPRoute, name: r}, {kind: HTTPRoute, name: r, sectionName: s}], timeout: {request: 2s}}
                        """)).containsExactly("Policy/b/spec/timeout policy-conflict");
    }

    @Test
    void whatHasNoEffectOnATargetIsRefused() throws Exception {
        String all =
                "authentication: {anyOf: [{apiKey: {}}]}, authorization: {}, rateLimit: [], ipRestriction: {}, limits: {},"
                        + " cors: {}, transform: {}, compression: {}, cache: {}, version: {}, accessLog: {}, retry: {}, timeout: {}";
        assertThat(problems("""
                        {kind: Policy, metadata: {name: p}, spec: {targetRefs: [{kind: HTTPRoute, name: r}, {kind: Upstream, name: u}], %s}}
                        ---
                        {kind: HTTPRoute, metadata: {name: r}, spec: {rules: [{}]}}
                        """.formatted(all) + Documents.upstream("u")))
                .containsExactly(
                        "Policy/p/spec/authentication not-together",
                        "Policy/p/spec/authorization not-together",
                        "Policy/p/spec/rateLimit not-together",
                        "Policy/p/spec/ipRestriction not-together",
                        "Policy/p/spec/limits not-together",
                        "Policy/p/spec/cors not-together",
                        "Policy/p/spec/transform not-together",
                        "Policy/p/spec/compression not-together",
                        "Policy/p/spec/cache not-together",
                        "Policy/p/spec/version not-together",
                        "Policy/p/spec/accessLog not-together");
        assertThat(problems("""
                        {kind: Policy, metadata: {name: p}, spec: {targetRefs: [{kind: GRPCRoute, name: r}], %1$s}}
                        ---
                        {kind: Policy, metadata: {name: q}, spec: {cors: {}}}
                        ---
                        kind: GRPCRoute
                        metadata: {name: r}
                        spec: {rules: [{filters: [{type: ExtensionRef, extensionRef: {name: q}}]}]}
                        """.formatted(all)))
                .containsExactly(
                        "Policy/p/spec/cors not-together",
                        "Policy/p/spec/cache not-together",
                        "Policy/q/spec/cors not-together");
        Generation published = Documents.generation("""
                {kind: Policy, metadata: {name: p}, spec: {targetRefs: [{kind: Upstream, name: u}], ipRestriction: {deny: [0.0.0.0/0]}}}
                """ + Documents.upstream("u"));
        Outcome outcome =
                new Compiler(List.of(), InstantSource.fixed(Documents.NOW), List.of()).compilePublished(published);
        assertThat(outcome).isInstanceOf(Compiled.class);
        assertThat(((Compiled) outcome).warnings()).extracting(Problem::pointer).containsExactly("/spec/ipRestriction");
    }

    @Test
    void furtherChecksOfPoliciesAreAsked() throws Exception {
        Generation generation = Documents.generation(
                "{kind: Policy, metadata: {name: p}, spec: {authorization: {rules: [{cel: '1 +'}]}}}");
        Compiler compiler = new Compiler(
                List.of(),
                InstantSource.fixed(Documents.NOW),
                List.of((policy, spec) -> List.of(Problem.of(
                        policy,
                        "/spec/authorization/rules/0/cel",
                        Problem.INVALID_CEL,
                        spec.authorization().rules().getFirst().cel()))));
        assertThat(compiler.compile(generation)).isInstanceOf(Outcome.Refused.class);
        assertThat(((Outcome.Refused) compiler.compile(generation)).problems())
                .extracting(Problem::detail)
                .containsExactly("1 +");
    }

    @Test
    void whatIsWrongOnlyHereOrOnlyNowKeepsNoNodeFromServing() throws Exception {
        KeyPair pair = pair("EC");
        Instant before = Documents.NOW.minus(Duration.ofDays(2));
        String expired = certificate(pair, "SHA256withECDSA", before, Documents.NOW.minusSeconds(60));
        List<Resource> resources = new ArrayList<>(Documents.generation(
                        "{kind: HTTPRoute, metadata: {name: r}, spec: {parentRefs: [{sectionName: elsewhere}], rules: [{}]}}")
                .resources());
        resources.add(certificate("c", "a.example", expired, pair));
        Generation generation = new Generation(7, resources);
        Compiler compiler =
                new Compiler(List.of(new Door("http", 80, false)), InstantSource.fixed(Documents.NOW), List.of());
        assertThat(compiler.compile(generation)).isInstanceOf(Outcome.Refused.class);
        Outcome outcome = compiler.compilePublished(generation);
        assertThat(outcome).isInstanceOf(Compiled.class);
        assertThat(((Compiled) outcome).warnings())
                .extracting(Problem::code)
                .containsExactlyInAnyOrder(Problem.DANGLING_REFERENCE, Problem.EXPIRED_CERTIFICATE);
        assertThat(((Compiled) outcome).match(0, Asked.get("x", "/"))).isNull();
    }

    private static String pem(String label, byte[] der) {
        return "-----BEGIN " + label + "-----\n"
                + Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII))
                        .encodeToString(der)
                + "\n-----END " + label + "-----\n";
    }

    private static KeyPair pair(String algorithm) throws Exception {
        return KeyPairGenerator.getInstance(algorithm).generateKeyPair();
    }

    private static String certificate(KeyPair pair, String signature, Instant from, Instant to) throws Exception {
        X500Name name = new X500Name("CN=test");
        return pem(
                "CERTIFICATE",
                new JcaX509v3CertificateBuilder(
                                name, BigInteger.ONE, Date.from(from), Date.from(to), name, pair.getPublic())
                        .build(new JcaContentSignerBuilder(signature).build(pair.getPrivate()))
                        .getEncoded());
    }

    private static List<String> codes(Resource... certificates) {
        Outcome outcome = Documents.compile(List.of(), new Generation(1, List.of(certificates)));
        return outcome instanceof Outcome.Refused refused
                ? refused.problems().stream()
                        .map(problem -> problem.pointer() + " " + problem.code())
                        .toList()
                : List.of();
    }

    private static Resource certificate(String name, String host, String chain, KeyPair key) {
        String privateKey =
                pem("PRIVATE KEY", Objects.requireNonNull(key.getPrivate().getEncoded()));
        return new Resource(Kind.CERTIFICATE, name, new CertificateSpec(List.of(host), chain, privateKey, null));
    }

    @Test
    void certificatesAreReadableValidAndHaveTheirKey() throws Exception {
        Instant before = Documents.NOW.minus(Duration.ofDays(2));
        Instant after = Documents.NOW.plus(Duration.ofDays(2));
        KeyPair elliptic = pair("EC");
        KeyPair edwards = pair("Ed25519");
        String good = certificate(elliptic, "SHA256withECDSA", before, after);
        String expired = certificate(elliptic, "SHA256withECDSA", before, Documents.NOW.minusSeconds(60));
        String early = certificate(elliptic, "SHA256withECDSA", Documents.NOW.plusSeconds(60), after);
        assertThat(codes(certificate("a", "a.example", good, elliptic))).isEmpty();
        assertThat(codes(certificate("a", "a.example", certificate(edwards, "Ed25519", before, after), edwards)))
                .isEmpty();
        assertThat(codes(certificate("a", "a.example", expired, elliptic)))
                .containsExactly("/spec/certificateChain expired-certificate");
        assertThat(codes(certificate("a", "a.example", early, elliptic)))
                .containsExactly("/spec/certificateChain invalid-certificate");
        assertThat(codes(certificate("a", "a.example", good, pair("EC"))))
                .containsExactly("/spec/privateKey invalid-certificate");
        assertThat(codes(certificate("a", "a.example", good, edwards)))
                .containsExactly("/spec/privateKey invalid-certificate");
        assertThat(codes(certificate("a", "a.example", "-----BEGIN CERTIFICATE-----\nxx", elliptic)))
                .containsExactly("/spec/certificateChain invalid-certificate");
        assertThat(codes(certificate("a", "a.example", good, elliptic), certificate("b", "a.example", good, elliptic)))
                .containsExactly("/spec/hosts/0 duplicate");
    }
}
