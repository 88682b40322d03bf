package io.aerofusion.space;

import com.fasterxml.jackson.databind.JsonNode;
import org.jspecify.annotations.Nullable;

/**
 * Two operations on one path (or an update against a delete) by different devices, neither of which knew the other, with
 * different outcomes.
 *
 * @param path the path, or "" when a delete met an update
 * @param policy the rule that decided
 * @param winner stamp of the operation whose value is live
 * @param winning the live value; null for an unset or a delete
 * @param loser stamp of the operation that lost
 * @param losing the value that lost; null for an unset or a delete
 * @param queued true when the policy is {@code manual} and somebody must look at it
 */
public record Conflict(
        String collection,
        String id,
        String path,
        ConflictPolicy policy,
        Stamp winner,
        @Nullable JsonNode winning,
        Stamp loser,
        @Nullable JsonNode losing,
        boolean queued) {}
