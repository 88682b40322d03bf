package io.aerofusion.gateway.security;

import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Where a verifier's keys come from. */
interface KeySource {
    /** The keys that count now, at once; null when there are none (yet, or any more). May start a refresh in the background. */
    @Nullable KeySet current();

    /** Whether {@link #refresh} would ask the issuer now. */
    boolean mayRefresh();

    /** The keys after asking the issuer once, together with everyone who waits for that; null in the stage when there are none. */
    CompletionStage<@Nullable KeySet> refresh();

    /** Calls back after keys were retired. */
    void onRetired(Runnable listener);

    /** Keys that are written into the configuration. */
    record Fixed(KeySet keys) implements KeySource {
        @Override
        public KeySet current() {
            return keys;
        }

        @Override
        public boolean mayRefresh() {
            return false;
        }

        @Override
        public CompletionStage<@Nullable KeySet> refresh() {
            return java.util.concurrent.CompletableFuture.completedStage(keys);
        }

        @Override
        public void onRetired(Runnable listener) {}
    }
}
