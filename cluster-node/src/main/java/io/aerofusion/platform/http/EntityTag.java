package io.aerofusion.platform.http;

import io.aerofusion.platform.ErrorCode;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A strong entity tag (RFC 9110, section 8.8.3) of a versioned entity.
 *
 * @param value without the quotes; letters, digits, {@code -} and {@code _}
 */
public record EntityTag(String value) {
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_-]+");

    public EntityTag {
        if (!PLAIN.matcher(value).matches()) {
            throw new IllegalArgumentException("not an entity tag: " + value);
        }
    }

    public static EntityTag of(long version) {
        return new EntityTag(Long.toString(version));
    }

    /** As in the ETag header. */
    public String header() {
        return '"' + value + '"';
    }

    /**
     * Holds If-Match against the entity as it is now. {@code *} matches every entity.
     *
     * @throws ProblemException {@code precondition-required} without the header, {@code precondition-failed} when it names other
     *     tags, {@code invalid-request} when it cannot be read
     */
    public void require(ApiRequest request) {
        if (!ifMatch(request)) {
            throw new ProblemException(
                    ErrorCode.PRECONDITION_REQUIRED, "Send If-Match with the ETag of what you read, or *.");
        }
    }

    /** As {@link #require}, but a missing If-Match is fine: answers whether there was one. */
    public boolean ifMatch(ApiRequest request) {
        Optional<String> header = request.header("If-Match");
        if (header.isEmpty()) {
            return false;
        }
        boolean matches = false;
        for (String tag : header.get().split(",")) {
            String wanted = tag.strip();
            if (!wanted.equals("*") && !(wanted.length() > 2 && wanted.startsWith("\"") && wanted.endsWith("\""))) {
                throw new ProblemException(
                        ErrorCode.INVALID_REQUEST, "If-Match needs strong entity tags in quotes, or *.");
            }
            matches |= wanted.equals("*") || wanted.equals(header());
        }
        if (!matches) {
            throw new ProblemException(ErrorCode.PRECONDITION_FAILED, "It has the ETag " + header() + " now.");
        }
        return true;
    }

    /**
     * The version that If-Match names, for entities that compare it themselves.
     *
     * @return empty without the header or with {@code *}
     * @throws ProblemException {@code precondition-failed} when it is not a version, {@code invalid-request} when it names several
     */
    public static Optional<Long> versionIn(ApiRequest request) {
        Optional<String> header = request.header("If-Match").map(String::strip).filter(tag -> !tag.equals("*"));
        if (header.isEmpty()) {
            return Optional.empty();
        }
        String tag = header.get();
        if (tag.length() < 3 || tag.charAt(0) != '"' || tag.indexOf('"', 1) != tag.length() - 1) {
            throw new ProblemException(ErrorCode.INVALID_REQUEST, "If-Match needs one strong entity tag in quotes.");
        }
        try {
            return Optional.of(Long.parseLong(tag.substring(1, tag.length() - 1)));
        } catch (NumberFormatException e) {
            throw new ProblemException(ErrorCode.PRECONDITION_FAILED, "If-Match names no version that ever was.");
        }
    }
}
