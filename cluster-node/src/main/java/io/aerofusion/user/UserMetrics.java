package io.aerofusion.user;

import kamon.Kamon;
import kamon.metric.Counter;
import kamon.tag.TagSet;

/** What is counted about users. */
final class UserMetrics {
    private static final Counter CREATED = counter("created");
    private static final Counter TOKEN_ISSUED = counter("token-issued");
    private static final Counter TOKEN_REVOKED = counter("token-revoked");
    private static final Counter UNAUTHENTICATED = counter("unauthenticated");
    private static final Counter ERASED = counter("erased");
    private static final Counter ERASURE_STALLED = counter("erasure-stalled");

    private UserMetrics() {}

    private static Counter counter(String what) {
        return Kamon.counter("aerofusion.user.events", "What happened to users, by kind")
                .withTags(TagSet.of("kind", what));
    }

    static void created() {
        CREATED.increment();
    }

    static void tokenIssued() {
        TOKEN_ISSUED.increment();
    }

    static void tokenRevoked() {
        TOKEN_REVOKED.increment();
    }

    static void unauthenticated() {
        UNAUTHENTICATED.increment();
    }

    static void erased() {
        ERASED.increment();
    }

    /** A step of an erasure failed and will be tried again. */
    static void erasureStalled() {
        ERASURE_STALLED.increment();
    }
}
