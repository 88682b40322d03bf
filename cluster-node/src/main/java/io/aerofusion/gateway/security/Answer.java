package io.aerofusion.gateway.security;

import java.util.concurrent.CompletionStage;

/** What an {@link AuthMethod} says of a request. */
sealed interface Answer {
    /** There is no credential of this kind. */
    Answer ABSENT = new Absent();
    /** The credential cannot be judged now. */
    Answer UNAVAILABLE = new Unavailable();

    /** Use {@link #ABSENT}. */
    record Absent() implements Answer {}

    /** The credential is right. */
    record Accepted(Principal principal) implements Answer {}

    /** There is a credential, and it is not right. */
    record Refused(Refusal refusal) implements Answer {}

    /** Use {@link #UNAVAILABLE}. */
    record Unavailable() implements Answer {}

    /** Ask again when the stage has completed, however: what was missing is remembered then. */
    record Wait(CompletionStage<?> stage) implements Answer {}
}
