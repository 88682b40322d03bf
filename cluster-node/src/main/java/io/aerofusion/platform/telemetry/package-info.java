/** Metrics, traces and logs; the only package beside *Metrics that knows Kamon. */
@NullMarked
package io.aerofusion.platform.telemetry;

import org.jspecify.annotations.NullMarked;
