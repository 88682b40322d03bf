package io.aerofusion.gateway.security;

import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.OctetKeyPair;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.util.Base64URL;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.EdECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Makes keys and tokens, right ones and wrong ones: headers and claims are texts, so that they can hold anything. */
public final class TestIssuer {
    static final String NAME = "https://issuer.example";

    private static final Map<String, KeyPair> PAIRS = new LinkedHashMap<>();

    /** A pair by its name, made once for all tests: they take long. */
    public static synchronized KeyPair pair(String name, String kind) {
        return PAIRS.computeIfAbsent(name + kind, ignored -> {
            try {
                return switch (kind) {
                    case "RSA" -> rsa(2048);
                    case "RSA1024" -> rsa(1024);
                    case "Ed25519" -> KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
                    default -> {
                        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
                        generator.initialize(new ECGenParameterSpec(kind));
                        yield generator.generateKeyPair();
                    }
                };
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException(e);
            }
        });
    }

    private static KeyPair rsa(int bits) throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(bits);
        return generator.generateKeyPair();
    }

    /** The kind of key that signs by this algorithm. */
    public static String kindFor(String algorithm) {
        return switch (algorithm) {
            case "ES256" -> "secp256r1";
            case "ES384" -> "secp384r1";
            case "ES512" -> "secp521r1";
            case "EdDSA", "Ed25519" -> "Ed25519";
            default -> "RSA";
        };
    }

    /** The public key as a member of a JWKS, with further members as JSON ({@code ,"use":"sig"}). */
    public static String jwk(String keyId, KeyPair pair, String more) {
        JWK key = switch (pair.getPublic()) {
            case RSAPublicKey rsa -> new RSAKey.Builder(rsa).build();
            case ECPublicKey ec -> new ECKey.Builder(Curve.forECParameterSpec(ec.getParams()), ec).build();
            case EdECPublicKey ed -> {
                byte[] encoded = ed.getEncoded();
                yield new OctetKeyPair.Builder(
                                Curve.Ed25519,
                                Base64URL.encode(Arrays.copyOfRange(encoded, encoded.length - 32, encoded.length)))
                        .build();
            }
            default -> throw new IllegalArgumentException();
        };
        String json = key.toJSONString();
        return json.substring(0, json.length() - 1) + ",\"kid\":\"" + keyId + "\"" + more + "}";
    }

    public static String jwks(String... keys) {
        return Arrays.stream(keys).collect(Collectors.joining(",", "{\"keys\":[", "]}"));
    }

    /** A token of these texts, signed as the algorithm says whatever the header says. */
    public static String token(String header, String claims, String algorithm, PrivateKey key) {
        String signed = b64(header) + "." + b64(claims);
        return signed + "." + StrictBase64.url(sign(signed, algorithm, key));
    }

    public static String header(String algorithm, String keyId) {
        return "{\"alg\":\"" + algorithm + "\",\"kid\":\"" + keyId + "\"}";
    }

    static byte[] sign(String text, String algorithm, PrivateKey key) {
        try {
            int bits = algorithm.startsWith("E") && !algorithm.startsWith("ES")
                    ? 0
                    : Integer.parseInt(algorithm.substring(2));
            Signature signature = Signature.getInstance(
                    switch (algorithm.substring(0, 2)) {
                        case "RS" -> "SHA" + bits + "withRSA";
                        case "PS" -> "RSASSA-PSS";
                        case "ES" -> "SHA" + bits + "withECDSAinP1363Format";
                        default -> "Ed25519";
                    });
            if (algorithm.startsWith("PS")) {
                String hash = "SHA-" + bits;
                signature.setParameter(new PSSParameterSpec(hash, "MGF1", new MGF1ParameterSpec(hash), bits / 8, 1));
            }
            signature.initSign(key);
            signature.update(text.getBytes(StandardCharsets.US_ASCII));
            return signature.sign();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    static String b64(String text) {
        return StrictBase64.url(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Claims with the right issuer, audience and an expiry, and more as JSON members. */
    static String claims(long expires, String... more) {
        return "{\"iss\":\"" + NAME + "\",\"aud\":\"api\",\"sub\":\"alice\",\"exp\":" + expires
                + (more.length == 0 ? "" : "," + String.join(",", List.of(more))) + "}";
    }

    private TestIssuer() {}
}
