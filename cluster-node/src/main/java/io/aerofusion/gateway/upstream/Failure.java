package io.aerofusion.gateway.upstream;

/** Why a try brought no answer. */
public enum Failure {
    /** No connection could be made in time; the endpoint cannot have seen the request. */
    CONNECT(true, true),
    /** The endpoint says that it did not process the request (HTTP/2 REFUSED_STREAM, or GOAWAY below the stream). */
    REFUSED_STREAM(true, true),
    /** The connection broke or the stream was reset while the answer was awaited. */
    RESET(false, true),
    /** A connection kept from earlier requests turned out to be closed before any byte of the answer: says nothing of the endpoint. */
    STALE_CONNECTION(false, false),
    /** The time of one try ran out. */
    TRY_TIMEOUT(false, true),
    /** What came is not a valid answer. */
    INVALID_ANSWER(false, true),
    /** The gateway ended it for reasons of its own or of the client. */
    CANCELLED(false, false);

    private final boolean unseen;
    private final boolean blamed;

    Failure(boolean unseen, boolean blamed) {
        this.unseen = unseen;
        this.blamed = blamed;
    }

    /** Whether the endpoint cannot have acted on the request, so that any request may be sent again. */
    boolean unseen() {
        return unseen;
    }

    /** Whether it counts against the endpoint. */
    boolean blamed() {
        return blamed;
    }
}
