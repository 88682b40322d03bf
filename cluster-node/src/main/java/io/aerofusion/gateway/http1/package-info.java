/** HTTP/1.1 at the level of bytes: parsing, framing and writing, to clients and to upstreams. */
@NullMarked
package io.aerofusion.gateway.http1;

import org.jspecify.annotations.NullMarked;
