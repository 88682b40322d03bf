/** The access log: a line per request that is told, written off the event loops. */
@NullMarked
package io.aerofusion.gateway.access;

import org.jspecify.annotations.NullMarked;
