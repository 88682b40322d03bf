package io.aerofusion.platform.security;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Who asks.
 *
 * @param tenant the tenant, {@code default} when there is only one
 * @param user the user, or the owner of the device
 * @param roles of the user; a device has none of its own
 * @param device the device when it came with a device credential
 */
public record Principal(
        String tenant,
        String user,
        Set<Role> roles,
        @Nullable String device) {
    /** What a user may do beyond the user's own things. */
    public enum Role {
        ADMIN,
        OPERATOR,
        USER
    }

    public Principal {
        roles = Set.copyOf(roles);
    }

    public boolean is(Role role) {
        return roles.contains(role);
    }

    /** May look after what belongs to others: an operator or an administrator. */
    public boolean operates() {
        return is(Role.OPERATOR) || is(Role.ADMIN);
    }

    /** The name under which events and the audit log remember who did it: {@code user:alice} or {@code device:phone-1}. */
    public String actor() {
        return device == null ? "user:" + user : "device:" + device;
    }
}
