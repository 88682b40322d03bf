package io.aerofusion.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.aerofusion.gateway.GatewaySettings.Listener;
import io.aerofusion.gateway.GatewaySettings.Protocol;
import io.aerofusion.gateway.TestCertificates.Issued;
import io.aerofusion.gateway.security.GuardPolicies;
import io.aerofusion.gateway.security.GuardState;
import io.aerofusion.route.CertificateSpec;
import io.aerofusion.route.Kind;
import io.aerofusion.route.Resource;
import io.aerofusion.route.UpstreamSpec;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** TLS to clients and to upstreams. */
class GatewayTlsTest {
    private static final TestCertificates AUTHORITY = new TestCertificates();

    private final GuardState state = new GuardState(
            (uri, headers, form) -> CompletableFuture.failedFuture(new IllegalStateException("no network")),
            InstantSource.system(),
            System::nanoTime,
            () -> 1,
            ask -> CompletableFuture.failedFuture(new IllegalStateException("alone")));
    private TestUpstream upstream;
    private Gateway gateway;

    @BeforeEach
    void start() throws IOException {
        upstream = TestUpstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
        gateway = Gateway.start(GatewaySettings.of(List.of(new Listener("https", "127.0.0.1", 0, Protocol.HTTPS)))
                .withThreads(1)
                .withPolicies(new GuardPolicies(state)));
    }

    @AfterEach
    void stop() throws IOException {
        gateway.close();
        upstream.close();
        state.close();
    }

    private static Resource certificate(
            String name, Issued issued, CertificateSpec.@Nullable ClientValidation clients) {
        return TestRoutes.resource(
                Kind.CERTIFICATE, name, new CertificateSpec(List.of(), issued.chain(), issued.key(), clients));
    }

    private void serve(Resource... certificates) throws Exception {
        serve(TestRoutes.upstream(UpstreamSpec.Protocol.HTTP, upstream.address()), certificates);
    }

    private void serve(UpstreamSpec spec, Resource... certificates) throws Exception {
        var resources = new ArrayList<>(List.of(certificates));
        resources.add(TestRoutes.resource(Kind.UPSTREAM, "test", spec));
        resources.add(TestRoutes.route("test", "/", "test"));
        TestRoutes.serve(gateway, resources);
    }

    private RawClient client(@Nullable String serverName, SSLContext context) throws IOException {
        InetSocketAddress address = gateway.addresses().getFirst();
        var socket = (SSLSocket) context.getSocketFactory().createSocket(address.getAddress(), address.getPort());
        SSLParameters parameters = socket.getSSLParameters();
        if (serverName != null) parameters.setServerNames(List.of(new SNIHostName(serverName)));
        socket.setSSLParameters(parameters);
        socket.setSoTimeout(60_000);
        socket.startHandshake();
        return new RawClient(socket);
    }

    private static X509Certificate shown(RawClient client) throws IOException {
        return (X509Certificate) ((SSLSocket) client.socket).getSession().getPeerCertificates()[0];
    }

    private static RawClient.Response get(RawClient client, String host) throws IOException {
        return client.send("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n").response();
    }

    @Test
    void theServerNameChoosesTheCertificateAndOtherHostsAreMisdirected() throws Exception {
        Issued one = AUTHORITY.issue("one.example");
        Issued any = AUTHORITY.issue("*.any.example");
        serve(certificate("one", one, null), certificate("any", any, null));
        SSLContext context = AUTHORITY.context(null);
        try (var client = client("one.example", context)) {
            assertEquals(one.certificate(), shown(client));
            assertEquals("hello", get(client, "one.example").body());
            assertTrue(upstream.head().contains("x-forwarded-proto: https\r\n"));
            var misdirected = get(client, "x.any.example");
            assertEquals(421, misdirected.status());
            assertTrue(misdirected.body().contains("\"code\":\"misdirected\""), misdirected.body());
            assertEquals("hello", get(client, "ONE.example").body());
        }
        try (var client = client("x.any.example", AUTHORITY.context(null))) {
            assertEquals(any.certificate(), shown(client));
            assertEquals("hello", get(client, "y.any.example").body());
        }
        assertThrows(
                SSLException.class,
                () -> client("unknown.example", AUTHORITY.context(null)).close());
    }

