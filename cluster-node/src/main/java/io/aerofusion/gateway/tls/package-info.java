/** TLS to clients, chosen by server name, and to upstreams, with verification; on the JDK's own provider. */
@NullMarked
package io.aerofusion.gateway.tls;

import org.jspecify.annotations.NullMarked;
