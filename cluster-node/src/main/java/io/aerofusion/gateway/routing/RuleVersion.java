package io.aerofusion.gateway.routing;

import io.aerofusion.gateway.RequestView;
import io.aerofusion.route.Versioning;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What a rule has to do with the versions of its route's API: it serves one of them and tells its age, or it refuses requests for those
 * that no other rule serves at the same path. Made at compile time; rules of routes without versions have none.
 */
public final class RuleVersion {
    /** The code of a refusal because the request names a version that is not there. */
    public static final String UNKNOWN_CODE = "api-version-unknown";
    /** The code of a refusal because the request names no version and there is no default. */
    public static final String REQUIRED_CODE = "api-version-required";

    private static final DateTimeFormatter HTTP_DATE =
            DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ENGLISH);

    private final Versions versions;
    private final int serves;
    private final Condition condition;
    private final @Nullable String deprecation;
    private final @Nullable String sunset;
    private final @Nullable String link;

    private RuleVersion(
            Versions versions, int serves, Condition condition, Versioning.@Nullable ApiVersion description) {
        this.versions = versions;
        this.serves = serves;
        this.condition = condition;
        this.deprecation = description == null || description.deprecated() == null
                ? null
                : "@" + description.deprecated().getEpochSecond();
        this.sunset = description == null || description.sunset() == null
                ? null
                : HTTP_DATE.format(description.sunset().atOffset(ZoneOffset.UTC));
        this.link = description == null ? null : links(description);
    }

    /**
     * One refusal.
     *
     * @param status 404, 406 or 400
     */
    public record Refused(int status, String code, String detail) {}

    /** That of a rule that serves a version. */
    static RuleVersion serving(Versions versions, Versioning versioning, String name) {
        int index = versions.find(name);
        return new RuleVersion(
                versions,
                index,
                new Serves(versions, index),
                versioning.versions().get(index));
    }

    /** That of the rule that refuses what others at its path do not serve. */
    static RuleVersion refusing(Versions versions, String route, BitSet served) {
        return new RuleVersion(versions, Versions.NONE, new Missing(versions, route, served), null);
    }

    private static @Nullable String links(Versioning.ApiVersion version) {
        List<String> links = new ArrayList<>();
        if (version.link() != null) {
            if (version.deprecated() != null || version.sunset() == null) {
                links.add("<" + version.link() + ">; rel=\"deprecation\"");
            }
            if (version.sunset() != null) {
                links.add("<" + version.link() + ">; rel=\"sunset\"");
            }
        }
        if (version.successor() != null) {
            links.add("<" + version.successor() + ">; rel=\"successor-version\"");
        }
        return links.isEmpty() ? null : String.join(", ", links);
    }

    /** Whether its rule answers by itself that the version is not there. */
    public boolean refuses() {
        return serves < 0;
    }

    /** The name of the version it serves; empty if it refuses. */
    public String name() {
        return serves < 0 ? "" : versions.name(serves);
    }

    int index() {
        return serves;
    }

    Condition condition() {
        return condition;
    }

    /** The refusal of a request. */
    public Refused refusal(RequestView request) {
        String known = "There are " + String.join(", ", names()) + ", " + versions.text() + ".";
        if (versions.of(request) == Versions.NONE) {
            return new Refused(400, REQUIRED_CODE, "The request names no version of the API. " + known);
        }
        return new Refused(
                versions.byMediaType(request) ? 406 : 404,
                UNKNOWN_CODE,
                "The version of the API that the request names is not here. " + known);
    }

    private List<String> names() {
        List<String> names = new ArrayList<>();
        for (int i = 0; i < versions.count(); i++) {
            names.add(versions.name(i));
        }
        return names;
    }

    /** The request headers that decide about the version, for {@code Vary}; empty if none does. */
    public String vary() {
        return versions.vary();
    }

    /** {@code Deprecation} of its answers (RFC 9745). */
    public @Nullable String deprecation() {
        return deprecation;
    }

    /** {@code Sunset} of its answers (RFC 8594). */
    public @Nullable String sunset() {
        return sunset;
    }

    /** {@code Link} of its answers: {@code deprecation}, {@code sunset}, {@code successor-version}. */
    public @Nullable String link() {
        return link;
    }

    /** The request gets this version. */
    private record Serves(Versions versions, int index) implements Condition.OfVersion {
        @Override
        public boolean holds(RequestView request) {
            return versions.of(request) == index;
        }

        @Override
        public String text() {
            return "version is " + versions.name(index) + " (" + versions.text() + ")";
        }
    }

    /** The request gets none of those that are served. */
    private record Missing(Versions versions, String route, BitSet served) implements Condition.OfVersion {
        @Override
        public boolean holds(RequestView request) {
            int version = versions.of(request);
            return version < 0 || !served.get(version);
        }

        @Override
        public String text() {
            return "a version that route " + route + " does not serve here (" + versions.text() + ")";
        }
    }
}
