package io.aerofusion.gateway.routing;

import com.google.re2j.Pattern;
import io.aerofusion.route.GrpcRouteSpec;
import io.aerofusion.route.HeaderMatch;
import io.aerofusion.route.Problem;
import io.aerofusion.route.Resource;
import io.aerofusion.route.RouteSpec;
import io.aerofusion.route.RouteSpec.PathMatch;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Makes of the matches in documents those that requests are held against. */
final class Matches {
    private static final Condition GRPC = new Condition.Grpc();

    private final Problems problems;
    private final Expressions expressions = new Expressions();

    Matches(Problems problems) {
        this.problems = problems;
    }

    /** A match of an HTTPRoute; empty if something in it is wrong. */
    Optional<Candidate> of(Resource resource, CompiledRule rule, int number, RouteSpec.Match match) {
        String at = "/spec/rules/" + rule.number() + "/matches/" + number;
        List<Condition> conditions = new ArrayList<>();
        if (match.method() != null) {
            conditions.add(new Condition.Method(match.method()));
        }
        boolean right = headers(resource, at, match.headers(), conditions);
        for (int i = 0; i < match.queryParams().size(); i++) {
            HeaderMatch wanted = match.queryParams().get(i);
            switch (wanted.type()) {
                case EXACT -> conditions.add(new Condition.QueryIs(wanted.name(), wanted.value()));
                case REGULAR_EXPRESSION -> {
                    Optional<Pattern> pattern =
                            expression(resource, at + "/queryParams/" + i + "/value", wanted.value());
                    right &= pattern.isPresent();
                    pattern.ifPresent(found -> conditions.add(new Condition.QueryFits(wanted.name(), found)));
                }
            }
        }
        RuleVersion version = rule.version();
        if (version != null) {
            conditions.add(version.condition());
        }
        PathMatch path = match.path() == null ? new PathMatch(PathMatch.Type.PATH_PREFIX, "/") : match.path();
        String value = path.value();
        Pattern pattern = null;
        switch (path.type()) {
            case EXACT -> value = normal(resource, at, value);
            case PATH_PREFIX -> {
                value = normal(resource, at, value);
                value = value.endsWith("/") ? value.substring(0, value.length() - 1) : value;
            }
            case REGULAR_EXPRESSION -> {
                Optional<Pattern> found = expression(resource, at + "/path/value", value);
                right &= found.isPresent();
                pattern = found.orElse(null);
            }
        }
        return right
                ? Optional.of(candidate(
                        resource,
                        rule,
                        number,
                        path.type(),
                        value,
                        pattern,
                        conditions,
                        match.method() != null,
                        // a version counts like a header, which it mostly is
                        match.headers().size() + (version == null ? 0 : 1),
                        match.queryParams().size()))
                : Optional.empty();
    }

    /** A match of a GRPCRoute: a service and a method are a path of two segments. */
    Optional<Candidate> of(Resource resource, CompiledRule rule, int number, GrpcRouteSpec.Match match) {
        String at = "/spec/rules/" + rule.number() + "/matches/" + number;
        List<Condition> conditions = new ArrayList<>();
        conditions.add(GRPC);
        boolean right = headers(resource, at, match.headers(), conditions);
        PathMatch.Type type = PathMatch.Type.PATH_PREFIX;
        String value = "";
        Pattern pattern = null;
        GrpcRouteSpec.@Nullable MethodMatch wanted = match.method();
        if (wanted != null) {
            String service = wanted.service();
            String method = wanted.method();
            boolean exact = wanted.type() == HeaderMatch.Type.EXACT;
            if (exact && service != null) {
                type = method == null ? PathMatch.Type.PATH_PREFIX : PathMatch.Type.EXACT;
                value = "/" + service + (method == null ? "" : "/" + method);
            } else {
                type = PathMatch.Type.REGULAR_EXPRESSION;
                String quoted = exact && method != null ? Pattern.quote(method) : method;
                value = "/(?:" + (service == null ? "[^/]+" : service) + ")/(?:" + (quoted == null ? "[^/]+" : quoted)
                        + ")";
                Optional<Pattern> found = expression(resource, at + "/method", value);
                right &= found.isPresent();
                pattern = found.orElse(null);
            }
        }
        return right
                ? Optional.of(candidate(
                        resource,
                        rule,
                        number,
                        type,
                        value,
                        pattern,
                        conditions,
                        false,
                        match.headers().size(),
                        0))
                : Optional.empty();
    }

    private static Candidate candidate(
            Resource resource,
            CompiledRule rule,
            int number,
            PathMatch.Type type,
            String path,
            @Nullable Pattern pattern,
            List<Condition> conditions,
            boolean method,
            int headers,
            int queryParams) {
        return new Candidate(
                rule,
                number,
                type,
                path,
                pattern,
                List.copyOf(conditions),
                method,
                headers,
                queryParams,
                resource.createdAt());
    }

    private boolean headers(Resource resource, String at, List<HeaderMatch> headers, List<Condition> conditions) {
        boolean right = true;
        for (int i = 0; i < headers.size(); i++) {
            HeaderMatch wanted = headers.get(i);
            String name = wanted.name().toLowerCase(Locale.ROOT);
            switch (wanted.type()) {
                case EXACT -> conditions.add(new Condition.HeaderIs(name, wanted.value()));
                case REGULAR_EXPRESSION -> {
                    Optional<Pattern> pattern = expression(resource, at + "/headers/" + i + "/value", wanted.value());
                    right &= pattern.isPresent();
                    pattern.ifPresent(found -> conditions.add(new Condition.HeaderFits(name, found)));
                }
            }
        }
        return right;
    }

    /** The path in the form in which requests are held against it. */
    private String normal(Resource resource, String at, String value) {
        NormalPath normal = NormalPath.of(value);
        if (normal.refusal() != null) {
            problems.add(resource, at + "/path/value", Problem.INVALID, normal.refusal());
            return value;
        }
        return normal.path();
    }

    private Optional<Pattern> expression(Resource resource, String pointer, String text) {
        Optional<Pattern> pattern = expressions.of(text);
        if (pattern.isEmpty()) {
            problems.add(
                    resource,
                    pointer,
                    Problem.INVALID_REGEX,
                    "This is no regular expression of RE2, or too large a one: " + text);
        }
        return pattern;
    }
}
