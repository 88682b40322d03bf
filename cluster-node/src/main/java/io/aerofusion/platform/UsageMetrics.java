package io.aerofusion.platform;

import io.aerofusion.gateway.Gateway;
import io.aerofusion.gateway.upstream.BreakerPhase;
import io.aerofusion.gateway.upstream.UpstreamState;
import io.aerofusion.gateway.usage.Durations;
import io.aerofusion.gateway.usage.Usage;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToLongFunction;

/**
 * The gateway's counts by route, upstream, consumer and endpoint in Prometheus' text format, as of the moment they are asked for. They do
 * not pass through Kamon: it would keep a histogram of its own, tens of kilobytes, for each of a thousand consumers, and would go on
 * publishing routes that are gone.
 */
final class UsageMetrics {
    /** Endpoints of one upstream that have series of their own. */
    private static final int ENDPOINTS_MAX = 100;

    /** The bounds of the published buckets in microseconds; each is one of the finer buckets they are counted in. */
    private static final long[] BOUNDS = {
        500,
        1_000,
        2_500,
        5_000,
        10_000,
        25_000,
        50_000,
        100_000,
        250_000,
        500_000,
        1_000_000,
        2_500_000,
        5_000_000,
        10_000_000
    };

    private static final String PREFIX = "aerofusion_gateway_";

    private final StringBuilder out = new StringBuilder(16_384);

    private UsageMetrics() {}

    /** Every family of them. */
    static String text(Gateway gateway) {
        UsageMetrics metrics = new UsageMetrics();
        Usage usage = gateway.usage();
        metrics.kind("route", usage.routes(), true);
        metrics.kind("upstream", usage.upstreams(), false);
        metrics.kind("consumer", usage.consumers(), true);
        metrics.endpoints(gateway.upstreamStates());
        metrics.family("access_log_dropped_total", "counter", "Entries of the access log that were dropped");
        metrics.sample("access_log_dropped_total", "", gateway.accessLogDropped());
        return metrics.out.toString();
    }

    private void kind(String kind, List<Usage.Counts> all, boolean whole) {
        String responses = kind + "_responses_total";
        family(responses, "counter", "Requests that are over, by class of their status; none: without a response");
        for (Usage.Counts counts : all) {
            for (int digit = 0; digit < 6; digit++) {
                long value = counts.byClass().get(digit);
                String status = digit == 0 ? "none" : digit + "xx";
                if (value > 0) {
                    sample(responses, label(kind, counts.name()) + ",status=\"" + status + "\"", value);
                }
            }
        }
        String faults = kind + "_faults_total";
        family(faults, "counter", "Requests that were refused or failed, by the code of the fault");
        for (Usage.Counts counts : all) {
            counts.faults().entrySet().stream()
                    .sorted(Map.Entry.comparingByKey())
                    .forEach(fault -> sample(
                            faults,
                            label(kind, counts.name()) + "," + label("fault", fault.getKey()),
                            fault.getValue()));
        }
        if (whole) {
            each(kind, "active", "gauge", "Requests under way", all, Usage.Counts::active);
            each(kind, "retries_total", "counter", "Further tries at upstreams", all, Usage.Counts::retries);
            each(
                    kind,
                    "would_refuse_total",
                    "counter",
                    "Requests that a limit would have refused if it were no dry run",
                    all,
                    Usage.Counts::wouldRefuse);
        }
        each(kind, "bytes_in_total", "counter", "Bytes of request bodies", all, Usage.Counts::bytesIn);
        each(kind, "bytes_out_total", "counter", "Bytes of response bodies", all, Usage.Counts::bytesOut);
        durations(kind, all);
    }

    private void each(
            String kind,
            String name,
            String type,
            String help,
            List<Usage.Counts> all,
            ToLongFunction<Usage.Counts> value) {
        family(kind + "_" + name, type, help);
        for (Usage.Counts counts : all) {
            sample(kind + "_" + name, label(kind, counts.name()), value.applyAsLong(counts));
        }
    }