    @Test
    void aNewCertificateIsShownToNewConnectionsAndOldOnesGoOn() throws Exception {
        Issued before = AUTHORITY.issue("one.example");
        Issued after = AUTHORITY.issue("one.example");
        serve(certificate("one", before, null));
        SSLContext context = AUTHORITY.context(null);
        try (var old = client("one.example", context)) {
            assertEquals("hello", get(old, "one.example").body());
            serve(certificate("one", after, null));
            try (var fresh = client("one.example", AUTHORITY.context(null))) {
                assertEquals(after.certificate(), shown(fresh));
                assertEquals("hello", get(fresh, "one.example").body());
            }
            assertEquals("hello", get(old, "one.example").body());
        }
    }

    @Test
    void clientsProveWhoTheyAre() throws Exception {
        Issued server = AUTHORITY.issue("one.example");
        Issued open = AUTHORITY.issue("open.example");
        Issued own = AUTHORITY.issue("me.example");
        var required = new CertificateSpec.ClientValidation(AUTHORITY.authorityPem, CertificateSpec.Mode.REQUIRE);
        serve(certificate("one", server, required), certificate("open", open, null));
        try (var client = client("one.example", AUTHORITY.context(own))) {
            assertEquals("hello", get(client, "one.example").body());
        }
        assertThrows(IOException.class, () -> {
            try (var client = client("one.example", AUTHORITY.context(null))) {
                get(client, "one.example");
            }
        });
        // another name is no way around the proof
        try (var client = client("open.example", AUTHORITY.context(null))) {
            assertEquals(421, get(client, "one.example").status());
        }
    }

    @Test
    void aCertificateMaySayWhichConsumerItIs() throws Exception {
        Issued server = AUTHORITY.issue("one.example");
        Issued printed = AUTHORITY.issue("printed.example");
        Issued named = AUTHORITY.issue("named.example");
        String fingerprint = HexFormat.of()
                .formatHex(MessageDigest.getInstance("SHA-256")
                        .digest(printed.certificate().getEncoded()));
        TestRoutes.yaml(
                gateway,
                """
                - {kind: Upstream, metadata: {name: up}, spec: {endpoints: [{$0}]}}
                - {kind: HTTPRoute, metadata: {name: r}, spec: {rules: [{backendRefs: [{name: up}]}]}}
                - kind: Policy
                  metadata: {name: p}
                  spec:
                    targetRefs: [{kind: HTTPRoute, name: r}]
                    authentication: {anyOf: [{mtls: {}}]}
                    authorization: {rules: [{principal: {consumers: [by-print, by-name]}}]}
                - {kind: Consumer, metadata: {name: by-print}, spec: {credentials: [{mtls: {fingerprint: %s}}]}}
                - {kind: Consumer, metadata: {name: by-name}, spec: {credentials: [{mtls: {subject: CN=named.example}}]}}
                - kind: Certificate
                  metadata: {name: one}
                  spec: {certificateChain: "%s", privateKey: "%s", clientValidation: {mode: Request, caCertificates: "%s"}}
                """.formatted(fingerprint, line(server.chain()), line(server.key()), line(AUTHORITY.authorityPem)),
                upstream.address());
        for (Issued known : List.of(printed, named)) {
            try (var client = client("one.example", AUTHORITY.context(known))) {
                assertEquals("hello", get(client, "one.example").body());
            }
        }
        try (var client = client("one.example", AUTHORITY.context(AUTHORITY.issue("nobody.example")))) {
            var refused = get(client, "one.example");
            assertEquals(401, refused.status());
            assertTrue(refused.body().contains("\"code\":\"authentication-failed\""), refused.body());
        }
        try (var client = client("one.example", AUTHORITY.context(null))) {
            var refused = get(client, "one.example");
            assertEquals(401, refused.status());
            assertTrue(refused.body().contains("\"code\":\"authentication-required\""), refused.body());
        }
        assertEquals(2, upstream.heads.size());
    }

    private static String line(String pem) {
        return pem.replace("\n", "\\n");
    }

