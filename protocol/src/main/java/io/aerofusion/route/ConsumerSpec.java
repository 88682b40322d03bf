package io.aerofusion.route;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A caller of the APIs behind the gateway: how it is recognised and what it is. */
public record ConsumerSpec(
        List<String> roles, Map<String, String> labels, List<Credential> credentials, Boolean disabled)
        implements Spec {
    public ConsumerSpec {
        roles = Defaults.list(roles);
        labels = Defaults.map(labels);
        credentials = Defaults.list(credentials);
        disabled = Defaults.or(disabled, false);
    }

    /** Something by which a consumer is recognised. None holds a secret itself. */
    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, include = JsonTypeInfo.As.WRAPPER_OBJECT)
    @JsonSubTypes({
        @JsonSubTypes.Type(value = Credential.ApiKey.class, name = "apiKey"),
        @JsonSubTypes.Type(value = Credential.Basic.class, name = "basic"),
        @JsonSubTypes.Type(value = Credential.Jwt.class, name = "jwt"),
        @JsonSubTypes.Type(value = Credential.MutualTls.class, name = "mtls")
    })
    public sealed interface Credential {
        /**
         * A key that the consumer sends.
         *
         * @param hash its SHA-256, in lower-case hex
         * @param hint its first characters, by which people recognise it; may be empty
         */
        record ApiKey(String hash, String hint, @Nullable Instant expiresAt) implements Credential {
            public ApiKey {
                hash = Defaults.text(hash);
                hint = Defaults.text(hint);
            }
        }

        /** A user name and the hash of a password: {@code pbkdf2-sha256$iterations$salt$hash}, salt and hash in base64. */
        record Basic(String username, String hash) implements Credential {
            public Basic {
                username = Defaults.text(username);
                hash = Defaults.text(hash);
            }
        }

        /** What a verified token says: its issuer, and its {@code sub} or another claim. */
        record Jwt(
                String issuer,
                @Nullable String subject,
                @Nullable String claim,
                @Nullable String value) implements Credential {
            public Jwt {
                issuer = Defaults.text(issuer);
            }
        }

        /** A verified client certificate: its subject (RFC 2253) or its fingerprint (SHA-256, lower-case hex). */
        record MutualTls(@Nullable String subject, @Nullable String fingerprint) implements Credential {}
    }
}
