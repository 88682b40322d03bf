/** What every domain speaks: error codes and the problem document. */
@NullMarked
package io.aerofusion.platform;

import org.jspecify.annotations.NullMarked;
