package io.aerofusion.gateway.security;

import io.aerofusion.route.ConsumerSpec;
import io.aerofusion.route.ConsumerSpec.Credential;
import io.aerofusion.route.Generation;
import io.aerofusion.route.Kind;
import io.aerofusion.route.Problem;
import io.aerofusion.route.Resource;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.security.auth.x500.X500Principal;
import org.jspecify.annotations.Nullable;

/** The consumers of one generation, found by what their credentials say. Immutable. */
public final class Consumers {
    /** A generation without consumers. */
    public static final Consumers NONE = new Consumers();

    private final Map<String, ByKey> keys = new HashMap<>();
    private final Map<String, ByPassword> passwords = new HashMap<>();
    private final Map<String, Map<String, Consumer>> subjects = new HashMap<>();
    private final Map<String, List<ByClaim>> claims = new HashMap<>();
    private final Map<String, Consumer> fingerprints = new HashMap<>();
    private final Map<X500Principal, Consumer> distinguishedNames = new HashMap<>();

    /** A consumer without its credentials. */
    record Consumer(String name, Set<String> roles, Map<String, String> labels, boolean disabled) {
        Principal principal(String subject, String scheme) {
            return new Principal(name, subject, scheme, roles, Set.of(), labels, Map.of());
        }
    }

    /** A consumer with one of its API keys; {@code expiresAt} in milliseconds of the epoch. */
    @SuppressWarnings("ArrayRecordComponent") // found by its hash's text; the bytes are compared in constant time
    record ByKey(Answer.Accepted accepted, boolean disabled, byte[] hash, long expiresAt) {}

    /** A consumer with its password. */
    record ByPassword(Answer.Accepted accepted, boolean disabled, PasswordHash hash) {}

    private record ByClaim(String path, String value, Consumer consumer) {}

    private Consumers() {}

    /** Takes the consumers of a generation; what two of them share, or cannot be read, is added to the problems. */
    public static Consumers of(Generation generation, List<Problem> problems) {
        Consumers consumers = new Consumers();
        for (Resource resource : generation.resources()) {
            if (resource.kind() == Kind.CONSUMER && resource.spec() instanceof ConsumerSpec spec) {
                consumers.add(resource, spec, problems);
            }
        }
        return consumers;
    }

    private void add(Resource resource, ConsumerSpec spec, List<Problem> problems) {
        Consumer consumer = new Consumer(resource.name(), Set.copyOf(spec.roles()), spec.labels(), spec.disabled());
        for (int i = 0; i < spec.credentials().size(); i++) {
            Credential credential = spec.credentials().get(i);
            String wrong;
            try {
                wrong = add(consumer, credential) ? null : "Another consumer has this credential.";
            } catch (IllegalArgumentException unreadable) {
                wrong = null;
                problems.add(Problem.of(
                        resource, "/spec/credentials/" + i, Problem.INVALID, "This credential cannot be read."));
            }
            if (wrong != null) {
                problems.add(Problem.of(resource, "/spec/credentials/" + i, Problem.DUPLICATE, wrong));
            }
        }
    }

    private boolean add(Consumer consumer, Credential credential) {
        return switch (credential) {
            case Credential.ApiKey key ->
                keys.put(
                                key.hash(),
                                new ByKey(
                                        new Answer.Accepted(consumer.principal("", "apiKey")),
                                        consumer.disabled(),
                                        HexFormat.of().parseHex(key.hash()),
                                        key.expiresAt() == null
                                                ? Long.MAX_VALUE
                                                : key.expiresAt().toEpochMilli()))
                        == null;
            case Credential.Basic basic ->
                passwords.put(
                                basic.username(),
                                new ByPassword(
                                        new Answer.Accepted(consumer.principal(basic.username(), "basic")),
                                        consumer.disabled(),
                                        PasswordHash.parse(basic.hash())))
                        == null;
            case Credential.Jwt jwt -> addJwt(consumer, jwt);
            case Credential.MutualTls certificate ->
                certificate.fingerprint() != null
                        ? fingerprints.put(certificate.fingerprint(), consumer) == null
                        : certificate.subject() == null
                                || distinguishedNames.put(new X500Principal(certificate.subject()), consumer) == null;
        };
    }

    private boolean addJwt(Consumer consumer, Credential.Jwt jwt) {
        if (jwt.subject() != null) {
            return subjects.computeIfAbsent(jwt.issuer(), issuer -> new HashMap<>())
                            .put(jwt.subject(), consumer)
                    == null;
        }
        if (jwt.claim() == null || jwt.value() == null) {
            return true;
        }
        List<ByClaim> others = claims.computeIfAbsent(jwt.issuer(), issuer -> new ArrayList<>());
        boolean taken = others.stream()
                .anyMatch(other ->
                        other.path().equals(jwt.claim()) && other.value().equals(jwt.value()));
        others.add(new ByClaim(jwt.claim(), jwt.value(), consumer));
        return !taken;
    }

    /** The consumer of an API key's SHA-256; compared in a time that does not depend on where it differs. */
    @Nullable ByKey byKey(byte[] hash) {
        ByKey found = keys.get(HexFormat.of().formatHex(hash));
        return found != null && MessageDigest.isEqual(found.hash(), hash) ? found : null;
    }

    @Nullable ByPassword byUsername(String username) {
        return passwords.get(username);
    }

    @Nullable Consumer byFingerprint(String sha256) {
        return fingerprints.get(sha256);
    }

    @Nullable Consumer bySubject(X500Principal subject) {
        return distinguishedNames.get(subject);
    }

    /** Who brings this verified token; null when its consumer is disabled. A token that no consumer claims is a principal by itself. */
    @Nullable Principal byToken(VerifiedToken token, String scheme) {
        Consumer consumer = consumer(token);
        if (consumer == null) {
            return new Principal(
                    null, token.subject(), scheme, token.roles(), token.scopes(), Map.of(), token.claims());
        }
        if (consumer.disabled()) {
            return null;
        }
        Set<String> roles = new LinkedHashSet<>(consumer.roles());
        roles.addAll(token.roles());
        return new Principal(
                consumer.name(),
                token.subject(),
                scheme,
                Set.copyOf(roles),
                token.scopes(),
                consumer.labels(),
                token.claims());
    }

    private @Nullable Consumer consumer(VerifiedToken token) {
        Consumer bySubject = subjects.getOrDefault(token.issuer(), Map.of()).get(token.subject());
        if (bySubject != null) {
            return bySubject;
        }
        for (ByClaim claim : claims.getOrDefault(token.issuer(), List.of())) {
            Object value = VerifiedToken.claim(token.claims(), claim.path());
            if (claim.value().equals(value) || (value instanceof List<?> several && several.contains(claim.value()))) {
                return claim.consumer();
            }
        }
        return null;
    }

    static byte[] sha256(String text) {
        return sha256(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    static byte[] sha256(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (java.security.NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