    private void durations(String kind, List<Usage.Counts> all) {
        String name = kind + "_duration_seconds";
        family(
                name,
                "histogram",
                kind.equals("upstream")
                        ? "From asking the upstream to the head of its answer"
                        : "From the head of a request to the end of its response");
        for (Usage.Counts counts : all) {
            Durations durations = counts.durations();
            String label = label(kind, counts.name());
            for (long bound : BOUNDS) {
                sample(name + "_bucket", label + ",le=\"" + seconds(bound) + "\"", durations.atMost(bound * 1_000));
            }
            long count = durations.count();
            sample(name + "_bucket", label + ",le=\"+Inf\"", count);
            line(name + "_sum", label).append(durations.nanos() / 1e9).append('\n');
            sample(name + "_count", label, count);
        }
    }

    private static String seconds(long micros) {
        double seconds = micros / 1e6;
        return seconds == Math.rint(seconds) ? (long) seconds + ".0" : Double.toString(seconds);
    }

    private void endpoints(List<UpstreamState> upstreams) {
        family(
                "upstream_endpoints_failing",
                "gauge",
                "1 while the endpoints cannot be found out and the last known stay");
        for (UpstreamState upstream : upstreams) {
            int failing = upstream.endpointsFailure().isEmpty() ? 0 : 1;
            sample("upstream_endpoints_failing", label("upstream", upstream.name()), failing);
        }
        endpoints(upstreams, "healthy", "Whether active checks find the endpoint healthy", e -> e.healthy() ? 1 : 0);
        endpoints(
                upstreams,
                "ejected",
                "Whether the endpoint is ejected",
                e -> e.ejectedFor().isZero() ? 0 : 1);
        endpoints(upstreams, "active", "Requests at the endpoint", UpstreamState.EndpointState::active);
        family("endpoint_breaker", "gauge", "1 for the state of the endpoint's breaker, 0 for its other states");
        for (UpstreamState upstream : upstreams) {
            upstream.endpoints().stream().limit(ENDPOINTS_MAX).forEach(endpoint -> {
                for (BreakerPhase phase : BreakerPhase.values()) {
                    sample(
                            "endpoint_breaker",
                            labels(upstream, endpoint) + ",state=\""
                                    + phase.name().toLowerCase(Locale.ROOT) + "\"",
                            endpoint.breaker() == phase ? 1 : 0);
                }
            });
        }
    }

    private void endpoints(
            List<UpstreamState> upstreams,
            String name,
            String help,
            ToLongFunction<UpstreamState.EndpointState> value) {
        family("endpoint_" + name, "gauge", help);
        for (UpstreamState upstream : upstreams) {
            upstream.endpoints().stream()
                    .limit(ENDPOINTS_MAX)
                    .forEach(endpoint ->
                            sample("endpoint_" + name, labels(upstream, endpoint), value.applyAsLong(endpoint)));
        }
    }

    private static String labels(UpstreamState upstream, UpstreamState.EndpointState endpoint) {
        return label("upstream", upstream.name()) + "," + label("endpoint", endpoint.address());
    }

    private static String label(String name, String value) {
        return name + "=\"" + value.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + "\"";
    }

    private void family(String name, String type, String help) {
        out.append("# HELP ")
                .append(PREFIX)
                .append(name)
                .append(' ')
                .append(help)
                .append('\n');
        out.append("# TYPE ")
                .append(PREFIX)
                .append(name)
                .append(' ')
                .append(type)
                .append('\n');
    }

    private void sample(String name, String labels, long value) {
        line(name, labels).append(value).append('\n');
    }

    private StringBuilder line(String name, String labels) {
        out.append(PREFIX).append(name);
        if (!labels.isEmpty()) {
            out.append('{').append(labels).append('}');
        }
        return out.append(' ');
    }
}
