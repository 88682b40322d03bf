package io.aerofusion.platform.security;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What the tokens of one OpenID provider mean to this platform: which user their holder is, and which roles they bring along.
 *
 * @param name told in the audit log
 * @param tenant of its users
 * @param userClaim names the user
 * @param userPrefix of the ids of its users, 0 to 16 characters; what keeps them apart from those of others
 * @param roles words of the roles claims that bring a role
 * @param createUsers whether a user is made at first sight
 */
public record OidcProvider(
        String name,
        String tenant,
        String userClaim,
        String userPrefix,
        Map<Principal.Role, Set<String>> roles,
        boolean createUsers) {
    private static final int PREFIX_LENGTH_MAX = 16;
    private static final Pattern PREFIX = Pattern.compile("([A-Za-z0-9][A-Za-z0-9._@+-]{0,15})?");
    /** What {@link #userOf} makes of values that are no ids; a value of this form is taken for no id either. */
    private static final Pattern DIGEST = Pattern.compile("h-[A-Za-z0-9_-]{43}");

    public OidcProvider {
        roles = Map.copyOf(roles);
        if (!Names.isName(name) || !Names.isName(tenant)) {
            throw new IllegalArgumentException("name and tenant have 1 to 64 of A-Z a-z 0-9 . _ @ + -");
        }
        if (!PREFIX.matcher(userPrefix).matches()) {
            throw new IllegalArgumentException("user-prefix has at most " + PREFIX_LENGTH_MAX
                    + " of A-Z a-z 0-9 . _ @ + - and starts with a letter or digit");
        }
        if (userClaim.isEmpty()) {
            throw new IllegalArgumentException("user-claim names a claim");
        }
    }

    /**
     * The id of the user that a claim's value names: the prefix and the value where that is an id ({@link Names}); otherwise the prefix,
     * {@code h-} and the SHA-256 of the value as base64url. No two values have the same id.
     */
    public String userOf(String value) {
        String plain = userPrefix + value;
        return Names.isName(plain) && !DIGEST.matcher(value).matches() ? plain : userPrefix + "h-" + digest(value);
    }

    /** The roles that a token brings along which has these words in its roles claims. */
    public Set<Principal.Role> rolesOf(Set<String> words) {
        Set<Principal.Role> granted = EnumSet.noneOf(Principal.Role.class);
        roles.forEach((role, wanted) -> {
            if (wanted.stream().anyMatch(words::contains)) {
                granted.add(role);
            }
        });
        return granted;
    }

    private static String digest(String value) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(value.getBytes(StandardCharsets.UTF_8));
            return Base64.getUrlEncoder().withoutPadding().encodeToString(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
