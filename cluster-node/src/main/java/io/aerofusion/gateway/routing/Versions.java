package io.aerofusion.gateway.routing;

import io.aerofusion.gateway.RequestView;
import io.aerofusion.route.Versioning;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Reads which version of a route's API a request asks for. The path comes first, then the header, then the media type; the first that
 * names one decides. Only routes with versions ask it, once for each match that fits otherwise.
 */
final class Versions {
    /** What {@link #asked} says of a request that names none. */
    static final int NONE = -1;
    /** What {@link #asked} says of a request that names one that is not there. */
    static final int UNKNOWN = -2;

    private final String[] names;
    private final int usual;
    private final @Nullable String prefix;
    private final @Nullable String header;
    private final @Nullable VersionedMediaType mediaType;

    Versions(Versioning versioning) {
        names = versioning.versions().stream().map(Versioning.ApiVersion::name).toArray(String[]::new);
        usual = versioning.defaultVersion() == null ? NONE : find(versioning.defaultVersion());
        prefix = versioning.path() == null ? null : prefix(versioning.path().prefix());
        header = versioning.header() == null ? null : versioning.header().name().toLowerCase(Locale.ROOT);
        mediaType = versioning.mediaType() == null ? null : new VersionedMediaType(versioning.mediaType(), this::find);
    }

    private static String prefix(String given) {
        return given.endsWith("/") ? given : given + "/";
    }

    int count() {
        return names.length;
    }

    String name(int version) {
        return names[version];
    }

    /** The place of a version among all, also when a {@code v} stands before it; {@link #UNKNOWN} if it is not there. */
    int find(String name) {
        for (int i = 0; i < names.length; i++) {
            if (names[i].equalsIgnoreCase(name)) {
                return i;
            }
        }
        return name.length() > 1 && (name.charAt(0) == 'v' || name.charAt(0) == 'V')
                ? find(name.substring(1))
                : UNKNOWN;
    }

    /** The version that a request gets: the one it names, or the usual one; {@link #NONE} or {@link #UNKNOWN}. */
    int of(RequestView request) {
        int asked = asked(request);
        return asked == NONE ? usual : asked;
    }

    /** The version that a request names. */
    int asked(RequestView request) {
        int asked = inPath(request.path());
        if (asked == NONE && header != null) {
            String value = request.header(header);
            asked = value == null || value.isBlank() ? NONE : find(value.strip());
        }
        if (asked == NONE && mediaType != null) {
            asked = mediaType.asked(request, usual != NONE);
        }
        return asked;
    }

    /** What the path says: a segment that is no version and does not look like one names none. */
    int inPath(String path) {
        if (prefix == null || !path.startsWith(prefix)) {
            return NONE;
        }
        int end = path.indexOf('/', prefix.length());
        String segment = path.substring(prefix.length(), end < 0 ? path.length() : end);
        int found = segment.isEmpty() ? NONE : find(segment);
        return found == UNKNOWN && !looksLikeVersion(segment) ? NONE : found;
    }

    private static boolean looksLikeVersion(String segment) {
        if (segment.length() < 2 || segment.charAt(0) != 'v') {
            return false;
        }
        for (int i = 1; i < segment.length(); i++) {
            char c = segment.charAt(i);
            if (c != '.' && (c < '0' || c > '9')) {
                return false;
            }
        }
        return true;
    }

    /** Whether it is the media type that would have to be another one: that is 406 and not 404. */
    boolean byMediaType(RequestView request) {
        return mediaType != null
                && inPath(request.path()) == NONE
                && (header == null || request.header(header) == null)
                && mediaType.asked(request, usual != NONE) == UNKNOWN;
    }

    @Nullable String prefix() {
        return prefix;
    }

    /** The request headers that decide, for {@code Vary}; empty if it is the path alone. */
    String vary() {
        String accept = mediaType == null ? "" : "accept";
        return header == null ? accept : mediaType == null ? header : header + ", accept";
    }

    /** Where callers name the version, in words. */
    String text() {
        List<String> places = new ArrayList<>();
        if (prefix != null) {
            places.add("the path behind " + prefix);
        }
        if (header != null) {
            places.add("the header " + header);
        }
        if (mediaType != null) {
            places.add(mediaType.text());
        }
        return "by " + String.join(", ", places) + (usual == NONE ? "" : "; without a word " + names[usual]);
    }
}
