/** What became of the requests of each route, upstream and consumer: counted without locks on the event loops, read as snapshots by anybody. */
@NullMarked
package io.aerofusion.gateway.usage;

import org.jspecify.annotations.NullMarked;
