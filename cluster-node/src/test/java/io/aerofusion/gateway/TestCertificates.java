package io.aerofusion.gateway;

import java.io.ByteArrayInputStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.jspecify.annotations.Nullable;

/** Certificates of tests: an authority, and what it signs. */
public final class TestCertificates {
    /** A certificate with its key, as PEM and as objects. */
    public record Issued(String chain, String key, X509Certificate certificate, PrivateKey privateKey) {}

    private static final AtomicLong SERIAL = new AtomicLong(1);

    private static final Duration LASTING = Duration.ofDays(30);

    private final KeyPair authorityKey = pair();
    final X509Certificate authority = sign("CN=test authority", authorityKey, null, true, LASTING);
    public final String authorityPem = pem("CERTIFICATE", encoded(authority));

    /** A certificate for these DNS names or addresses. */
    public Issued issue(String... names) {
        return issue(LASTING, names);
    }

    /** A certificate that was issued yesterday and is valid for that long from now on; negative: it expired. */
    public Issued issue(Duration left, String... names) {
        KeyPair pair = pair();
        var alternatives = new GeneralName[names.length];
        for (int i = 0; i < names.length; i++) {
            boolean address = Character.isDigit(names[i].charAt(0));
            alternatives[i] = new GeneralName(address ? GeneralName.iPAddress : GeneralName.dNSName, names[i]);
        }
        X509Certificate certificate =
                sign("CN=" + names[0].replace("*", "any"), pair, new GeneralNames(alternatives), false, left);
        return new Issued(
                pem("CERTIFICATE", encoded(certificate)),
                pem("PRIVATE KEY", pair.getPrivate().getEncoded()),
                certificate,
                pair.getPrivate());
    }

    /** A context that trusts the authority and shows this certificate, if any. */
    public SSLContext context(@Nullable Issued own) {
        try {
            KeyStore trusted = KeyStore.getInstance("PKCS12");
            trusted.load(null, null);
            trusted.setCertificateEntry("authority", authority);
            var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(trusted);
            KeyManagerFactory keys = null;
            if (own != null) {
                KeyStore store = KeyStore.getInstance("PKCS12");
                store.load(null, null);
                store.setKeyEntry("own", own.privateKey(), new char[0], new X509Certificate[] {own.certificate()});
                keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
                keys.init(store, new char[0]);
            }
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keys == null ? null : keys.getKeyManagers(), trust.getTrustManagers(), null);
            return context;
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private X509Certificate sign(
            String subject, KeyPair pair, @Nullable GeneralNames names, boolean signs, Duration left) {
        try {
            Instant now = Instant.now();
            var builder = new JcaX509v3CertificateBuilder(
                    new X500Name("CN=test authority"),
                    BigInteger.valueOf(SERIAL.getAndIncrement()),
                    Date.from(now.minus(Duration.ofDays(1))),
                    Date.from(now.plus(left)),
                    new X500Name(subject),
                    pair.getPublic());
            if (names != null) builder.addExtension(Extension.subjectAlternativeName, false, names);
            if (signs) builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(true));
            byte[] der = builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(authorityKey.getPrivate()))
                    .getEncoded();
            return (X509Certificate)
                    CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(der));
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private static KeyPair pair() {
        try {
            return KeyPairGenerator.getInstance("EC").generateKeyPair();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private static byte[] encoded(X509Certificate certificate) {
        try {
            return certificate.getEncoded();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private static String pem(String label, byte[] der) {
        return "-----BEGIN " + label + "-----\n"
                + Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII))
                        .encodeToString(der) + "\n-----END "
                + label + "-----\n";
    }
}
