/** Who asks: identities, tokens, and the sealing of what entities persist. */
@NullMarked
package io.aerofusion.platform.security;

import org.jspecify.annotations.NullMarked;
