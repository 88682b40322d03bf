package io.aerofusion.gateway.tls;

import io.aerofusion.route.CertificateSpec;
import io.netty.handler.codec.http2.Http2SecurityUtil;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.SupportedCipherSuiteFilter;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * The certificates of one generation by the host names they are for. Immutable; a certificate that is the same as before keeps
 * its context, so that sessions can be resumed across generations.
 *
 * <p>A request may only use a connection that was made for its host: if another certificate would have been shown for it, or
 * another proof asked of the client, it is misdirected (RFC 9110, 15.5.20).
 */
public final class ServerCertificates {
    /** No certificate: no handshake succeeds. */
    public static final ServerCertificates NONE = new ServerCertificates(Map.of(), Map.of(), null);

    /** SNI names may name no host at all, or one by address: then this is shown. */
    private final @Nullable Identity first;

    private final Map<String, Identity> byHost;
    private final Map<String, Identity> byName;

    /**
     * A certificate that can be shown.
     *
     * @param name of its resource
     */
    public record Identity(String name, CertificateSpec spec, SslContext context) {
        /** Whether clients have to prove who they are, or may. */
        public boolean asksClients() {
            return spec.clientValidation() != null;
        }
    }

    private ServerCertificates(Map<String, Identity> byHost, Map<String, Identity> byName, @Nullable Identity first) {
        this.byHost = byHost;
        this.byName = byName;
        this.first = first;
    }

    /**
     * Those of a generation.
     *
     * @param before whose contexts are kept where nothing changed
     * @throws IllegalArgumentException when one cannot be used; the compiler of generations has refused such
     */
    public static ServerCertificates of(Map<String, CertificateSpec> specs, ServerCertificates before) {
        var byHost = new HashMap<String, Identity>();
        var byName = new HashMap<String, Identity>();
        Identity first = null;
        for (Map.Entry<String, CertificateSpec> entry : new TreeMap<>(specs).entrySet()) {
            CertificateSpec spec = entry.getValue();
            Identity known = before.byName.get(entry.getKey());
            Identity identity = known != null && known.spec().equals(spec)
                    ? known
                    : new Identity(entry.getKey(), spec, context(entry.getKey(), spec));
            byName.put(entry.getKey(), identity);
            if (first == null) first = identity;
            List<String> hosts = spec.hosts().isEmpty() ? hostsOf(spec) : spec.hosts();
            for (String host : hosts) byHost.putIfAbsent(host.toLowerCase(Locale.ROOT), identity);
        }
        return new ServerCertificates(Map.copyOf(byHost), Map.copyOf(byName), first);
    }

    /** The certificate for a host: by its name, by a wildcard one label above, or null. */
    public @Nullable Identity find(String host) {
        Identity exact = byHost.get(host);
        if (exact != null) return exact;
        int dot = host.indexOf('.');
        return dot < 0 ? null : byHost.get("*" + host.substring(dot));
    }

    /** The certificate for a server name; null if the handshake has to fail. */
    public @Nullable Identity select(@Nullable String serverName) {
        return serverName == null || serverName.isEmpty() ? first : find(serverName.toLowerCase(Locale.ROOT));
    }

    /**
     * Whether a request for this host may use a connection.
     *
     * @param shown the name of the certificate that the connection began with
     * @param named whether the client named a server then
     */
    public boolean serves(String host, String shown, boolean named) {
        Identity wanted = find(host);
        if (wanted == null) return !named || byName.size() <= 1 || !asked(shown);
        return wanted.name().equals(shown) || (!named && !wanted.asksClients());
    }

    private boolean asked(String name) {
        Identity identity = byName.get(name);
        return identity != null && identity.asksClients();
    }

    private static SslContext context(String name, CertificateSpec spec) {
        try {
            SslContextBuilder builder = SslContextBuilder.forServer(
                            pem(spec.certificateChain()), pem(spec.privateKey()))
                    .sslProvider(SslProvider.JDK)
                    .protocols("TLSv1.3", "TLSv1.2")
                    .ciphers(Http2SecurityUtil.CIPHERS, SupportedCipherSuiteFilter.INSTANCE)
                    .applicationProtocolConfig(
                            alpn(ApplicationProtocolNames.HTTP_2, ApplicationProtocolNames.HTTP_1_1));
            CertificateSpec.ClientValidation validation = spec.clientValidation();
            if (validation != null) {
                builder.trustManager(certificates(validation.caCertificates()));
                builder.clientAuth(
                        switch (validation.mode()) {
                            case REQUEST -> ClientAuth.OPTIONAL;
                            case REQUIRE -> ClientAuth.REQUIRE;
                        });
            }
            return builder.build();
        } catch (SSLException | CertificateException e) {
            throw new IllegalArgumentException("The certificate " + name + " cannot be used", e);
        }
    }

    static ApplicationProtocolConfig alpn(String... protocols) {
        return new ApplicationProtocolConfig(
                Protocol.ALPN, SelectorFailureBehavior.NO_ADVERTISE, SelectedListenerFailureBehavior.ACCEPT, protocols);
    }

    static InputStream pem(String text) {
        return new ByteArrayInputStream(text.getBytes(StandardCharsets.US_ASCII));
    }

    static X509Certificate[] certificates(String pem) throws CertificateException {
        var found = new ArrayList<X509Certificate>();
        for (var certificate : CertificateFactory.getInstance("X.509").generateCertificates(pem(pem)))
            found.add((X509Certificate) certificate);
        return found.toArray(X509Certificate[]::new);
    }

    /** The DNS names a certificate is for. */
    private static List<String> hostsOf(CertificateSpec spec) {
        try {
            var names = new ArrayList<String>();
            var alternatives = certificates(spec.certificateChain())[0].getSubjectAlternativeNames();
            if (alternatives == null) return names;
            for (List<?> alternative : alternatives)
                if (alternative.get(0) instanceof Integer type && type == 2) names.add((String) alternative.get(1));
            return names;
        } catch (CertificateParsingException e) {
            throw new IllegalArgumentException("The names of a certificate cannot be read", e);
        } catch (CertificateException e) {
            throw new IllegalArgumentException("A certificate cannot be read", e);
        }
    }
}
