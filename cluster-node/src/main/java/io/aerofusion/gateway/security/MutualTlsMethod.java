package io.aerofusion.gateway.security;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.aerofusion.gateway.RequestView;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * The client certificate of the TLS connection, which the listener has checked against its authorities: known by its fingerprint or by its
 * subject. A certificate that expired while the connection is open counts no more.
 */
final class MutualTlsMethod implements AuthMethod {
    /** How many certificates of open connections are remembered. */
    static final int SEEN_MAX = 10_000;

    private final Consumers consumers;
    private final InstantSource clock;
    /** By the certificate's identity: a connection hands in the same object for all its requests, and a fingerprint costs a microsecond. */
    private final Cache<X509Certificate, Answer> seen =
            Caffeine.newBuilder().weakKeys().maximumSize(SEEN_MAX).build();

    MutualTlsMethod(Consumers consumers, InstantSource clock) {
        this.consumers = consumers;
        this.clock = clock;
    }

    @Override
    public Answer check(RequestView request) {
        X509Certificate certificate = request.clientCertificate();
        if (certificate == null) {
            return Answer.ABSENT;
        }
        Instant now = clock.instant();
        if (now.isBefore(certificate.getNotBefore().toInstant())
                || now.isAfter(certificate.getNotAfter().toInstant())) {
            return new Answer.Refused(Refusal.CERTIFICATE);
        }
        return seen.get(certificate, this::find);
    }

    private Answer find(X509Certificate certificate) {
        Consumers.Consumer consumer;
        try {
            consumer = consumers.byFingerprint(HexFormat.of().formatHex(Consumers.sha256(certificate.getEncoded())));
        } catch (CertificateEncodingException unreadable) {
            return new Answer.Refused(Refusal.CERTIFICATE);
        }
        if (consumer == null) {
            consumer = consumers.bySubject(certificate.getSubjectX500Principal());
        }
        return consumer == null || consumer.disabled()
                ? new Answer.Refused(Refusal.CERTIFICATE)
                : new Answer.Accepted(
                        consumer.principal(certificate.getSubjectX500Principal().getName(), "mtls"));
    }

    @Override
    public @Nullable String challenge(@Nullable Refusal refusal) {
        return null;
    }

    @Override
    public boolean canWait() {
        return false;
    }
}
