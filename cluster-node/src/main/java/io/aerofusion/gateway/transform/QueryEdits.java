package io.aerofusion.gateway.transform;

import io.aerofusion.route.NamedValue;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Changes of a query: parameters that are removed, and parameters that have exactly one value afterwards. All others stay as they were written. */
public final class QueryEdits {
    private final Set<String> gone;
    private final String added;

    public QueryEdits(List<NamedValue> set, List<String> remove) {
        this.gone = new HashSet<>(remove);
        StringBuilder text = new StringBuilder();
        for (NamedValue one : set) {
            gone.add(one.name());
            text.append(text.isEmpty() ? "" : "&")
                    .append(encode(one.name()))
                    .append('=')
                    .append(encode(one.value()));
        }
        this.added = text.toString();
    }

    public boolean isEmpty() {
        return gone.isEmpty();
    }

    /** The new query, without a question mark; may be empty. */
    public String apply(String query) {
        StringBuilder kept = new StringBuilder(query.length() + added.length() + 1);
        if (!query.isEmpty()) {
            for (String parameter : query.split("&", -1)) {
                int equals = parameter.indexOf('=');
                if (!gone.contains(decode(equals < 0 ? parameter : parameter.substring(0, equals)))) {
                    kept.append(kept.isEmpty() ? "" : "&").append(parameter);
                }
            }
        }
        if (!added.isEmpty()) {
            kept.append(kept.isEmpty() ? "" : "&").append(added);
        }
        return kept.toString();
    }

    /** What cannot be decoded is no name that somebody wrote into a policy. */
    private static String decode(String name) {
        try {
            return URLDecoder.decode(name, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException undecodable) {
            return name;
        }
    }

    private static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }
}
