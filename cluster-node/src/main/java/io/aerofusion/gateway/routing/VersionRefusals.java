package io.aerofusion.gateway.routing;

import io.aerofusion.route.RouteSpec.PathMatch;
import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;

/**
 * Makes the matches that refuse versions which a route does not serve: one at each path that has rules for a version, after all others
 * there, and one behind the prefix of versions in the path. So a caller with a wrong version is told so instead of "no route".
 */
final class VersionRefusals {
    private final Versions versions;
    private final BiFunction<CompiledRule, RuleVersion, CompiledRule> rule;

    /** @param rule the rule that refuses in place of another */
    VersionRefusals(Versions versions, BiFunction<CompiledRule, RuleVersion, CompiledRule> rule) {
        this.versions = versions;
        this.rule = rule;
    }

    private record Place(PathMatch.Type type, String path) {}

    /** Those for the matches of one route. */
    List<Candidate> of(Collection<Candidate> candidates) {
        Map<Place, Candidate> first = new LinkedHashMap<>();
        Map<Place, BitSet> served = new LinkedHashMap<>();
        for (Candidate candidate : candidates) {
            RuleVersion version = candidate.rule().version();
            if (version != null) {
                Place place = new Place(candidate.type(), candidate.path());
                first.putIfAbsent(place, candidate);
                served.computeIfAbsent(place, here -> new BitSet()).set(version.index());
            }
        }
        String prefix = versions.prefix();
        if (prefix != null && !first.isEmpty()) {
            // behind the prefix every version that there is has a place of its own, or is no route at all
            BitSet all = new BitSet();
            all.set(0, versions.count());
            Place place = new Place(PathMatch.Type.PATH_PREFIX, prefix.substring(0, prefix.length() - 1));
            if (!first.containsKey(place)) {
                served.put(place, all);
                first.put(place, first.values().iterator().next());
            }
        }
        List<Candidate> refusals = new ArrayList<>();
        first.forEach((place, like) -> {
            String route = like.rule().route();
            RuleVersion refusing = RuleVersion.refusing(versions, route, served.getOrDefault(place, new BitSet()));
            refusals.add(new Candidate(
                    rule.apply(like.rule(), refusing),
                    like.number(),
                    place.type(),
                    place.path(),
                    place.type() == PathMatch.Type.REGULAR_EXPRESSION ? like.pattern() : null,
                    List.of(refusing.condition()),
                    false,
                    0,
                    0,
                    Instant.MAX));
        });
        return refusals;
    }
}
