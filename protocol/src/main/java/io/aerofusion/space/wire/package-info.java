/** The frames of the sync protocol {@code aerofusion.sync.v1} and their codec; {@code docs/protocol.md} is the reference. */
@NullMarked
package io.aerofusion.space.wire;

import org.jspecify.annotations.NullMarked;