    @Test
    void anUpstreamIsShownTheCertificateThatItsSettingsName() throws Exception {
        Issued inner = AUTHORITY.issue("inner.example");
        var required = new CertificateSpec.ClientValidation(AUTHORITY.authorityPem, CertificateSpec.Mode.REQUIRE);
        serve(certificate("inner", inner, required));
        InetSocketAddress secure = gateway.addresses().getFirst();
        try (var outer = Gateway.start(GatewaySettings.of(List.of(new Listener("http", "127.0.0.1", 0, Protocol.HTTP)))
                .withThreads(1))) {
            Resource own = certificate("own", AUTHORITY.issue("outer.example"), null);
            for (var protocol : List.of(UpstreamSpec.Protocol.HTTPS, UpstreamSpec.Protocol.H2)) {
                assertEquals(
                        "hello",
                        through(
                                        outer,
                                        protocol,
                                        secure,
                                        new UpstreamSpec.Tls("inner.example", AUTHORITY.authorityPem, "own", true),
                                        own)
                                .body());
                var unknown = through(
                        outer,
                        protocol,
                        secure,
                        new UpstreamSpec.Tls("inner.example", AUTHORITY.authorityPem, null, true),
                        own);
                // TLS 1.3 tells after its handshake, to a connection that is open or, for HTTP/2, not quite
                assertTrue(unknown.status() == 502 || unknown.status() == 503, unknown.head());
                assertTrue(unknown.body().contains("\"side\":\"upstream\""), unknown.body());
            }
        }
    }

    @Test
    void http2IsAgreedOnByAlpn() throws Exception {
        serve(certificate("local", AUTHORITY.issue("localhost"), null));
        try (var client = HttpClient.newBuilder()
                .sslContext(AUTHORITY.context(null))
                .version(HttpClient.Version.HTTP_2)
                .build()) {
            var uri = URI.create(
                    "https://localhost:" + gateway.addresses().getFirst().getPort() + "/a?b");
            for (int i = 0; i < 3; i++) {
                var response = client.sendAsync(
                                HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString())
                        .get(60, TimeUnit.SECONDS);
                assertEquals(HttpClient.Version.HTTP_2, response.version());
                assertEquals("hello", response.body());
                assertTrue(upstream.head().startsWith("GET /a?b HTTP/1.1\r\n"));
            }
        }
    }

    @Test
    void anUpstreamIsVerifiedUnlessItsSettingsSayOtherwise() throws Exception {
        // the gateway itself is the upstream that speaks TLS
        Issued inner = AUTHORITY.issue("inner.example");
        serve(certificate("inner", inner, null));
        InetSocketAddress secure = gateway.addresses().getFirst();
        try (var outer = Gateway.start(GatewaySettings.of(List.of(new Listener("http", "127.0.0.1", 0, Protocol.HTTP)))
                .withThreads(1))) {
            for (var protocol : List.of(UpstreamSpec.Protocol.HTTPS, UpstreamSpec.Protocol.H2)) {
                assertEquals(
                        "hello",
                        through(
                                        outer,
                                        protocol,
                                        secure,
                                        new UpstreamSpec.Tls("inner.example", AUTHORITY.authorityPem, null, true))
                                .body());
                assertEquals(
                        "hello",
                        through(outer, protocol, secure, new UpstreamSpec.Tls("inner.example", null, null, false))
                                .body());
                var unknown = through(outer, protocol, secure, new UpstreamSpec.Tls("inner.example", null, null, true));
                assertEquals(502, unknown.status());
                assertTrue(unknown.body().contains("\"code\":\"upstream-tls-failed\""), unknown.body());
                // the right authority, but for another name
                var other = through(
                        outer, protocol, secure, new UpstreamSpec.Tls(null, AUTHORITY.authorityPem, null, true));
                assertEquals(502, other.status());
            }
        }
    }

    private static RawClient.Response through(
            Gateway outer,
            UpstreamSpec.Protocol protocol,
            InetSocketAddress secure,
            UpstreamSpec.Tls tls,
            Resource... certificates)
            throws Exception {
        UpstreamSpec spec = TestRoutes.upstream(protocol, secure);
        var resources = new ArrayList<>(List.of(certificates));
        resources.add(TestRoutes.route("test", "/", "test"));
        resources.add(TestRoutes.resource(
                Kind.UPSTREAM,
                "test",
                new UpstreamSpec(
                        spec.protocol(),
                        spec.endpoints(),
                        null,
                        null,
                        null,
                        tls,
                        spec.loadBalancer(),
                        null,
                        null,
                        null,
                        null,
                        spec.timeout())));
        TestRoutes.serve(outer, resources);
        try (var client = new RawClient(outer.addresses().getFirst())) {
            return get(client, "inner.example");
        }
    }
}
