package io.aerofusion.route;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An HTTPRoute of the Gateway API: which requests, what is done to them, where they go.
 *
 * @param versioning how callers name the version of the API that they want; null if there is only one
 */
public record RouteSpec(
        List<ParentRef> parentRefs,
        List<String> hostnames,
        List<Rule> rules,
        @Nullable Versioning versioning) implements Spec {
    public RouteSpec {
        parentRefs = Defaults.list(parentRefs);
        hostnames = Defaults.list(hostnames);
        rules = Defaults.list(rules);
    }

    /** A route to an API without versions. */
    public RouteSpec(List<ParentRef> parentRefs, List<String> hostnames, List<Rule> rules) {
        this(parentRefs, hostnames, rules, null);
    }

    /**
     * A rule: a request that meets any of {@code matches} (without any: every request) goes through {@code filters} to one of {@code
     * backendRefs}.
     *
     * @param allowAmbiguousPaths forms of paths that are refused unless they stand here
     * @param version the one that it serves, of {@link RouteSpec#versioning}; null: whatever version is asked for
     */
    public record Rule(
            @Nullable String name,
            List<Match> matches,
            List<Filter> filters,
            List<BackendRef> backendRefs,
            @Nullable Timeouts timeouts,
            @Nullable Retry retry,
            List<Ambiguity> allowAmbiguousPaths,
            @Nullable String version) {
        public Rule {
            matches = Defaults.list(matches);
            filters = Defaults.list(filters);
            backendRefs = Defaults.list(backendRefs);
            allowAmbiguousPaths = Defaults.list(allowAmbiguousPaths);
        }

        public Rule(List<Match> matches, List<Filter> filters, List<BackendRef> backendRefs) {
            this(null, matches, filters, backendRefs, null, null, List.of(), null);
        }
    }

    /** What a request must be: all that is stated. */
    public record Match(
            @Nullable PathMatch path,
            List<HeaderMatch> headers,
            List<HeaderMatch> queryParams,
            @Nullable String method) {
        public Match {
            headers = Defaults.list(headers);
            queryParams = Defaults.list(queryParams);
        }

        public Match(PathMatch path) {
            this(path, List.of(), List.of(), null);
        }
    }

    /** What the path must be. A prefix counts by segments: {@code /abc} is a prefix of {@code /abc/d}, not of {@code /abcd}. */
    public record PathMatch(Type type, String value) {
        public PathMatch {
            type = Defaults.or(type, Type.PATH_PREFIX);
            value = Defaults.or(value, "/");
        }

        /** How the path is compared. A regular expression (RE2) has to match the whole path. */
        public enum Type {
            @JsonProperty("Exact")
            EXACT,
            @JsonProperty("PathPrefix")
            PATH_PREFIX,
            @JsonProperty("RegularExpression")
            REGULAR_EXPRESSION
        }
    }

    /** How long the whole request, and each try of it, may take. Zero is without limit. */
    public record Timeouts(
            @Nullable Duration request, @Nullable Duration backendRequest) {}

    /** Which answers are tried again, how often at most, and after what pause. */
    public record Retry(
            List<Integer> codes,
            @Nullable Integer attempts,
            @Nullable Duration backoff) {
        public Retry {
            codes = Defaults.list(codes);
        }
    }

    /** A form of a path that different servers read differently, hence a way around rules that go by the path. */
    public enum Ambiguity {
        /** {@code %2F}: one segment for some, two for others. Kept as it is in the path that rules see. */
        @JsonProperty("EncodedSlash")
        ENCODED_SLASH,
        /** {@code \} or {@code %5C}, which some servers take for a slash. */
        @JsonProperty("Backslash")
        BACKSLASH,
        /** {@code .} and {@code ..} as segments, also encoded. Rules see the path without them. */
        @JsonProperty("DotSegments")
        DOT_SEGMENTS,
        /** {@code //}: empty segments, which some servers drop. Rules see them. */
        @JsonProperty("EmptySegments")
        EMPTY_SEGMENTS,
        /** {@code ;} and what follows in a segment, which some servers drop. Rules see it. */
        @JsonProperty("PathParameters")
        PATH_PARAMETERS
    }
}
