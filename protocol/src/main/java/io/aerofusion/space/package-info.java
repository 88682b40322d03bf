/** Offline sync: documents, the merge core and the frames of the sync protocol. */
@NullMarked
package io.aerofusion.space;

import org.jspecify.annotations.NullMarked;
