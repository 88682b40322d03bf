package io.aerofusion.route;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.aerofusion.route.Filter.Cors;
import io.aerofusion.route.UpstreamSpec.Retry;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What holds for the requests of its targets. Of several policies the more specific one wins, field by field: rule before route before
 * gateway.
 */
public record PolicySpec(
        List<TargetRef> targetRefs,
        @Nullable Authentication authentication,
        @Nullable Authorization authorization,
        @Nullable List<RateLimit> rateLimit,
        @Nullable IpRestriction ipRestriction,
        @Nullable Limits limits,
        @Nullable Cors cors,
        @Nullable Transform transform,
        @Nullable Compression compression,
        @Nullable Cache cache,
        @Nullable Version version,
        @Nullable AccessLog accessLog,
        @Nullable Retry retry,
        @Nullable Timeout timeout)
        implements Spec {
    /** A policy that says nothing. */
    public static final PolicySpec NONE =
            new PolicySpec(List.of(), null, null, null, null, null, null, null, null, null, null, null, null, null);

    public PolicySpec {
        targetRefs = Defaults.list(targetRefs);
        rateLimit = rateLimit == null ? null : Defaults.list(rateLimit);
    }

    /** What a policy applies to; {@code sectionName} is the name of a rule of the route. */
    public record TargetRef(
            TargetKind kind, String name, @Nullable String sectionName) {
        public TargetRef {
            kind = Defaults.or(kind, TargetKind.HTTP_ROUTE);
            name = Defaults.text(name);
        }
    }

    /** What kinds of things a policy can apply to. */
    public enum TargetKind {
        @JsonProperty("HTTPRoute")
        HTTP_ROUTE,
        @JsonProperty("GRPCRoute")
        GRPC_ROUTE,
        @JsonProperty("Upstream")
        UPSTREAM,
        @JsonProperty("Gateway")
        GATEWAY
    }

    /** How callers prove who they are: the first method whose credential is right decides. */
    public record Authentication(List<AuthenticationMethod> anyOf) {
        public Authentication {
            anyOf = Defaults.list(anyOf);
        }
    }

    /** What callers may do: the first rule that applies decides. */
    public record Authorization(Action defaultAction, List<AuthorizationRule> rules) {
        public Authorization {
            defaultAction = Defaults.or(defaultAction, Action.DENY);
            rules = Defaults.list(rules);
        }
    }

    /** Whether a request is let through. */
    public enum Action {
        @JsonProperty("Allow")
        ALLOW,
        @JsonProperty("Deny")
        DENY
    }

    /** A rule: it applies when the principal and the CEL expression do, as far as they are stated. */
    public record AuthorizationRule(
            @Nullable String name,
            Action action,
            @Nullable Principal principal,
            @Nullable String cel) {
        public AuthorizationRule {
            action = Defaults.or(action, Action.ALLOW);
        }
    }

    /** Who it is: each list that is not empty must hold at least one that applies; of {@code scopes} and {@code claims} all apply. */
    public record Principal(
            @JsonProperty("clientCIDRs") List<String> clientCidrs,
            List<String> roles,
            List<String> scopes,
            List<Claim> claims,
            List<String> consumers) {
        public Principal {
            clientCidrs = Defaults.list(clientCidrs);
            roles = Defaults.list(roles);
            scopes = Defaults.list(scopes);
            claims = Defaults.list(claims);
            consumers = Defaults.list(consumers);
        }
    }

    /** A claim that has, or contains, one of these values. */
    public record Claim(String name, List<String> values) {
        public Claim {
            name = Defaults.text(name);
            values = Defaults.list(values);
        }
    }

    /**
     * How much of the same key is let through.
     *
     * @param name the header or the claim, where the key is one
     * @param requests per {@code unit}
     * @param burst how much may come at once
     * @param cost what a request counts, as a number or a CEL expression
     * @param dryRun whether it only counts what it would refuse
     */
    public record RateLimit(
            Key key,
            @Nullable String name,
            Long requests,
            Unit unit,
            Long burst,
            @Nullable Cost cost,
            Scope scope,
            Boolean dryRun) {
        public RateLimit {
            key = Defaults.or(key, Key.CONSUMER);
            requests = Defaults.or(requests, 100L);
            unit = Defaults.or(unit, Unit.SECOND);
            burst = Defaults.or(burst, 200L);
            scope = Defaults.or(scope, Scope.LOCAL);
            dryRun = Defaults.or(dryRun, false);
        }

        /** By what requests are counted together. */
        public enum Key {
            @JsonProperty("Consumer")
            CONSUMER,
            @JsonProperty("ClientIP")
            CLIENT_IP,
            @JsonProperty("Header")
            HEADER,
            @JsonProperty("Claim")
            CLAIM
        }

        /** The time that {@code requests} are for. */
        public enum Unit {
            @JsonProperty("Second")
            SECOND,
            @JsonProperty("Minute")
            MINUTE,
            @JsonProperty("Hour")
            HOUR
        }

        /** Whether each node counts on its own, or the cluster as one. */
        public enum Scope {
            @JsonProperty("Local")
            LOCAL,
            @JsonProperty("Global")
            GLOBAL
        }
    }

    /** Which addresses are let in: those in {@code allow} (all, if it is empty) that are not in {@code deny}. */
    public record IpRestriction(List<String> allow, List<String> deny) {
        public IpRestriction {
            allow = Defaults.list(allow);
            deny = Defaults.list(deny);
        }
    }

    /** How large requests may be, in bytes. */
    public record Limits(@Nullable Long bodyBytes, @Nullable Long headerBytes) {}

    /** What is changed in messages. Bodies above {@code bodyBytesMax} are refused where a JSON body is to be changed. */
    public record Transform(
            @Nullable RequestChanges request, @Nullable ResponseChanges response, Long bodyBytesMax) {
        public Transform {
            bodyBytesMax = Defaults.or(bodyBytesMax, 1_048_576L);
        }
    }

    /** Changes of a request. */
    public record RequestChanges(
            List<NamedValue> setHeaders,
            List<String> removeHeaders,
            List<NamedValue> setQuery,
            List<String> removeQuery,
            List<JsonChange> json) {
        public RequestChanges {
            setHeaders = Defaults.list(setHeaders);
            removeHeaders = Defaults.list(removeHeaders);
            setQuery = Defaults.list(setQuery);
            removeQuery = Defaults.list(removeQuery);
            json = Defaults.list(json);
        }
    }

    /** Changes of a response. */
    public record ResponseChanges(List<NamedValue> setHeaders, List<String> removeHeaders, List<JsonChange> json) {
        public ResponseChanges {
            setHeaders = Defaults.list(setHeaders);
            removeHeaders = Defaults.list(removeHeaders);
            json = Defaults.list(json);
        }
    }

    /** How answers are compressed: with the first algorithm that the client accepts, from {@code minBytes} on, these media types. */
    public record Compression(List<Algorithm> algorithms, Integer minBytes, List<String> types) {
        public Compression {
            algorithms = Defaults.list(algorithms, List.of(Algorithm.ZSTD, Algorithm.BROTLI, Algorithm.GZIP));
            minBytes = Defaults.or(minBytes, 1024);
            types = Defaults.list(
                    types,
                    List.of(
                            "text/*",
                            "application/json",
                            "application/problem+json",
                            "application/javascript",
                            "application/xml",
                            "image/svg+xml"));
        }

        /** A content coding. */
        public enum Algorithm {
            @JsonProperty("gzip")
            GZIP,
            @JsonProperty("br")
            BROTLI,
            @JsonProperty("zstd")
            ZSTD
        }
    }

    /** How answers are kept (RFC 9111): how large one and all of them may be, and for how long if they do not say it themselves. */
    public record Cache(
            Integer maxObjectBytes,
            Long maxBytes,
            @Nullable Duration defaultTtl,
            List<String> methods,
            @Nullable Duration staleWhileRevalidate) {
        public Cache {
            maxObjectBytes = Defaults.or(maxObjectBytes, 1_048_576);
            maxBytes = Defaults.or(maxBytes, 67_108_864L);
            methods = Defaults.list(methods, List.of("GET", "HEAD"));
        }
    }

    /** What answers tell of the API's age: {@code Deprecation} (RFC 9745), {@code Sunset} (RFC 8594) and a link to read on. */
    public record Version(
            @Nullable Instant deprecated,
            @Nullable Instant sunset,
            @Nullable String link) {}

    /** Which share of the requests is logged, from 0 to 1. */
    public record AccessLog(Double sample) {
        public AccessLog {
            sample = Defaults.or(sample, 1.0);
        }
    }

    /** How long a whole request may take. */
    public record Timeout(@Nullable Duration request) {}
}
