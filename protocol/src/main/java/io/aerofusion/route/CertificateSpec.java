package io.aerofusion.route;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A certificate that TLS listeners show, chosen by the server name that the client asks for.
 *
 * @param hosts exact names or {@code *.example.com}; empty: the names in the certificate itself
 * @param certificateChain PEM, the server's own certificate first
 * @param privateKey PEM (PKCS #8)
 */
public record CertificateSpec(
        List<String> hosts,
        String certificateChain,
        String privateKey,
        @Nullable ClientValidation clientValidation) implements Spec {
    public CertificateSpec {
        hosts = Defaults.list(hosts);
        certificateChain = Defaults.text(certificateChain);
        privateKey = Defaults.text(privateKey);
    }

    /** Without the private key, so that it reaches no log. */
    @Override
    public String toString() {
        return "CertificateSpec[hosts=" + hosts + ", clientValidation=" + (clientValidation != null) + "]";
    }

    /** Whose certificates clients may, or must, show (mutual TLS). */
    public record ClientValidation(String caCertificates, Mode mode) {
        public ClientValidation {
            caCertificates = Defaults.text(caCertificates);
            mode = Defaults.or(mode, Mode.REQUIRE);
        }
    }

    /** Whether a client without a certificate is let in. */
    public enum Mode {
        @JsonProperty("Request")
        REQUEST,
        @JsonProperty("Require")
        REQUIRE
    }
}
