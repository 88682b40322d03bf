package io.aerofusion.gateway;

import io.aerofusion.gateway.routing.CompiledRule;
import io.aerofusion.gateway.routing.RuleVersion;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Tells the version's age in the answers of a rule that serves one ({@code Deprecation}, {@code Sunset}, {@code Link}), and in {@code Vary}
 * by what it was found; or refuses versions that are not there. Rules without versions have no such step.
 */
final class VersionStep implements Step {
    private final RuleVersion version;
    private final Told told;

    private VersionStep(RuleVersion version) {
        this.version = version;
        this.told = new Told(version);
    }

    /** The steps of a rule, with that of its version. */
    static List<Step> with(CompiledRule rule, List<Step> steps) {
        RuleVersion version = rule.version();
        if (version == null) return steps;
        // there is nothing to guard where nothing is served
        if (version.refuses()) return List.of(new VersionStep(version));
        var all = new ArrayList<>(steps);
        // what stands last sees the response first: a cache keeps it by what it varies with
        all.add(new VersionStep(version));
        return all;
    }

    @Override
    public Verdict check(RequestEdit request) {
        if (!version.refuses()) {
            request.treat(told);
            return Verdict.PASS;
        }
        RuleVersion.Refused refused = version.refusal(request);
        String vary = version.vary();
        return new Verdict.Refuse(
                refused.status(), refused.code(), refused.detail(), vary.isEmpty() ? Map.of() : Map.of("vary", vary));
    }

    /** Without a state of its own, so that all requests of the rule share it. */
    private record Told(RuleVersion version) implements Treatment {
        @Override
        public Head head(RequestView request, int status, Headers response, long length, boolean bodiless) {
            if (!version.vary().isEmpty()) response.add("vary", version.vary());
            String deprecation = version.deprecation();
            if (deprecation != null) response.set("deprecation", deprecation);
            String sunset = version.sunset();
            if (sunset != null) response.set("sunset", sunset);
            String link = version.link();
            if (link != null) response.add("link", link);
            return Head.PASS;
        }
    }
}
