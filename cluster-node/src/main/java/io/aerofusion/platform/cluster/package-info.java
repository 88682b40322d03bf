/** The cluster of nodes: what entities share to be sharded and to find sessions. */
@NullMarked
package io.aerofusion.platform.cluster;

import org.jspecify.annotations.NullMarked;
