/** The control plane of the gateway: resources, their publication as generations, and the API to manage them. */
@NullMarked
package io.aerofusion.route;

import org.jspecify.annotations.NullMarked;
