package io.aerofusion.route;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How callers name the version of an API that they want: in the path, else in a header, else in a media type, as far as these are given.
 * Rules of the route serve one version each ({@link RouteSpec.Rule#version}); what no rule serves is refused.
 *
 * @param defaultVersion the one for callers that name none; without it they are refused
 * @param versions all that there are
 */
public record Versioning(
        @Nullable PathSource path,
        @Nullable HeaderSource header,
        @Nullable MediaTypeSource mediaType,
        @JsonProperty("default") @Nullable String defaultVersion,
        List<ApiVersion> versions) {
    public Versioning {
        versions = Defaults.list(versions);
    }

    /** The version is the segment behind this prefix, with or without a {@code v} before it: {@code /shop/v2/orders}. */
    public record PathSource(String prefix) {
        public PathSource {
            prefix = Defaults.or(prefix, "/");
        }
    }

    /** The version is the value of this header. */
    public record HeaderSource(String name) {
        public HeaderSource {
            name = Defaults.text(name);
        }
    }

    /**
     * The version is in {@code Accept}, or, if that names none, in {@code Content-Type}.
     *
     * @param type the media type in whose name it stands: of {@code application/vnd.shop} it is 2 in {@code application/vnd.shop.v2+json}
     * @param parameter of a media type, which names it too: {@code application/json;version=2}
     */
    public record MediaTypeSource(@Nullable String type, String parameter) {
        public MediaTypeSource {
            parameter = Defaults.or(parameter, "version");
        }
    }

    /**
     * A version, and what its answers tell of its age: {@code Deprecation} (RFC 9745), {@code Sunset} (RFC 8594) and links (RFC 8288).
     *
     * @param deprecated since or from when it should no longer be used
     * @param sunset from when on it is expected not to answer any more
     * @param link what there is to read about that
     * @param successor where the version is that comes after it ({@code successor-version}, RFC 5829)
     */
    public record ApiVersion(
            String name,
            @Nullable Instant deprecated,
            @Nullable Instant sunset,
            @Nullable String link,
            @Nullable String successor) {
        public ApiVersion {
            name = Defaults.text(name);
        }
    }
}
