package io.aerofusion.gateway.routing;

import io.aerofusion.route.Filter.UrlRewrite;
import org.jspecify.annotations.Nullable;

/** Another host and path for the upstream. */
public final class Rewrite {
    private final @Nullable String hostname;
    private final @Nullable PathChange path;

    Rewrite(UrlRewrite rewrite) {
        this.hostname = rewrite.hostname();
        this.path = PathChange.of(rewrite.path());
    }

    /** The host that the upstream is told; null leaves it as it was. */
    public @Nullable String hostname() {
        return hostname;
    }

    /**
     * The target that the upstream is sent: the path replaced, the query as it was.
     *
     * @param rawTarget path and query as they were sent
     * @param normalPath the path in its normal form
     * @param prefixLength how much of it matched: {@link Candidate#prefixLength}
     */
    public String target(String rawTarget, String normalPath, int prefixLength) {
        if (path == null) {
            return rawTarget;
        }
        int question = rawTarget.indexOf('?');
        String rawPath = question < 0 ? rawTarget : rawTarget.substring(0, question);
        String query = question < 0 ? "" : rawTarget.substring(question);
        return path.apply(rawPath, normalPath, prefixLength) + query;
    }
}
