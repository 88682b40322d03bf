/** Rate limits of the gateway: GCRA over a bounded table of keys on each node, and leases of tokens where a limit holds for the whole cluster. */
@NullMarked
package io.aerofusion.gateway.limit;

import org.jspecify.annotations.NullMarked;
