/** Who asks, and may they: tokens, keys, passwords and certificates of a gateway's clients, and the rules over them. Akka-free. */
@NullMarked
package io.aerofusion.gateway.security;

import org.jspecify.annotations.NullMarked;
