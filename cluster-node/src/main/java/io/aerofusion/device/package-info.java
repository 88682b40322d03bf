/** Devices: registration, credentials, leases, twins, and the way from a device's entity to its open session. */
@NullMarked
package io.aerofusion.device;

import org.jspecify.annotations.NullMarked;
