package io.aerofusion.gateway.security;

import io.aerofusion.gateway.RequestEdit;
import io.aerofusion.gateway.Step;
import io.aerofusion.gateway.Verdict;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/**
 * Finds out who asks. The methods are asked in their order and the first whose credential is right wins; a credential that is wrong for all
 * that know its kind is refused with 401, and a request without any passes only if {@code anonymous} is among the methods.
 *
 * <p>A method that has to ask somebody makes the request wait; the step stands on the way once more for every method that can
 * ({@link #steps}), and finds remembered then what it waited for. Headers that claims are passed on in are always taken from the client's
 * request first.
 */
final class Authenticate {
    private static final Map<String, String> SOON = Map.of("retry-after", "2");
    private static final Verdict UNAVAILABLE = new Verdict.Refuse(
            503, "authentication-unavailable", "The credentials cannot be checked at the moment; ask again.", SOON);

    private final List<AuthMethod> methods;
    private final boolean anonymous;
    private final List<Passed> claimToHeaders;

    /** A claim that upstreams see as a header, the name of the header in lower case. */
    record Passed(String claim, String header) {}

    Authenticate(List<AuthMethod> methods, boolean anonymous, List<Passed> claimToHeaders) {
        this.methods = List.copyOf(methods);
        this.anonymous = anonymous;
        this.claimToHeaders = List.copyOf(claimToHeaders);
    }

    /** This step as often as it may have to be asked. */
    List<Step> steps() {
        int waits = (int) methods.stream().filter(AuthMethod::canWait).count();
        List<Step> steps = new ArrayList<>();
        for (int i = 0; i <= waits; i++) {
            boolean last = i == waits;
            steps.add(request -> request.principal() == null ? check(request, last) : Verdict.PASS);
        }
        return steps;
    }

    private Verdict check(RequestEdit request, boolean last) {
        Refusal refusal = null;
        boolean unavailable = false;
        for (int i = 0; i < methods.size(); i++) {
            switch (methods.get(i).check(request)) {
                case Answer.Absent absent -> {}
                case Answer.Accepted accepted -> {
                    return accept(request, accepted.principal());
                }
                case Answer.Refused refused -> refusal = refused.refusal();
                case Answer.Unavailable nobody -> unavailable = true;
                case Answer.Wait wait -> {
                    return last
                            ? UNAVAILABLE
                            : new Verdict.Later(wait.stage().handle((ignored, failure) -> Verdict.PASS));
                }
            }
        }
        if (unavailable) {
            return UNAVAILABLE;
        }
        if (refusal == null && anonymous) {
            return accept(request, Principal.ANONYMOUS);
        }
        return refuse(refusal);
    }

    private Verdict accept(RequestEdit request, Principal principal) {
        for (int i = 0; i < claimToHeaders.size(); i++) {
            Passed passed = claimToHeaders.get(i);
            String value = text(VerifiedToken.claim(principal.claims(), passed.claim()));
            if (value == null) {
                request.removeHeader(passed.header());
            } else {
                request.setHeader(passed.header(), value);
            }
        }
        request.identify(principal.consumer(), principal);
        return Verdict.PASS;
    }

    /** A claim as a header's value; null when it is absent or cannot stand in one. */
    private static @Nullable String text(@Nullable Object claim) {
        String text;
        if (claim instanceof String || claim instanceof Number || claim instanceof Boolean) {
            text = claim.toString();
        } else if (claim instanceof Collection<?> several) {
            StringJoiner joined = new StringJoiner(",");
            several.forEach(one -> joined.add(String.valueOf(one)));
            text = joined.toString();
        } else {
            return null;
        }
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) < 0x20 || text.charAt(i) >= 0x7f) {
                return null;
            }
        }
        return text;
    }

    private Verdict refuse(@Nullable Refusal refusal) {
        StringJoiner challenges = new StringJoiner(", ");
        List<String> seen = new ArrayList<>();
        for (AuthMethod method : methods) {
            String challenge = method.challenge(refusal);
            if (challenge != null && !seen.contains(challenge)) {
                seen.add(challenge);
                challenges.add(challenge);
            }
        }
        Map<String, String> headers =
                challenges.length() == 0 ? Map.of() : Map.of("www-authenticate", challenges.toString());
        return refusal == null
                ? new Verdict.Refuse(401, "authentication-required", "The request needs credentials.", headers)
                : new Verdict.Refuse(401, "authentication-failed", refusal.sentence(), headers);
    }
}
