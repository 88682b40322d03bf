/** The gateway's shared cache of responses (RFC 9111): the rules as pure functions of messages and time, and a bounded store. */
@NullMarked
package io.aerofusion.gateway.cache;

import org.jspecify.annotations.NullMarked;
