/** Fuzzing of what strangers send. */
@NullMarked
package io.aerofusion.load.fuzz;

import org.jspecify.annotations.NullMarked;
