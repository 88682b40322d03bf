/** Sync: the sharded spaces of documents, the sessions of devices and the HTTP API to both. */
@NullMarked
package io.aerofusion.space;

import org.jspecify.annotations.NullMarked;
