package io.aerofusion.gateway.routing;

import io.aerofusion.route.CertificateSpec;
import io.aerofusion.route.Problem;
import io.aerofusion.route.Resource;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Whether certificates can be served: they can be read, are valid now, and the key is theirs. */
final class CertificateChecks {
    private final Instant now;
    private final Problems problems;

    CertificateChecks(Instant now, Problems problems) {
        this.now = now;
        this.problems = problems;
    }

    /**
     * @param owners which certificate shows itself for a host, over all of them
     */
    void check(Resource resource, CertificateSpec spec, Map<String, String> owners) {
        List<X509Certificate> chain = read(resource, "/spec/certificateChain", spec.certificateChain());
        if (!chain.isEmpty()) {
            valid(resource, chain);
            key(resource, spec.privateKey(), chain.getFirst().getPublicKey());
        }
        if (spec.clientValidation() != null) {
            read(
                    resource,
                    "/spec/clientValidation/caCertificates",
                    spec.clientValidation().caCertificates());
        }
        for (int i = 0; i < spec.hosts().size(); i++) {
            String owner = owners.putIfAbsent(spec.hosts().get(i), resource.name());
            if (owner != null) {
                problems.add(
                        resource, "/spec/hosts/" + i, Problem.DUPLICATE, "Certificate " + owner + " is for this host.");
            }
        }
    }

    /** The certificates in PEM text; what cannot be read is a problem. */
    List<X509Certificate> read(Resource resource, String pointer, String pem) {
        List<X509Certificate> chain = new ArrayList<>();
        try {
            byte[] bytes = pem.getBytes(StandardCharsets.US_ASCII);
            for (Certificate certificate :
                    CertificateFactory.getInstance("X.509").generateCertificates(new ByteArrayInputStream(bytes))) {
                chain.add((X509Certificate) certificate);
            }
        } catch (CertificateException refusal) {
            chain.clear();
        }
        if (chain.isEmpty()) {
            problems.add(
                    resource, pointer, Problem.INVALID_CERTIFICATE, "The PEM holds no readable X.509 certificate.");
        }
        return chain;
    }

    private void valid(Resource resource, List<X509Certificate> chain) {
        for (X509Certificate certificate : chain) {
            try {
                certificate.checkValidity(Date.from(now));
            } catch (CertificateExpiredException refusal) {
                problems.addHereAndNow(
                        resource,
                        "/spec/certificateChain",
                        Problem.EXPIRED_CERTIFICATE,
                        "The certificate of " + certificate.getSubjectX500Principal() + " expired at "
                                + certificate.getNotAfter().toInstant() + ".");
            } catch (CertificateNotYetValidException refusal) {
                problems.addHereAndNow(
                        resource,
                        "/spec/certificateChain",
                        Problem.INVALID_CERTIFICATE,
                        "The certificate of " + certificate.getSubjectX500Principal() + " is not valid before "
                                + certificate.getNotBefore().toInstant() + ".");
            }
        }
    }

    private void key(Resource resource, String pem, PublicKey certified) {
        PrivateKey key = privateKey(pem, certified.getAlgorithm());
        if (key == null) {
            problems.add(
                    resource,
                    "/spec/privateKey",
                    Problem.INVALID_CERTIFICATE,
                    "The PEM holds no readable PKCS #8 key of the certificate's kind (" + certified.getAlgorithm()
                            + ").");
        } else if (!belongs(key, certified)) {
            problems.add(
                    resource, "/spec/privateKey", Problem.INVALID_CERTIFICATE, "The key is not the certificate's.");
        }
    }

    private static @Nullable PrivateKey privateKey(String pem, String algorithm) {
        String begin = "-----BEGIN PRIVATE KEY-----";
        int from = pem.indexOf(begin);
        int to = pem.indexOf("-----END PRIVATE KEY-----");
        if (from < 0 || to < from) {
            return null;
        }
        try {
            byte[] bytes = Base64.getMimeDecoder().decode(pem.substring(from + begin.length(), to));
            return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(bytes));
        } catch (GeneralSecurityException | IllegalArgumentException refusal) {
            return null;
        }
    }

    private static boolean belongs(PrivateKey key, PublicKey certified) {
        String algorithm = switch (certified.getAlgorithm()) {
            case "RSA" -> "SHA256withRSA";
            case "EC" -> "SHA256withECDSA";
            default -> certified.getAlgorithm();
        };
        byte[] text = {1, 2, 3};
        try {
            Signature signing = Signature.getInstance(algorithm);
            signing.initSign(key);
            signing.update(text);
            byte[] signed = signing.sign();
            Signature verifying = Signature.getInstance(algorithm);
            verifying.initVerify(certified);
            verifying.update(text);
            return verifying.verify(signed);
        } catch (GeneralSecurityException refusal) {
            return false;
        }
    }
}
