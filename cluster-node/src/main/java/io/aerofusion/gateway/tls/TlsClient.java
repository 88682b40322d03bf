package io.aerofusion.gateway.tls;

import io.aerofusion.route.CertificateSpec;
import io.aerofusion.route.UpstreamSpec;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.codec.http2.Http2SecurityUtil;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.SupportedCipherSuiteFilter;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.security.cert.CertificateException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * TLS to upstreams: their certificate and their name are verified unless the upstream says otherwise. Contexts are made once
 * for equal settings.
 */
public final class TlsClient {
    /** Settings whose contexts are kept; when there are more, all are made anew. */
    private static final int CONTEXTS_MAX = 1_000;

    private record Key(
            UpstreamSpec.Tls tls,
            boolean http2,
            boolean anyName,
            @Nullable CertificateSpec client) {}

    private final Map<Key, SslContext> contexts = new ConcurrentHashMap<>();

    /**
     * The context for an upstream's settings.
     *
     * @param anyName whether trusted certificates are taken whatever names they bear
     * @param client the certificate that {@link UpstreamSpec.Tls#clientCertificateRef} names
     */
    public SslContext context(UpstreamSpec.Tls tls, boolean http2, boolean anyName, @Nullable CertificateSpec client) {
        if (contexts.size() > CONTEXTS_MAX) contexts.clear();
        return contexts.computeIfAbsent(new Key(tls, http2, anyName, client), TlsClient::make);
    }

    private static SslContext make(Key key) {
        try {
            UpstreamSpec.Tls tls = key.tls();
            SslContextBuilder builder = SslContextBuilder.forClient()
                    .sslProvider(SslProvider.JDK)
                    .protocols("TLSv1.3", "TLSv1.2")
                    .ciphers(Http2SecurityUtil.CIPHERS, SupportedCipherSuiteFilter.INSTANCE)
                    .endpointIdentificationAlgorithm(tls.verify() && !key.anyName() ? "HTTPS" : null)
                    .applicationProtocolConfig(ServerCertificates.alpn(
                            key.http2() ? ApplicationProtocolNames.HTTP_2 : ApplicationProtocolNames.HTTP_1_1));
            if (!tls.verify()) builder.trustManager(InsecureTrustManagerFactory.INSTANCE);
            else if (tls.caCertificates() != null)
                builder.trustManager(ServerCertificates.certificates(tls.caCertificates()));
            CertificateSpec client = key.client();
            if (client != null)
                builder.keyManager(
                        ServerCertificates.pem(client.certificateChain()), ServerCertificates.pem(client.privateKey()));
            return builder.build();
        } catch (SSLException | CertificateException e) {
            throw new IllegalArgumentException("An upstream's TLS settings cannot be used", e);
        }
    }

    /** A handler for one connection; the server is asked for by the settings' name or by the endpoint's. */
    public static SslHandler handler(
            SslContext context, UpstreamSpec.Tls tls, ByteBufAllocator allocator, String hostname, int port) {
        return context.newHandler(allocator, tls.sni() == null ? hostname : tls.sni(), port);
    }
}
