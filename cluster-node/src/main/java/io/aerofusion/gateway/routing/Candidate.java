package io.aerofusion.gateway.routing;

import com.google.re2j.Pattern;
import io.aerofusion.gateway.RequestView;
import io.aerofusion.route.RouteSpec.PathMatch;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One match of one rule. The order among those with the same path is that of the Gateway API: a method before none, more headers, more
 * query parameters, the older route, the route's name, the place in the route.
 *
 * @param path the normal path, for a prefix without a slash at its end; the expression's text
 * @param pattern the expression, where the type is one
 * @param number the place of the match in its rule
 */
public record Candidate(
        CompiledRule rule,
        int number,
        PathMatch.Type type,
        String path,
        @Nullable Pattern pattern,
        List<Condition> conditions,
        boolean method,
        int headers,
        int queryParams,
        Instant createdAt) {
    static final Comparator<Candidate> PRECEDENCE = Comparator.comparing(Candidate::method)
            .reversed()
            .thenComparing(Comparator.comparingInt(Candidate::headers).reversed())
            .thenComparing(Comparator.comparingInt(Candidate::queryParams).reversed())
            .thenComparing(Candidate::createdAt)
            .thenComparing(candidate -> candidate.rule().route())
            .thenComparingInt(candidate -> candidate.rule().number())
            .thenComparingInt(Candidate::number);

    /** How many characters of the normal path the prefix took, where {@code ReplacePrefixMatch} cuts. */
    public int prefixLength() {
        return type == PathMatch.Type.PATH_PREFIX ? path.length() : 0;
    }

    /** Whether the rule takes requests with these ambiguities of their path ({@link NormalPath#ambiguities}). */
    public boolean allows(int ambiguities) {
        return (ambiguities & ~rule.allowed()) == 0;
    }

    boolean holds(RequestView request) {
        for (int i = 0; i < conditions.size(); i++) {
            if (!conditions.get(i).holds(request)) {
                return false;
            }
        }
        return true;
    }

    /** The path's part of the match in words. */
    String pathText() {
        return switch (type) {
            case EXACT -> "path is " + path;
            case PATH_PREFIX -> "path begins with " + (path.isEmpty() ? "/" : path);
            case REGULAR_EXPRESSION -> "path fits " + path;
        };
    }
}
