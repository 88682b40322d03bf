/** What is remembered of users: their events. */
@NullMarked
package io.aerofusion.user;

import org.jspecify.annotations.NullMarked;
