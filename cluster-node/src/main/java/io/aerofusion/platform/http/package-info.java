/** The HTTP conventions of the API: endpoints, problems, ETags, cursors, OpenAPI. */
@NullMarked
package io.aerofusion.platform.http;

import org.jspecify.annotations.NullMarked;
