package io.aerofusion.route;

import org.jspecify.annotations.Nullable;

/**
 * Which listeners a route is attached to. A route without any is attached to all of them.
 *
 * @param name the gateway's name; there is one gateway, so any name stands for it
 * @param sectionName the listener's name; without it, all of them
 * @param port the listener's port; without it, any
 */
public record ParentRef(
        @Nullable String name,
        @Nullable String sectionName,
        @Nullable Integer port) {}
