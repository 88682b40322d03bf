package io.aerofusion.space;

import com.fasterxml.jackson.databind.JsonNode;
import io.aerofusion.platform.ErrorCode;
import org.jspecify.annotations.Nullable;

/**
 * A mutation that the server did not accept. It counts as seen (its number is used up), so it never blocks what follows.
 *
 * @param path where in the document, or "" for the whole
 * @param serverValue what the server holds at that path, for the device to go back to; null when it holds nothing
 */
public record Rejection(
        long seq,
        ErrorCode code,
        String detail,
        String path,
        @Nullable JsonNode serverValue) {}
