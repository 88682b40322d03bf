package io.aerofusion.route;

/**
 * Why a resource, or the whole of them, is refused.
 *
 * @param kind the resource's kind, as in its document; empty when the document has none
 * @param name the resource's name; empty when the document has none
 * @param pointer the field, as a JSON pointer (RFC 6901) into the resource's document
 * @param code what is wrong, as a stable word such as {@code unknown-field}
 * @param detail what is wrong and what to do, as a sentence
 */
public record Problem(String kind, String name, String pointer, String code, String detail) {
    // what one resource shows
    public static final String MALFORMED = "malformed";
    public static final String UNKNOWN_FIELD = "unknown-field";
    public static final String REQUIRED = "required";
    public static final String INVALID = "invalid";
    public static final String OUT_OF_RANGE = "out-of-range";
    public static final String TOO_MANY = "too-many";
    public static final String NOT_TOGETHER = "not-together";
    // what only the whole shows
    public static final String DUPLICATE = "duplicate";
    public static final String DUPLICATE_MATCH = "duplicate-match";
    public static final String DANGLING_REFERENCE = "dangling-reference";
    public static final String POLICY_CONFLICT = "policy-conflict";
    public static final String INVALID_REGEX = "invalid-regex";
    public static final String INVALID_CEL = "invalid-cel";
    public static final String INVALID_CERTIFICATE = "invalid-certificate";
    public static final String EXPIRED_CERTIFICATE = "expired-certificate";

    /** A problem of a resource. */
    public static Problem of(Resource resource, String pointer, String code, String detail) {
        return new Problem(resource.kind().label(), resource.name(), pointer, code, detail);
    }

    @Override
    public String toString() {
        return kind + "/" + name + pointer + ": " + code + ": " + detail;
    }
}
