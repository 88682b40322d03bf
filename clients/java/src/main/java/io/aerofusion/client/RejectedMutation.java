package io.aerofusion.client;

import com.fasterxml.jackson.databind.JsonNode;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.space.Mutation;
import org.jspecify.annotations.Nullable;

/**
 * A mutation that will not take effect, kept with the reason until the application dismisses it. The view no longer shows it.
 *
 * @param number the mutation's number in the space
 * @param path where in the document, or "" for the whole
 * @param serverValue what the server holds there; null when it holds nothing
 */
public record RejectedMutation(
        long number,
        Mutation mutation,
        ErrorCode code,
        String detail,
        String path,
        @Nullable JsonNode serverValue) {}
