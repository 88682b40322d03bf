package io.aerofusion.gateway;

import org.jspecify.annotations.Nullable;

/**
 * What a policy step may change of a request and of the response that will come: only during {@link Step#check} or on the
 * event loop once its later verdict is in. Names are lower case; values must hold no CR, LF or NUL.
 */
public interface RequestEdit extends RequestView {
    /** Replaces (or adds) this header of the request that goes upstream. */
    void setHeader(String lowerCaseName, String value);

    /** Takes this header from the request that goes upstream. */
    void removeHeader(String lowerCaseName);

    /** Adds this header to the response, whoever answers it; replaces one that the upstream sends under the same name. */
    void setResponseHeader(String lowerCaseName, String value);

    /** Says who asks: the consumer's name, or null for somebody known only by claims; and what the authenticating step knows. */
    void identify(@Nullable String consumer, @Nullable Object principal);

    /** The consumer an earlier step found, or null. */
    @Nullable String consumer();

    /** What an earlier step left with {@link #identify}, or null. */
    @Nullable Object principal();

    /** Replaces the query of the target that goes upstream; an empty one takes it away. */
    void setQuery(String query);

    /** Lets this change the request's body, if there is one; its length is told to nobody then. One per request: the last. */
    void editBody(BodyEdit edit);

    /** Lets this see the response before what was added earlier. */
    void treat(Treatment treatment);

    /** Whether an earlier step added a treatment of this kind. */
    boolean treats(Class<? extends Treatment> kind);
}
