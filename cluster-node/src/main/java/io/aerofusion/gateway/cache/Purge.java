package io.aerofusion.gateway.cache;

import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Which stored responses are to be forgotten: those that all given parts fit; without any part, all.
 *
 * @param route the name of the route that kept them
 * @param host of the request, without port; any case
 * @param path of the request as it was sent, without its query: with every query
 * @param pathPrefix whole segments at the beginning of the path: {@code /a} is before {@code /a/b} and not before {@code /ab}
 * @param tag a word of the response's {@code Surrogate-Key}, or of its {@code Cache-Tag}
 */
public record Purge(
        @Nullable String route,
        @Nullable String host,
        @Nullable String path,
        @Nullable String pathPrefix,
        @Nullable String tag) {
    public Purge {
        host = host == null ? null : host.toLowerCase(Locale.ROOT);
    }

    boolean concerns(ResponseCache.Key key, List<StoredResponse> variants) {
        return (route == null || route.equals(key.route()))
                && (host == null || host.equals(key.host()))
                && (path == null || path.equals(pathOf(key.target())))
                && (pathPrefix == null || isBelow(pathOf(key.target()), pathPrefix))
                && (tag == null || variants.stream().anyMatch(response -> isTagged(response, tag)));
    }

    private static String pathOf(String target) {
        int query = target.indexOf('?');
        return query < 0 ? target : target.substring(0, query);
    }

    private static boolean isBelow(String path, String prefix) {
        return path.startsWith(prefix)
                && (prefix.endsWith("/") || path.length() == prefix.length() || path.charAt(prefix.length()) == '/');
    }

    private static boolean isTagged(StoredResponse response, String tag) {
        return has(response, "surrogate-key", " ", tag) || has(response, "cache-tag", ",", tag);
    }

    private static boolean has(StoredResponse response, String field, String separator, String tag) {
        for (String line : response.fields().all(field)) {
            for (String word : line.split(separator)) {
                if (word.strip().equals(tag)) {
                    return true;
                }
            }
        }
        return false;
    }
}
