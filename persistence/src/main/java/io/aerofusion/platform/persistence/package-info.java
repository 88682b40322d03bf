/** PostgreSQL, the data directory, data keys and read models: the only place with JDBC. */
@NullMarked
package io.aerofusion.platform.persistence;

import org.jspecify.annotations.NullMarked;
