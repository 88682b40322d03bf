/** The demo, benchmarks and fault drills: simulated fleets that reach a node only through the SDK and the public API. */
@NullMarked
package io.aerofusion.load;

import org.jspecify.annotations.NullMarked;
