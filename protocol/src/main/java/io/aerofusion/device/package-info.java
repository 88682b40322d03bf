/** What is remembered of devices: their events, and the merge patch by which twins change. */
@NullMarked
package io.aerofusion.device;

import org.jspecify.annotations.NullMarked;
