package io.aerofusion.gateway;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where a request goes and what is asked before.
 *
 * @param name for logs and policies
 * @param steps in their order
 * @param peer the endpoint, or null if there is none
 */
record Route(String name, List<Step> steps, @Nullable Peer peer) {}
