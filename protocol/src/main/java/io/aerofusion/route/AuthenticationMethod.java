package io.aerofusion.route;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A way of a caller to prove who it is. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, include = JsonTypeInfo.As.WRAPPER_OBJECT)
@JsonSubTypes({
    @JsonSubTypes.Type(value = AuthenticationMethod.Jwt.class, name = "jwt"),
    @JsonSubTypes.Type(value = AuthenticationMethod.ApiKey.class, name = "apiKey"),
    @JsonSubTypes.Type(value = AuthenticationMethod.Basic.class, name = "basic"),
    @JsonSubTypes.Type(value = AuthenticationMethod.MutualTls.class, name = "mtls"),
    @JsonSubTypes.Type(value = AuthenticationMethod.Introspection.class, name = "introspection"),
    @JsonSubTypes.Type(value = AuthenticationMethod.Anonymous.class, name = "anonymous")
})
public sealed interface AuthenticationMethod {
    /** A signed token (RFC 7519) of one of these issuers in {@code Authorization: Bearer}. */
    record Jwt(List<Provider> providers) implements AuthenticationMethod {
        public Jwt {
            providers = Defaults.list(providers);
        }
    }

    /** A key in a header (by default {@code X-Api-Key}) or a query parameter. */
    record ApiKey(List<String> headers, List<String> queryParams) implements AuthenticationMethod {
        public ApiKey {
            queryParams = Defaults.list(queryParams);
            headers = Defaults.list(headers, queryParams.isEmpty() ? List.of("X-Api-Key") : List.of());
        }
    }

    /** User name and password (RFC 7617). */
    record Basic() implements AuthenticationMethod {}

    /** The certificate of the TLS connection. */
    record MutualTls() implements AuthenticationMethod {}

    /** A token that its issuer is asked about (RFC 7662). */
    record Introspection(
            String uri,
            String clientId,
            String clientSecret,
            @Nullable Duration cacheDuration) implements AuthenticationMethod {
        public Introspection {
            uri = Defaults.text(uri);
            clientId = Defaults.text(clientId);
            clientSecret = Defaults.text(clientSecret);
        }

        /** Without the secret, so that it reaches no log. */
        @Override
        public String toString() {
            return "Introspection[uri=" + uri + ", clientId=" + clientId + "]";
        }
    }

    /** Nothing: callers without credentials are let through as nobody. */
    record Anonymous() implements AuthenticationMethod {}

    /**
     * An issuer of tokens. Its keys come from {@code remoteJWKS}, {@code localJWKS}, or with {@code discovery} from the address that
     * {@code issuer/.well-known/openid-configuration} names.
     *
     * @param algorithms those that are accepted; empty: all asymmetric ones that the keys allow
     * @param clockSkew how far clocks may be apart
     */
    record Provider(
            String name,
            String issuer,
            List<String> audiences,
            @JsonProperty("remoteJWKS") @Nullable RemoteJwks remoteJwks,
            @JsonProperty("localJWKS") @Nullable JsonNode localJwks,
            Boolean discovery,
            List<ClaimToHeader> claimToHeaders,
            List<String> algorithms,
            Duration clockSkew) {
        public Provider {
            name = Defaults.text(name);
            issuer = Defaults.text(issuer);
            audiences = Defaults.list(audiences);
            discovery = Defaults.or(discovery, false);
            claimToHeaders = Defaults.list(claimToHeaders);
            algorithms = Defaults.list(algorithms);
            clockSkew = Defaults.or(clockSkew, Duration.ofSeconds(60));
        }
    }

    /** Where an issuer's keys are, and how long they are kept. */
    record RemoteJwks(String uri, Duration cacheDuration) {
        public RemoteJwks {
            uri = Defaults.text(uri);
            cacheDuration = Defaults.or(cacheDuration, Duration.ofMinutes(5));
        }
    }

    /** A claim that upstreams see as a header. */
    record ClaimToHeader(String claim, String header) {
        public ClaimToHeader {
            claim = Defaults.text(claim);
            header = Defaults.text(header);
        }
    }
}
