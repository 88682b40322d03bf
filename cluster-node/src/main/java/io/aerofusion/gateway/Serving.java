package io.aerofusion.gateway;

import io.aerofusion.gateway.GatewaySettings.Listener;
import io.aerofusion.gateway.routing.Candidate;
import io.aerofusion.gateway.routing.Compiled;
import io.aerofusion.gateway.routing.CompiledRule;
import io.aerofusion.gateway.routing.Door;
import io.aerofusion.gateway.routing.NormalPath;
import io.aerofusion.gateway.tls.ServerCertificates;
import io.aerofusion.gateway.upstream.Upstream;
import io.aerofusion.gateway.usage.Traffic;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A generation as the data path serves it: its tables, and a plan for each of its rules. Immutable. */
final class Serving {
    private final Compiled compiled;
    private final ServerCertificates certificates;
    private final Plan[] plans;
    private final int[] doors;

    Serving(
            Compiled compiled,
            ServerCertificates certificates,
            Map<String, Upstream> upstreams,
            List<Listener> listeners,
            Function<CompiledRule, List<Step>> steps,
            long bodyBytesMax,
            long logThreshold,
            Traffic traffic) {
        this.compiled = compiled;
        this.certificates = certificates;
        List<CompiledRule> rules = compiled.rules();
        this.plans = new Plan[rules.size()];
        for (CompiledRule rule : rules)
            plans[rule.index()] = new Plan(
                    rule, VersionStep.with(rule, steps.apply(rule)), upstreams, bodyBytesMax, logThreshold, traffic);
        var names = new ArrayList<String>();
        for (Door door : compiled.doors()) names.add(door.name());
        this.doors = listeners.stream()
                .mapToInt(listener -> names.indexOf(listener.name()))
                .toArray();
    }

    Compiled compiled() {
        return compiled;
    }

    ServerCertificates certificates() {
        return certificates;
    }

    /** The match for a request that came to a listener; null if there is none. */
    @Nullable Candidate match(int listener, RequestView request) {
        int door = doors[listener];
        return door < 0 ? null : compiled.match(door, request);
    }

    /**
     * Whether a request came over a connection that was made for another listener on the same port (RFC 9110, 15.5.20): its
     * host belongs to a more or less specific one than the server name did.
     */
    boolean misdirected(int listener, String serverName, String host) {
        int door = doors[listener];
        return door >= 0
                && !serverName.isEmpty()
                && compiled.listener(door, serverName) != compiled.listener(door, host);
    }

    /** The listener that took the request, as redirects name it. */
    Door door(int listener, String host) {
        int taking = compiled.listener(doors[listener], host);
        return compiled.doors().get(taking < 0 ? doors[listener] : taking);
    }

    Plan plan(Candidate candidate) {
        return plans[candidate.rule().index()];
    }

    /** Brings the path of a request into its one form; its ambiguities, or -1 if it is refused. */
    static int normalise(Exchange x) {
        if (NormalPath.isNormal(x.path)) return 0;
        if (x.rawTarget.equals("*")) return 0;
        NormalPath normal = NormalPath.of(x.path);
        if (normal.refusal() != null) return -1;
        x.path = normal.path();
        return normal.ambiguities();
    }
}
