package io.aerofusion.gateway.security;

import io.aerofusion.gateway.RequestEdit;
import io.aerofusion.gateway.Step;
import io.aerofusion.gateway.Verdict;
import io.aerofusion.route.PolicySpec;

/** Which addresses are let in: those that are allowed (all, if none is named) and not denied. */
final class AddressRules implements Step {
    private static final Verdict REFUSED =
            new Verdict.Refuse(403, "address-not-allowed", "Requests from this address are not let in.");

    private final Cidrs allow;
    private final Cidrs deny;

    /** @throws IllegalArgumentException when a network cannot be read */
    AddressRules(PolicySpec.IpRestriction restriction) {
        this.allow = Cidrs.of(restriction.allow());
        this.deny = Cidrs.of(restriction.deny());
    }

    @Override
    public Verdict check(RequestEdit request) {
        boolean in =
                (allow.isEmpty() || allow.contains(request.clientAddress())) && !deny.contains(request.clientAddress());
        return in ? Verdict.PASS : REFUSED;
    }
}
