/** The node's own parts. */
@NullMarked
package io.aerofusion.platform;

import org.jspecify.annotations.NullMarked;
