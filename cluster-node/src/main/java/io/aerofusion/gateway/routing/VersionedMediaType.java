package io.aerofusion.gateway.routing;

import io.aerofusion.gateway.RequestView;
import io.aerofusion.route.Versioning;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Versions in media types. Of the ranges in {@code Accept} (RFC 9110, 12.5.1) the one with the greatest weight decides; at the same weight
 * one that names a version that is there comes before one that names none, and what stands first before what stands later. A range
 * that names a version that is not there is passed over, like any media type that cannot be had, so that {@code ...v9+json, *}{@code /*;q=0.1}
 * falls back. {@code Content-Type} decides when no range names a version.
 */
final class VersionedMediaType {
    private static final int WEIGHT_FULL = 1000;

    private final @Nullable String type;
    private final String parameter;
    private final ToIntFunction<String> find;

    /** @param find the place of the version of a name, or {@link Versions#UNKNOWN} */
    VersionedMediaType(Versioning.MediaTypeSource source, ToIntFunction<String> find) {
        this.type = source.type();
        this.parameter = source.parameter().toLowerCase(Locale.ROOT);
        this.find = find;
    }

    /**
     * The version that a request names.
     *
     * @param usual whether those that name none get one
     */
    int asked(RequestView request, boolean usual) {
        int best = Versions.NONE;
        int bestRank = 0;
        boolean unknown = false;
        for (String line : request.headers("accept")) {
            for (String range : split(line, ',')) {
                List<String> parts = split(range, ';');
                int named = named(parts);
                unknown |= named == Versions.UNKNOWN;
                int rank = 2 * weight(parts) + (named >= 0 ? 1 : 0);
                boolean acceptable = rank > 1 && (named >= 0 || (named == Versions.NONE && usual));
                if (acceptable && rank > bestRank) {
                    best = named;
                    bestRank = rank;
                }
            }
        }
        if (bestRank == 0 && unknown) {
            return Versions.UNKNOWN;
        }
        if (best == Versions.NONE) {
            String sent = request.header("content-type");
            return sent == null ? Versions.NONE : named(split(sent, ';'));
        }
        return best;
    }

    /** The version that a media type with its parameters names. */
    private int named(List<String> parts) {
        for (int i = 1; i < parts.size(); i++) {
            String value = value(parts.get(i), parameter);
            if (value != null) {
                return find.applyAsInt(value);
            }
        }
        String name = parts.getFirst().toLowerCase(Locale.ROOT);
        if (type == null || !name.startsWith(type)) {
            return Versions.NONE;
        }
        int plus = name.indexOf('+', type.length());
        String rest = name.substring(type.length(), plus < 0 ? name.length() : plus);
        if (rest.length() < 3 || (rest.charAt(0) != '.' && rest.charAt(0) != '-') || rest.charAt(1) != 'v') {
            return Versions.NONE;
        }
        String version = rest.substring(2);
        int found = find.applyAsInt(version);
        // what follows the version says something else: application/vnd.shop.v2.raw+json
        for (int dot = version.lastIndexOf('.');
                found == Versions.UNKNOWN && dot > 0;
                dot = version.lastIndexOf('.', dot - 1)) {
            if (dot + 1 < version.length() && Character.isLetter(version.charAt(dot + 1))) {
                found = find.applyAsInt(version.substring(0, dot));
            }
        }
        return found;
    }

    /** The weight in thousandths; what cannot be read is as if it were not there. */
    private static int weight(List<String> parts) {
        for (int i = 1; i < parts.size(); i++) {
            String value = value(parts.get(i), "q");
            if (value != null && value.matches("[01](\\.[0-9]{0,3})?")) {
                return Math.min(WEIGHT_FULL, (int) Math.round(Double.parseDouble(value) * WEIGHT_FULL));
            }
        }
        return WEIGHT_FULL;
    }

    private static @Nullable String value(String part, String name) {
        int equals = part.indexOf('=');
        if (equals < 0 || !part.substring(0, equals).strip().equalsIgnoreCase(name)) {
            return null;
        }
        String value = part.substring(equals + 1).strip();
        return value.length() > 1 && value.startsWith("\"") && value.endsWith("\"")
                ? value.substring(1, value.length() - 1)
                : value;
    }

    /** The parts between separators that do not stand in quotes. */
    private static List<String> split(String text, char separator) {
        List<String> parts = new ArrayList<>(4);
        boolean quoted = false;
        int from = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"') {
                quoted = !quoted;
            } else if (quoted && c == '\\') {
                i++;
            } else if (!quoted && c == separator) {
                parts.add(text.substring(from, i).strip());
                from = i + 1;
            }
        }
        parts.add(text.substring(from).strip());
        return parts;
    }

    String text() {
        return type == null
                ? "the parameter " + parameter + " of the media type"
                : "the media type " + type + ".v...;" + parameter + "=";
    }
}
