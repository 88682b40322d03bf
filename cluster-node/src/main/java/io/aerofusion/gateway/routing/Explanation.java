package io.aerofusion.gateway.routing;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import io.aerofusion.route.PolicySpec;
import io.aerofusion.route.ResourceCodec;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What the gateway would do with a request as far as routing decides it, and why; and which matches were not taken. Policies are named; what
 * they say of the request is another question.
 *
 * @param generation the generation's number
 * @param listener the listener that takes the request; null if none does
 * @param path the normal path, which matching and authorization see
 * @param ambiguities what about the path different servers read differently
 * @param status what the gateway itself would answer; null if an upstream answers
 * @param outcome what would happen, as a sentence
 * @param chosen the match that takes the request
 * @param others matches for the host that do not, those first that come closest, at most {@link #OTHERS_MAX}
 * @param othersLeftOut how many more there are
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Explanation(
        long generation,
        @Nullable String listener,
        String host,
        String path,
        List<String> ambiguities,
        @Nullable Integer status,
        String outcome,
        @Nullable Chosen chosen,
        List<Other> others,
        int othersLeftOut) {
    /** More matches that were not taken are counted only. */
    public static final int OTHERS_MAX = 50;

    /**
     * The match that takes the request.
     *
     * @param version of the API, that the rule serves; null if it is none
     * @param hostname the pattern by which the host was found; empty for every host
     * @param because what the request was held against
     * @param location where a redirect leads
     * @param upstreamTarget the path and query that the upstream sees; null if it sees none
     * @param policy what of all policies applies
     * @param policyOrigins for each field of it, the policy that says it
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Chosen(
            String kind,
            String route,
            int rule,
            @Nullable String ruleName,
            int match,
            @Nullable String version,
            String hostname,
            List<String> because,
            @Nullable String location,
            @Nullable String upstreamTarget,
            List<Share> backends,
            List<String> mirrors,
            JsonNode policy,
            Map<String, String> policyOrigins) {}

    /** An upstream and the percentage of the requests it gets. */
    public record Share(String upstream, double percent) {}

    /** A match that does not take the request. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Other(
            String kind,
            String route,
            int rule,
            @Nullable String ruleName,
            int match,
            String hostname,
            String reason) {}

    /** A match that was not taken, and how close it came: 2 if it fits, 1 if its path does. */
    private record Ranked(Other other, int closeness) {}

    /**
     * Explains what would become of a request.
     *
     * @param door a listener on the port that the request would come to
     */
    public static Explanation of(Compiled compiled, int door, Question question) {
        NormalPath normal = question.normal();
        String host = question.host();
        int listener = compiled.listener(door, host);
        List<Compiled.HostRoutes> asked = listener < 0 ? List.of() : compiled.asked(listener, host);
        Candidate found = normal.refusal() == null ? compiled.match(door, question) : null;
        List<Ranked> ranked = new ArrayList<>();
        String foundAt = "";
        for (Compiled.HostRoutes routes : asked) {
            for (Candidate candidate : routes.all()) {
                if (Objects.equals(candidate, found)) {
                    foundAt = routes.hostname();
                } else {
                    ranked.add(ranked(candidate, routes.hostname(), question));
                }
            }
        }
        ranked.sort(Comparator.comparingInt(Ranked::closeness).reversed());
        List<Other> others =
                ranked.stream().limit(OTHERS_MAX).map(Ranked::other).toList();
        Decision decision = decide(listener, normal, found, question);
        return new Explanation(
                compiled.generation().number(),
                listener < 0 ? null : compiled.doors().get(listener).name(),
                host,
                normal.path(),
                normal.ambiguitySet().stream().map(Enum::name).toList(),
                decision.status(),
                decision.outcome(),
                found == null ? null : chosen(compiled, listener, found, foundAt, normal, question),
                others,
                ranked.size() - others.size());
    }

    private record Decision(@Nullable Integer status, String outcome) {}

    private static Decision decide(int listener, NormalPath normal, @Nullable Candidate found, Question question) {
        if (normal.refusal() != null) {
            return new Decision(400, "The path is refused: " + normal.refusal());
        }
        if (listener < 0) {
            return new Decision(404, "No listener on this port serves the host.");
        }
        if (found == null) {
            return normal.ambiguities() == 0
                    ? new Decision(404, "No match takes the request.")
                    : new Decision(400, "No match takes the request, and its path is ambiguous.");
        }
        if (!found.allows(normal.ambiguities())) {
            return new Decision(400, "The path is ambiguous, and the rule does not allow that (allowAmbiguousPaths).");
        }
        Filters filters = found.rule().filters();
        if (question.preflight(filters.cors()) != null) {
            return new Decision(204, "The gateway answers the CORS preflight itself.");
        }
        if (filters.redirect() != null) {
            return new Decision(filters.redirect().status(), "The rule redirects.");
        }
        RuleVersion version = found.rule().version();
        if (version != null && version.refuses()) {
            RuleVersion.Refused refused = version.refusal(question);
            return new Decision(refused.status(), refused.code() + ": " + refused.detail());
        }
        if (found.rule().backends().total() == 0) {
            return new Decision(500, "The rule has no backend with a weight.");
        }
        return new Decision(null, "The request is forwarded.");
    }

    private static Chosen chosen(
            Compiled compiled, int listener, Candidate found, String hostname, NormalPath normal, Question question) {
        CompiledRule rule = found.rule();
        List<String> because = new ArrayList<>();
        because.add(found.pathText());
        found.conditions().forEach(condition -> because.add(condition.text()));
        Redirect redirect = rule.filters().redirect();
        Rewrite rewrite = rule.filters().rewrite();
        boolean forwards = redirect == null && rule.backends().total() > 0;
        String target = rewrite == null
                ? question.rawTarget()
                : rewrite.target(question.rawTarget(), normal.path(), found.prefixLength());
        List<Share> shares = rule.backends().all().stream()
                .map(backend -> new Share(
                        backend.upstream(),
                        rule.backends().total() == 0
                                ? 0
                                : 100.0 * backend.weight() / rule.backends().total()))
                .toList();
        return new Chosen(
                rule.kind().label(),
                rule.route(),
                rule.number(),
                rule.name(),
                found.number(),
                rule.version() == null || rule.version().refuses()
                        ? null
                        : rule.version().name(),
                hostname,
                because,
                redirect == null
                        ? null
                        : redirect.location(
                                compiled.doors().get(listener),
                                question.host(),
                                question.rawTarget(),
                                normal.path(),
                                found.prefixLength()),
                forwards ? target : null,
                shares,
                rule.filters().mirrors().stream().map(Mirror::upstream).toList(),
                policy(rule.policy().spec()),
                rule.policy().origins());
    }

    /** Without the secrets of introspection, which no explanation needs. */
    private static JsonNode policy(PolicySpec spec) {
        var json = ResourceCodec.json(spec);
        json.path("authentication").path("anyOf").forEach(method -> {
            if (method.path("introspection") instanceof com.fasterxml.jackson.databind.node.ObjectNode introspection) {
                introspection.remove("clientSecret");
            }
        });
        return json;
    }

    private static Ranked ranked(Candidate candidate, String hostname, Question question) {
        String path = question.path();
        int closeness = 0;
        String reason;
        if (path.isEmpty() || !fits(candidate, path)) {
            reason = "needs: " + candidate.pathText();
        } else {
            closeness = 1;
            List<String> missing = candidate.conditions().stream()
                    .filter(condition -> !condition.holds(question))
                    .map(Condition::text)
                    .toList();
            if (missing.isEmpty()) {
                closeness = 2;
                reason = "fits too, but comes after the chosen one";
            } else {
                reason = "needs: " + String.join(", ", missing);
            }
        }
        CompiledRule rule = candidate.rule();
        return new Ranked(
                new Other(
                        rule.kind().label(),
                        rule.route(),
                        rule.number(),
                        rule.name(),
                        candidate.number(),
                        hostname,
                        reason),
                closeness);
    }

    private static boolean fits(Candidate candidate, String path) {
        String wanted = candidate.path();
        return switch (candidate.type()) {
            case EXACT -> path.equals(wanted);
            case PATH_PREFIX ->
                path.startsWith(wanted) && (path.length() == wanted.length() || path.charAt(wanted.length()) == '/');
            case REGULAR_EXPRESSION ->
                candidate.pattern() != null && candidate.pattern().matches(path);
        };
    }
}
