package io.aerofusion.gateway.routing;

import io.aerofusion.route.Filter;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The filters of a rule or of a backend, as data. They apply in this order, whatever their order in the document: CORS, redirect,
 * request headers, mirrors, rewrite; and of the response: response headers, CORS.
 */
public record Filters(
        @Nullable Cors cors,
        @Nullable Redirect redirect,
        HeaderChange requestHeaders,
        List<Mirror> mirrors,
        @Nullable Rewrite rewrite,
        HeaderChange responseHeaders) {
    /** No filters. */
    public static final Filters NONE = new Filters(null, null, HeaderChange.NONE, List.of(), null, HeaderChange.NONE);

    public Filters {
        mirrors = List.copyOf(mirrors);
    }

    /** Those of a document, whose references were checked. */
    static Filters of(List<Filter> filters) {
        Cors cors = null;
        Redirect redirect = null;
        Rewrite rewrite = null;
        HeaderChange requestHeaders = HeaderChange.NONE;
        HeaderChange responseHeaders = HeaderChange.NONE;
        List<Mirror> mirrors = new ArrayList<>();
        for (Filter filter : filters) {
            if (filter.cors() != null) {
                cors = new Cors(filter.cors());
            }
            if (filter.requestRedirect() != null) {
                redirect = new Redirect(filter.requestRedirect());
            }
            if (filter.requestHeaderModifier() != null) {
                requestHeaders = HeaderChange.of(filter.requestHeaderModifier());
            }
            if (filter.responseHeaderModifier() != null) {
                responseHeaders = HeaderChange.of(filter.responseHeaderModifier());
            }
            if (filter.urlRewrite() != null) {
                rewrite = new Rewrite(filter.urlRewrite());
            }
            if (filter.requestMirror() != null) {
                mirrors.add(Mirror.of(filter.requestMirror()));
            }
        }
        return filters.isEmpty()
                ? NONE
                : new Filters(cors, redirect, requestHeaders, mirrors, rewrite, responseHeaders);
    }

    Filters withCors(@Nullable Cors other) {
        return new Filters(other, redirect, requestHeaders, mirrors, rewrite, responseHeaders);
    }
}
