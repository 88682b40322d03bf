/**
 * The Java SDK: an offline-first replica of spaces, the session that keeps it in sync, and a helper for administration.
 *
 * <p>{@link io.aerofusion.client.SyncClient} is the way in; {@link io.aerofusion.client.Replica} is the same logic without
 * threads, sockets or clocks, for simulations and for other transports.
 */
@NullMarked
package io.aerofusion.client;

import org.jspecify.annotations.NullMarked;
