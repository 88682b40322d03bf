/** Users: identity, roles, API tokens, erasure, and the audit log of who did what. */
@NullMarked
package io.aerofusion.user;

import org.jspecify.annotations.NullMarked;
