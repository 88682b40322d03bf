package io.aerofusion.gateway.routing;

import io.aerofusion.gateway.RequestView;
import io.aerofusion.route.CertificateSpec;
import io.aerofusion.route.ConsumerSpec;
import io.aerofusion.route.Generation;
import io.aerofusion.route.Problem;
import io.aerofusion.route.UpstreamSpec;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A generation that was checked as a whole, ready to be served. Immutable: any thread may read it. */
public final class Compiled implements Outcome {
    private final Generation generation;
    private final List<Door> doors;
    private final List<CompiledRule> rules;
    private final List<Hosts<Integer>> listeners;
    private final List<Hosts<HostRoutes>> routes;
    private final Map<String, UpstreamSpec> upstreams;
    private final Map<String, EffectivePolicy> upstreamPolicies;
    private final Map<String, ConsumerSpec> consumers;
    private final Map<String, CertificateSpec> certificates;
    private final List<Problem> warnings;

    Compiled(
            Generation generation,
            List<Door> doors,
            List<CompiledRule> rules,
            List<Hosts<Integer>> listeners,
            List<Hosts<HostRoutes>> routes,
            Map<String, UpstreamSpec> upstreams,
            Map<String, EffectivePolicy> upstreamPolicies,
            Map<String, ConsumerSpec> consumers,
            Map<String, CertificateSpec> certificates,
            List<Problem> warnings) {
        this.generation = generation;
        this.doors = List.copyOf(doors);
        this.rules = List.copyOf(rules);
        this.listeners = List.copyOf(listeners);
        this.routes = List.copyOf(routes);
        this.upstreams = Map.copyOf(upstreams);
        this.upstreamPolicies = Map.copyOf(upstreamPolicies);
        this.consumers = Map.copyOf(consumers);
        this.certificates = Map.copyOf(certificates);
        this.warnings = List.copyOf(warnings);
    }

    /**
     * The matches of one host pattern.
     *
     * @param all as they stand in the generation, for explanations
     */
    record HostRoutes(String hostname, PathTrie trie, List<Candidate> all) {}

    /** What would keep it from being published now or from this node, see {@link Compiler#compilePublished}. */
    public List<Problem> warnings() {
        return warnings;
    }

    /** The generation that was compiled. */
    public Generation generation() {
        return generation;
    }

    /** The listeners it was compiled for. */
    public List<Door> doors() {
        return doors;
    }

    /** All rules, by their index. */
    public List<CompiledRule> rules() {
        return rules;
    }

    /** Upstreams by name. */
    public Map<String, UpstreamSpec> upstreams() {
        return upstreams;
    }

    /** What policies say of an upstream. */
    public EffectivePolicy upstreamPolicy(String upstream) {
        return upstreamPolicies.getOrDefault(upstream, EffectivePolicy.NONE);
    }

    /** Consumers by name. */
    public Map<String, ConsumerSpec> consumers() {
        return consumers;
    }

    /** Certificates by name. */
    public Map<String, CertificateSpec> certificates() {
        return certificates;
    }

    /**
     * Which of the listeners on a door's port takes requests for a host: the most specific one.
     *
     * <p>On a TLS port a request whose host leads to another listener than its server name did is misdirected (421).
     *
     * @return the listener's place among the doors, or -1 if none does
     */
    public int listener(int door, String host) {
        Integer found = listeners.get(door).find(host);
        return found == null ? -1 : found;
    }

    /**
     * The match that takes a request; null if none does. Makes no objects, but for rules that look at headers.
     *
     * @param door a listener on the port that the request came to
     */
    public @Nullable Candidate match(int door, RequestView request) {
        String host = request.host();
        int listener = listener(door, host);
        if (listener < 0) {
            return null;
        }
        Hosts<HostRoutes> hosts = routes.get(listener);
        String path = request.path();
        HostRoutes at = hosts.exact(host);
        Candidate found = at == null ? null : at.trie().match(path, request);
        for (int dot = found == null ? hosts.dot(host, 1) : -1; dot >= 0; dot = hosts.dot(host, dot + 1)) {
            at = hosts.wildcard(host, dot);
            found = at == null ? null : at.trie().match(path, request);
            if (found != null) {
                return found;
            }
        }
        if (found == null) {
            at = hosts.any();
            found = at == null ? null : at.trie().match(path, request);
        }
        return found;
    }

    /** The matches that are asked for a host, in groups from the most specific host name to the least. */
    List<HostRoutes> asked(int listener, String host) {
        return routes.get(listener).all(host);
    }
}
