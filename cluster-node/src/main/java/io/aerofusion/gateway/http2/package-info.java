/** HTTP/2 to clients and to upstreams, on Netty's frame codec: streams as sides of exchanges. */
@NullMarked
package io.aerofusion.gateway.http2;

import org.jspecify.annotations.NullMarked;
