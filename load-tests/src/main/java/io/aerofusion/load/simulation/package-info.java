/** The deterministic simulation: real client and merge logic over a hostile network in virtual time. */
@NullMarked
package io.aerofusion.load.simulation;

import org.jspecify.annotations.NullMarked;
