package io.aerofusion.route;

/** What a consumer must be, by itself. */
final class ConsumerChecks {
    static final int CREDENTIALS_MAX = 32;
    static final int ROLES_MAX = 64;

    private final Checks checks;

    ConsumerChecks(Checks checks) {
        this.checks = checks;
    }

    void check(ConsumerSpec consumer) {
        checks.tokens("/spec/roles", consumer.roles(), ROLES_MAX);
        checks.count("/spec/labels", consumer.labels().keySet(), Checks.LABELS_MAX);
        checks.count("/spec/credentials", consumer.credentials(), CREDENTIALS_MAX);
        for (int i = 0; i < consumer.credentials().size(); i++) {
            String at = "/spec/credentials/" + i;
            switch (consumer.credentials().get(i)) {
                case ConsumerSpec.Credential.ApiKey key -> {
                    hash(at + "/apiKey/hash", key.hash());
                    checks.value(at + "/apiKey/hint", key.hint());
                }
                case ConsumerSpec.Credential.Basic basic -> {
                    checks.text(at + "/basic/username", basic.username());
                    checks.require(
                            !basic.username().contains(":"),
                            at + "/basic/username",
                            Problem.INVALID,
                            "A user name has no colon (RFC 7617).");
                    checks.require(
                            basic.hash()
                                    .matches(
                                            "pbkdf2-sha256\\$[1-9][0-9]{3,7}\\$[A-Za-z0-9+/]{11,}={0,2}\\$[A-Za-z0-9+/]{22,}={0,2}"),
                            at + "/basic/hash",
                            basic.hash().isEmpty() ? Problem.REQUIRED : Problem.INVALID,
                            "Write pbkdf2-sha256$ITERATIONS$SALT$HASH, salt and hash in base64.");
                }
                case ConsumerSpec.Credential.Jwt jwt -> {
                    checks.text(at + "/jwt/issuer", jwt.issuer());
                    checks.require(
                            (jwt.claim() == null) == (jwt.value() == null),
                            at + "/jwt",
                            Problem.NOT_TOGETHER,
                            "A claim needs its value.");
                    checks.require(
                            (jwt.subject() == null) != (jwt.claim() == null),
                            at + "/jwt",
                            Problem.NOT_TOGETHER,
                            "Write a subject, or a claim and its value.");
                }
                case ConsumerSpec.Credential.MutualTls certificate -> {
                    checks.require(
                            (certificate.subject() == null) != (certificate.fingerprint() == null),
                            at + "/mtls",
                            Problem.NOT_TOGETHER,
                            "Write a subject or a fingerprint.");
                    if (certificate.fingerprint() != null) {
                        hash(at + "/mtls/fingerprint", certificate.fingerprint());
                    }
                }
            }
        }
    }

    private void hash(String at, String hash) {
        checks.require(
                hash.matches("[0-9a-f]{64}"),
                at,
                hash.isEmpty() ? Problem.REQUIRED : Problem.INVALID,
                "Write a SHA-256 in lower-case hex.");
    }
}
