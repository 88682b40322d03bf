package io.aerofusion.client;

import io.aerofusion.space.Mutation;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A mutation with its place among all that this device ever made in the space.
 *
 * @param number unique per device and space for ever, from 1
 * @param base the cursor that the device had completely seen when the mutation was made; null for nothing
 * @param bytes size of its stored form, the estimate of what it takes in a frame
 */
record QueuedMutation(long number, @Nullable String base, Mutation mutation, int bytes) {
    /** Whether it can stand right behind the other in one push. */
    boolean follows(QueuedMutation other) {
        return number == other.number + 1 && Objects.equals(base, other.base);
    }

    DocumentKey document() {
        return new DocumentKey(mutation.collection(), mutation.id());
    }
}
