package io.aerofusion.route;

import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What the versions of a route must be, by themselves. */
final class VersioningChecks {
    static final int VERSIONS_MAX = 32;

    private static final String AT = "/spec/versioning";
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");
    private static final Pattern TYPE = Pattern.compile("[a-z0-9!#$&^_.-]{1,127}/[a-z0-9!#$&^_.-]{1,127}");
    private static final Pattern LINK = Pattern.compile("(https?://|/)[!-;=?-~]*");

    private final Checks checks;

    VersioningChecks(Checks checks) {
        this.checks = checks;
    }

    void check(@Nullable Versioning versioning, List<RouteSpec.Rule> rules) {
        Set<String> known = new HashSet<>();
        if (versioning != null) {
            sources(versioning);
            checks.count(AT + "/versions", versioning.versions(), VERSIONS_MAX);
            for (int i = 0; i < versioning.versions().size(); i++) {
                version(AT + "/versions/" + i, versioning.versions().get(i), known);
            }
            checks.require(!known.isEmpty(), AT + "/versions", Problem.REQUIRED, "Name the versions that there are.");
            String usual = versioning.defaultVersion();
            checks.require(
                    usual == null || known.contains(usual.toLowerCase(Locale.ROOT)),
                    AT + "/default",
                    Problem.INVALID,
                    "It is none of the versions.");
        }
        for (int i = 0; i < rules.size(); i++) {
            String version = rules.get(i).version();
            checks.require(
                    version == null || known.contains(version.toLowerCase(Locale.ROOT)),
                    "/spec/rules/" + i + "/version",
                    Problem.INVALID,
                    "It is none of spec.versioning.versions.");
        }
    }

    private void sources(Versioning versioning) {
        checks.require(
                versioning.path() != null || versioning.header() != null || versioning.mediaType() != null,
                AT,
                Problem.REQUIRED,
                "Say where callers name the version: path, header, mediaType or several of them.");
        if (versioning.path() != null) {
            String prefix = versioning.path().prefix();
            checks.require(
                    prefix.startsWith("/")
                            && prefix.chars().allMatch(c -> c > 0x20 && c < 0x7f && c != '?' && c != '#'),
                    AT + "/path/prefix",
                    Problem.INVALID,
                    "A path begins with a slash, and has no ? or #.");
        }
        if (versioning.header() != null) {
            checks.token(AT + "/header/name", versioning.header().name());
        }
        if (versioning.mediaType() != null) {
            String type = versioning.mediaType().type();
            checks.require(
                    type == null || TYPE.matcher(type).matches(),
                    AT + "/mediaType/type",
                    Problem.INVALID,
                    "Write a media type in lower case without version and suffix, such as application/vnd.shop.");
            checks.token(AT + "/mediaType/parameter", versioning.mediaType().parameter());
        }
    }

    private void version(String at, Versioning.ApiVersion version, Set<String> known) {
        checks.require(
                NAME.matcher(version.name()).matches(),
                at + "/name",
                version.name().isEmpty() ? Problem.REQUIRED : Problem.INVALID,
                "Write letters, digits, dots and dashes, such as 2 or 2026-01-31.");
        checks.require(
                known.add(version.name().toLowerCase(Locale.ROOT)),
                at + "/name",
                Problem.DUPLICATE,
                "Another version has this name.");
        link(at + "/link", version.link());
        link(at + "/successor", version.successor());
    }

    private void link(String at, @Nullable String link) {
        checks.require(
                link == null
                        || (link.length() <= Checks.TEXT_LENGTH_MAX
                                && LINK.matcher(link).matches()),
                at,
                Problem.INVALID,
                "Write an address of HTTP, or a path that begins with a slash.");
    }
}
