/** What the gateway changes in messages: queries, JSON bodies within a bound, and content codings. */
@NullMarked
package io.aerofusion.gateway.transform;

import org.jspecify.annotations.NullMarked;
