package io.aerofusion.gateway.security;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.crypto.ECDSAVerifier;
import com.nimbusds.jose.crypto.RSASSAVerifier;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.KeyOperation;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.OctetKeyPair;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.util.Base64URL;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A public key that signatures are checked with, and what it may be used for. A key of RSA has 2,048 to 8,192 bits; one of an elliptic curve
 * lies on P-256, P-384, P-521 or Ed25519; a key that says it is for something else than verifying signatures is none of ours.
 */
final class VerificationKey {
    private static final Set<Curve> CURVES = Set.of(Curve.P_256, Curve.P_384, Curve.P_521);
    private static final int RSA_BITS_MIN = 2048;
    private static final int RSA_BITS_MAX = 8192;
    /** What stands before the 32 bytes of an Ed25519 key in its X.509 form (RFC 8410). */
    private static final byte[] ED25519_PREFIX = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0};

    private final @Nullable String id;
    private final @Nullable String algorithm;
    private final String identity;
    private final Curve curve;
    private final @Nullable JWSVerifier verifier;
    private final @Nullable PublicKey edwards;
    /** Set when the issuer took the key back: tokens that were verified with it count no more. */
    private volatile boolean retired;

    private VerificationKey(JWK key, Curve curve, @Nullable JWSVerifier verifier, @Nullable PublicKey edwards)
            throws JOSEException {
        this.id = key.getKeyID();
        this.algorithm = key.getAlgorithm() == null ? null : key.getAlgorithm().getName();
        this.identity = id + "|" + algorithm + "|" + key.computeThumbprint();
        this.curve = curve;
        this.verifier = verifier;
        this.edwards = edwards;
    }

    /** Reads a key of a key set; empty when it cannot verify the signatures of tokens. */
    static Optional<VerificationKey> of(JWK key) {
        boolean signs = key.getKeyUse() == null || KeyUse.SIGNATURE.equals(key.getKeyUse());
        boolean verifies =
                key.getKeyOperations() == null || key.getKeyOperations().contains(KeyOperation.VERIFY);
        if (!signs || !verifies) {
            return Optional.empty();
        }
        try {
            return switch (key) {
                case RSAKey rsa -> rsa(rsa);
                case ECKey ec -> ec(ec);
                case OctetKeyPair pair -> edwards(pair);
                // Symmetric keys among them: who can check those can make them.
                default -> Optional.empty();
            };
        } catch (JOSEException | GeneralSecurityException | IllegalArgumentException broken) {
            return Optional.empty();
        }
    }

    private static Optional<VerificationKey> rsa(RSAKey key) throws JOSEException {
        RSAPublicKey rsa = key.toRSAPublicKey();
        int bits = rsa.getModulus().bitLength();
        boolean sound = bits >= RSA_BITS_MIN
                && bits <= RSA_BITS_MAX
                && rsa.getPublicExponent().testBit(0)
                && rsa.getPublicExponent().bitLength() > 1
                && rsa.getPublicExponent().bitLength() <= 64;
        return sound
                ? Optional.of(new VerificationKey(key, new Curve("RSA"), new RSASSAVerifier(rsa), null))
                : Optional.empty();
    }

    private static Optional<VerificationKey> ec(ECKey key) throws JOSEException {
        return CURVES.contains(key.getCurve())
                ? Optional.of(new VerificationKey(key, key.getCurve(), new ECDSAVerifier(key.toECPublicKey()), null))
                : Optional.empty();
    }

    private static Optional<VerificationKey> edwards(OctetKeyPair pair) throws GeneralSecurityException, JOSEException {
        byte[] point = pair.getDecodedX();
        if (point.length != 32 || !Curve.Ed25519.equals(pair.getCurve())) {
            return Optional.empty();
        }
        byte[] encoded = new byte[ED25519_PREFIX.length + 32];
        System.arraycopy(ED25519_PREFIX, 0, encoded, 0, ED25519_PREFIX.length);
        System.arraycopy(point, 0, encoded, ED25519_PREFIX.length, 32);
        PublicKey key = KeyFactory.getInstance("Ed25519").generatePublic(new X509EncodedKeySpec(encoded));
        return Optional.of(new VerificationKey(pair, Curve.Ed25519, null, key));
    }

    @Nullable String id() {
        return id;
    }

    /** The same for the same key with the same name, so that a fetched set can be compared with the last one. */
    String identity() {
        return identity;
    }

    /** Whether a signature of this algorithm can come from this key. */
    boolean fits(JwsAlgorithm wanted) {
        if (algorithm != null && !algorithm.equals(wanted.name())) {
            return false;
        }
        return curve.equals(wanted.curve().orElse(new Curve("RSA")));
    }

    /** Whether this key made the signature. */
    boolean verifies(JwsAlgorithm wanted, byte[] signed, byte[] signature) {
        try {
            if (edwards != null) {
                Signature check = Signature.getInstance("Ed25519");
                check.initVerify(edwards);
                check.update(signed);
                return check.verify(signature);
            }
            return verifier != null
                    && verifier.verify(new JWSHeader(wanted.nimbus()), signed, Base64URL.encode(signature));
        } catch (JOSEException | GeneralSecurityException broken) {
            return false;
        }
    }

    boolean retired() {
        return retired;
    }

    void retire() {
        retired = true;
    }
}
