package io.aerofusion.gateway.security;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.Curve;
import java.util.Optional;

/** The signature algorithms that tokens may use: all of them with public keys. Neither {@code none} nor HMAC is among them. */
public enum JwsAlgorithm {
    RS256(JWSAlgorithm.RS256, null),
    RS384(JWSAlgorithm.RS384, null),
    RS512(JWSAlgorithm.RS512, null),
    PS256(JWSAlgorithm.PS256, null),
    PS384(JWSAlgorithm.PS384, null),
    PS512(JWSAlgorithm.PS512, null),
    ES256(JWSAlgorithm.ES256, Curve.P_256),
    ES384(JWSAlgorithm.ES384, Curve.P_384),
    ES512(JWSAlgorithm.ES512, Curve.P_521),
    /** Ed25519 under its older name (RFC 8037). */
    EdDSA(JWSAlgorithm.EdDSA, Curve.Ed25519),
    /** The same, fully specified (RFC 9864). */
    Ed25519(JWSAlgorithm.Ed25519, Curve.Ed25519);

    private final JWSAlgorithm nimbus;
    private final Optional<Curve> curve;

    JwsAlgorithm(JWSAlgorithm nimbus, @org.jspecify.annotations.Nullable Curve curve) {
        this.nimbus = nimbus;
        this.curve = Optional.ofNullable(curve);
    }

    JWSAlgorithm nimbus() {
        return nimbus;
    }

    /** The curve that keys of this algorithm lie on; empty for RSA. */
    Optional<Curve> curve() {
        return curve;
    }

    /** The algorithm of exactly this name. */
    public static Optional<JwsAlgorithm> named(String name) {
        for (JwsAlgorithm algorithm : values()) {
            if (algorithm.name().equals(name)) {
                return Optional.of(algorithm);
            }
        }
        return Optional.empty();
    }
}
