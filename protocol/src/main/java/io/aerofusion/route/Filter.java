package io.aerofusion.route;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What is done to a request or its response on the way. Exactly the member that {@code type} names is present. */
public record Filter(
        Type type,
        @Nullable HeaderModifier requestHeaderModifier,
        @Nullable HeaderModifier responseHeaderModifier,
        @Nullable RequestRedirect requestRedirect,
        @Nullable UrlRewrite urlRewrite,
        @Nullable RequestMirror requestMirror,
        @Nullable Cors cors,
        @Nullable ExtensionRef extensionRef) {
    public Filter {
        type = Defaults.or(type, Type.UNKNOWN);
    }

    /** Which filter it is. */
    public enum Type {
        @JsonProperty("RequestHeaderModifier")
        REQUEST_HEADER_MODIFIER,
        @JsonProperty("ResponseHeaderModifier")
        RESPONSE_HEADER_MODIFIER,
        @JsonProperty("RequestRedirect")
        REQUEST_REDIRECT,
        @JsonProperty("URLRewrite")
        URL_REWRITE,
        @JsonProperty("RequestMirror")
        REQUEST_MIRROR,
        @JsonProperty("CORS")
        CORS,
        @JsonProperty("ExtensionRef")
        EXTENSION_REF,
        /** The document names none; such a filter is refused and never served. */
        @JsonProperty("")
        UNKNOWN
    }

    /** Changes of headers: {@code set} replaces all values of a name, {@code add} appends one, {@code remove} drops them. */
    public record HeaderModifier(List<NamedValue> set, List<NamedValue> add, List<String> remove) {
        public HeaderModifier {
            set = Defaults.list(set);
            add = Defaults.list(add);
            remove = Defaults.list(remove);
        }
    }

    /** An answer that sends the client elsewhere; what is not stated stays as requested. */
    public record RequestRedirect(
            @Nullable String scheme,
            @Nullable String hostname,
            @Nullable PathModifier path,
            @Nullable Integer port,
            Integer statusCode) {
        public RequestRedirect {
            statusCode = Defaults.or(statusCode, 302);
        }
    }

    /** Another host name and path for the upstream. */
    public record UrlRewrite(
            @Nullable String hostname, @Nullable PathModifier path) {}

    /** How a path is replaced: all of it, or the prefix that matched. */
    public record PathModifier(
            Replacement type,
            @Nullable String replaceFullPath,
            @Nullable String replacePrefixMatch) {
        public PathModifier {
            type = Defaults.or(
                    type,
                    replacePrefixMatch == null ? Replacement.REPLACE_FULL_PATH : Replacement.REPLACE_PREFIX_MATCH);
        }

        /** Which of the two. */
        public enum Replacement {
            @JsonProperty("ReplaceFullPath")
            REPLACE_FULL_PATH,
            @JsonProperty("ReplacePrefixMatch")
            REPLACE_PREFIX_MATCH
        }
    }

    /** A copy of requests to another upstream, whose answer is dropped: of all, of a percentage, or of a fraction. */
    public record RequestMirror(
            BackendRef backendRef,
            @Nullable Integer percent,
            @Nullable Fraction fraction) {
        public RequestMirror {
            backendRef = Defaults.or(backendRef, new BackendRef(""));
        }
    }

    /** {@code numerator} of every {@code denominator} (100 when left out). */
    public record Fraction(Integer numerator, Integer denominator) {
        public Fraction {
            numerator = Defaults.or(numerator, 0);
            denominator = Defaults.or(denominator, 100);
        }
    }

    /** Which other origins may call, as browsers ask (Fetch, CORS protocol). {@code *} stands for any. {@code maxAge} is in seconds. */
    public record Cors(
            List<String> allowOrigins,
            Boolean allowCredentials,
            List<String> allowMethods,
            List<String> allowHeaders,
            List<String> exposeHeaders,
            Integer maxAge) {
        public Cors {
            allowOrigins = Defaults.list(allowOrigins);
            allowCredentials = Defaults.or(allowCredentials, false);
            allowMethods = Defaults.list(allowMethods);
            allowHeaders = Defaults.list(allowHeaders);
            exposeHeaders = Defaults.list(exposeHeaders);
            maxAge = Defaults.or(maxAge, 5);
        }
    }

    /** A policy that applies to this rule, besides those whose {@code targetRefs} name it. */
    public record ExtensionRef(@Nullable String group, String kind, String name) {
        public ExtensionRef {
            kind = Defaults.or(kind, "Policy");
            name = Defaults.text(name);
        }
    }
}
