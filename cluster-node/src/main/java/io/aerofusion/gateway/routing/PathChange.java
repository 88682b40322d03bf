package io.aerofusion.gateway.routing;

import io.aerofusion.route.Filter.PathModifier;
import org.jspecify.annotations.Nullable;

/** Replaces the path of a target, all of it or the prefix that matched, by the rules of the Gateway API for slashes. */
final class PathChange {
    private final boolean full;
    private final String replacement;

    private PathChange(boolean full, String replacement) {
        this.full = full;
        this.replacement = replacement;
    }

    static @Nullable PathChange of(@Nullable PathModifier modifier) {
        if (modifier == null) {
            return null;
        }
        return switch (modifier.type()) {
            case REPLACE_FULL_PATH -> new PathChange(true, orEmpty(modifier.replaceFullPath()));
            case REPLACE_PREFIX_MATCH -> new PathChange(false, orEmpty(modifier.replacePrefixMatch()));
        };
    }

    private static String orEmpty(@Nullable String text) {
        return text == null ? "" : text;
    }

    /**
     * The new path.
     *
     * @param rawPath as it was sent
     * @param path its normal form, in which the prefix was found
     * @param prefixLength how much of the normal form matched
     */
    String apply(String rawPath, String path, int prefixLength) {
        if (full) {
            return replacement.isEmpty() ? "/" : replacement;
        }
        String rest = rest(rawPath, path, prefixLength);
        // what follows the prefix brings its own slash
        boolean twice = replacement.endsWith("/") && !rest.isEmpty();
        String whole = (twice ? replacement.substring(0, replacement.length() - 1) : replacement) + rest;
        return whole.isEmpty() ? "/" : whole;
    }

    /** What follows the prefix: as it was sent, if that is certain to mean the same. */
    private static String rest(String rawPath, String path, int prefixLength) {
        String rest = path.substring(prefixLength);
        if (!rawPath.startsWith(path.substring(0, prefixLength))) {
            return rest;
        }
        String raw = rawPath.substring(prefixLength);
        return raw.isEmpty() || NormalPath.of(raw).path().equals(rest) ? raw : rest;
    }
}
