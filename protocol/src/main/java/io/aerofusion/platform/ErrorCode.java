package io.aerofusion.platform;

/**
 * Every error a caller can cause. The {@link #code() code} is a promise: it is never renamed or reused.
 */
public enum ErrorCode {
    // the request itself
    MALFORMED_JSON(
            "malformed-json", 400, false, "The body is not valid JSON (I-JSON, RFC 7493)", "Send valid UTF-8 JSON."),
    MALFORMED_FRAME("malformed-frame", 400, false, "The frame cannot be read", "See docs/protocol.md, then reconnect."),
    UNKNOWN_FRAME(
            "unknown-frame", 400, false, "The kind of frame is unknown", "Update the client, or leave the frame out."),
    INVALID_REQUEST(
            "invalid-request", 400, false, "A field is missing or has a wrong value", "Correct the named field."),
    INVALID_VALUE(
            "invalid-value", 422, false, "A value is outside of I-JSON", "Use finite doubles and integers up to 2^53."),
    NESTED_TOO_DEEP("nested-too-deep", 422, false, "The document is nested too deep", "Flatten the document."),
    FRAME_TOO_LARGE(
            "frame-too-large",
            413,
            false,
            "The frame is larger than the limit",
            "Split it; the limits are in the welcome."),
    BATCH_TOO_LARGE("batch-too-large", 413, false, "The push holds too many mutations", "Split the push."),
    DOCUMENT_TOO_LARGE(
            "document-too-large", 413, false, "The document is larger than the limit", "Split the document."),
    BODY_TOO_LARGE("body-too-large", 413, false, "The body is larger than the limit", "Send less in one request."),
    URI_TOO_LONG("uri-too-long", 414, false, "The address is longer than the limit", "Shorten the query."),
    HEADERS_TOO_LARGE(
            "headers-too-large", 431, false, "The headers are larger than the limit", "Send fewer or shorter headers."),
    REQUEST_TIMEOUT(
            "request-timeout", 408, true, "The request did not arrive in time", "Send the whole request at once."),
    QUOTA_EXCEEDED(
            "quota-exceeded",
            507,
            false,
            "There is no room for more",
            "Delete what is no longer needed; a space may get a higher quota."),
    NOT_FOUND("not-found", 404, false, "There is nothing at this address", "Check the address; /docs lists all."),
    METHOD_NOT_ALLOWED("method-not-allowed", 405, false, "The method does not apply here", "See the Allow header."),
    UNSUPPORTED_MEDIA_TYPE(
            "unsupported-media-type", 415, false, "The media type is not understood", "Send application/json."),
    PRECONDITION_FAILED(
            "precondition-failed",
            412,
            false,
            "Somebody changed it since you read it",
            "Read it again, then retry with the new ETag."),
    PRECONDITION_REQUIRED(
            "precondition-required", 428, false, "If-Match is needed", "Send the ETag that you read in If-Match."),
    IDEMPOTENCY_MISMATCH(
            "idempotency-mismatch", 422, false, "The Idempotency-Key was used for another request", "Use a new key."),
    ALREADY_EXISTS("already-exists", 409, false, "It exists already", "Choose another id, or change the existing one."),
    // the gateway's configuration
    CONFIGURATION_INVALID(
            "configuration-invalid",
            422,
            false,
            "The gateway's configuration would not be valid; nothing was changed",
            "Correct what the problems name, each with its resource and JSON pointer."),
    PORTAL_LIMIT_REACHED(
            "portal-limit-reached",
            409,
            false,
            "You have as many consumers or keys as you may",
            "Remove one that you no longer need, or ask an operator for more."),
    REVOCATIONS_FULL(
            "revocations-full",
            409,
            false,
            "There are as many revocations as are kept",
            "Lift some, or revoke by subject or issuer instead of token by token."),
    // who asks
    UNAUTHENTICATED(
            "unauthenticated",
            401,
            false,
            "The token is missing, unknown or revoked",
            "Send a valid token: Authorization: Bearer <token>."),
    AUTHENTICATION_UNAVAILABLE(
            "authentication-unavailable",
            503,
            true,
            "The token cannot be checked right now",
            "Try again as Retry-After says; the token may be right."),
    USER_UNKNOWN(
            "user-unknown",
            403,
            false,
            "The identity is genuine, but no user of this platform",
            "Ask an administrator to create the user that the detail names."),
    FORBIDDEN("forbidden", 403, false, "The identity may not do this", "Ask somebody with the right to manage it."),
    DEVICE_UNKNOWN(
            "device-unknown",
            403,
            false,
            "The device is somebody else's, or the credential is not this device's",
            "Use name and credential of a device of your own; a twin needs a credential."),
    DEVICE_REVOKED("device-revoked", 403, false, "The device was revoked", "Register the device again."),
    SESSION_REPLACED(
            "session-replaced",
            409,
            false,
            "A newer session of the device took over",
            "Keep one session per device; give each installation a device of its own."),
    ERASED("erased", 410, false, "The owner was erased; the data cannot be read any more", "Remove the local copy."),
    // sync
    SPACE_NOT_FOUND(
            "space-not-found",
            404,
            false,
            "The space does not exist, or you may not see it",
            "Create it, or ask its owner for access."),
    COLLECTION_UNKNOWN(
            "collection-unknown",
            422,
            false,
            "The space declares its collections and this is none of them",
            "Declare the collection first."),
    SCHEMA_VIOLATION(
            "schema-violation",
            422,
            false,
            "The document would break the collection's schema",
            "Correct the value at the named path."),
    SCHEMA_INVALID(
            "schema-invalid", 422, false, "The schema is not a valid JSON Schema with x-sync", "Correct the schema."),
    TYPE_MISMATCH(
            "type-mismatch",
            422,
            false,
            "The operation does not fit the type of the path",
            "Use the operation of the declared type."),
    BAD_CURSOR(
            "bad-cursor",
            400,
            false,
            "The cursor is malformed or belongs to another space",
            "Start again without a cursor."),
    CURSOR_EXPIRED(
            "cursor-expired",
            410,
            false,
            "The cursor is older than what the server keeps, or of an older epoch",
            "Start again without a cursor; queued changes are kept."),
    QUARANTINED(
            "quarantined",
            409,
            false,
            "The device was away too long to say whether the document still exists",
            "Look at the quarantine and decide."),
    SEQUENCE_CONFLICT(
            "sequence-conflict",
            409,
            false,
            "The mutation numbers do not fit",
            "Number mutations from 1 to 2^53, each above the one before."),
    // the server
    RATE_LIMITED("rate-limited", 429, true, "Too many requests", "Wait as Retry-After says."),
    UNAVAILABLE("unavailable", 503, true, "The service cannot answer right now", "Try again with backoff."),
    TIMEOUT("timeout", 504, true, "The answer took too long", "Try again; repeating is safe."),
    INTERNAL("internal", 500, true, "Something went wrong on our side", "Try again; then report the request id.");

    private final String code;
    private final int status;
    private final boolean retryable;
    private final String title;
    private final String next;

    ErrorCode(String code, int status, boolean retryable, String title, String next) {
        this.code = code;
        this.status = status;
        this.retryable = retryable;
        this.title = title;
        this.next = next;
    }

    /** The stable code, as in {@code problem+json} and in frames. */
    public String code() {
        return code;
    }

    /** The HTTP status it travels with. */
    public int status() {
        return status;
    }

    /** Whether the same request may succeed later, unchanged. */
    public boolean retryable() {
        return retryable;
    }

    /** One sentence: what is wrong. */
    public String title() {
        return title;
    }

    /** One sentence: what the caller should do next. */
    public String next() {
        return next;
    }

    /** The code of that name. @throws IllegalArgumentException when there is none */
    public static ErrorCode of(String code) {
        for (ErrorCode known : values()) {
            if (known.code.equals(code)) {
                return known;
            }
        }
        throw new IllegalArgumentException("unknown error code " + code);
    }
}
