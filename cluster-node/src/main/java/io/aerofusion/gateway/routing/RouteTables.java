package io.aerofusion.gateway.routing;

import io.aerofusion.gateway.routing.Compiled.HostRoutes;
import io.aerofusion.route.BackendRef;
import io.aerofusion.route.Filter;
import io.aerofusion.route.GrpcRouteSpec;
import io.aerofusion.route.Kind;
import io.aerofusion.route.ParentRef;
import io.aerofusion.route.Problem;
import io.aerofusion.route.Resource;
import io.aerofusion.route.RouteSpec;
import io.aerofusion.route.UpstreamSpec;
import io.aerofusion.route.Versioning;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Makes of routes the tables that requests are looked up in: for each listener, for each host, a trie of paths. */
final class RouteTables {
    private final List<Door> doors;
    private final Map<String, UpstreamSpec> upstreams;
    private final Policies policies;
    private final Problems problems;
    private final Matches matches;
    private final List<CompiledRule> rules = new ArrayList<>();
    private final List<Hosts<Integer>> listeners = new ArrayList<>();
    private final List<Hosts<HostRoutes>> routes = new ArrayList<>();

    RouteTables(List<Door> doors, Map<String, UpstreamSpec> upstreams, Policies policies, Problems problems) {
        this.doors = doors;
        this.upstreams = upstreams;
        this.policies = policies;
        this.problems = problems;
        this.matches = new Matches(problems);
    }

    List<CompiledRule> rules() {
        return rules;
    }

    List<Hosts<Integer>> listeners() {
        return listeners;
    }

    List<Hosts<HostRoutes>> routes() {
        return routes;
    }

    /** A route whose rules are compiled. */
    private record Ready(
            Resource resource, List<ParentRef> parents, List<String> hostnames, List<Candidate> candidates) {}

    void compile(List<Resource> resources) {
        List<Ready> ready = new ArrayList<>();
        for (Resource resource : resources) {
            switch (resource.spec()) {
                case RouteSpec route ->
                    ready.add(new Ready(resource, route.parentRefs(), route.hostnames(), candidates(resource, route)));
                case GrpcRouteSpec route ->
                    ready.add(new Ready(resource, route.parentRefs(), route.hostnames(), candidates(resource, route)));
                case UpstreamSpec other -> {}
                case io.aerofusion.route.ConsumerSpec other -> {}
                case io.aerofusion.route.PolicySpec other -> {}
                case io.aerofusion.route.CertificateSpec other -> {}
            }
        }
        // listeners that the same routes are attached to share their tables
        Map<List<Object>, Hosts<HostRoutes>> built = new HashMap<>();
        for (int i = 0; i < doors.size(); i++) {
            Door door = doors.get(i);
            List<Ready> attached = new ArrayList<>();
            for (Ready route : ready) {
                if (route.parents().isEmpty()
                        || route.parents().stream().anyMatch(parent -> References.attached(parent, door))) {
                    attached.add(route);
                }
            }
            List<Object> key = new ArrayList<>();
            key.add(door.hostname());
            attached.forEach(route ->
                    key.add(route.resource().kind() + "/" + route.resource().name()));
            routes.add(built.computeIfAbsent(key, same -> hosts(door, attached)));
            listeners.add(samePort(door));
        }
    }

    private Hosts<Integer> samePort(Door door) {
        Map<String, Integer> byHostname = new HashMap<>();
        for (int i = 0; i < doors.size(); i++) {
            if (doors.get(i).port() == door.port()) {
                byHostname.putIfAbsent(doors.get(i).hostname(), i);
            }
        }
        return Hosts.of(byHostname);
    }

    private Hosts<HostRoutes> hosts(Door door, List<Ready> attached) {
        Map<String, PathTrie.Builder> builders = new LinkedHashMap<>();
        for (Ready route : attached) {
            for (String hostname : hostnames(door, route)) {
                PathTrie.Builder builder = builders.computeIfAbsent(hostname, name -> new PathTrie.Builder());
                route.candidates().forEach(builder::add);
            }
        }
        Map<String, HostRoutes> hosts = new HashMap<>();
        builders.forEach((hostname, builder) -> {
            duplicates(hostname, builder.all());
            hosts.put(hostname, new HostRoutes(hostname, builder.build(), List.copyOf(builder.all())));
        });
        return Hosts.of(hosts);
    }

    private static Set<String> hostnames(Door door, Ready route) {
        Set<String> common = new LinkedHashSet<>();
        for (String hostname : route.hostnames().isEmpty() ? List.of("") : route.hostnames()) {
            String both = Hosts.intersection(hostname, door.hostname());
            if (both != null) {
                common.add(both);
            }
        }
        return common;
    }

    /** Two matches for the same requests: one of them would never be used. */
    private void duplicates(String hostname, List<Candidate> candidates) {
        Map<Object, Candidate> seen = new HashMap<>();
        for (Candidate candidate : candidates) {
            List<Object> same = new ArrayList<>();
            same.add(candidate.type());
            same.add(candidate.path());
            same.add(new LinkedHashSet<>(
                    candidate.conditions().stream().map(Condition::text).toList()));
            Candidate before = seen.putIfAbsent(same, candidate);
            if (before != null) {
                problems.addAll(List.of(new Problem(
                        candidate.rule().kind().label(),
                        candidate.rule().route(),
                        "/spec/rules/" + candidate.rule().number() + "/matches/" + candidate.number(),
                        Problem.DUPLICATE_MATCH,
                        "Rule " + before.rule().number() + " of "
                                + before.rule().kind().label() + " "
                                + before.rule().route() + " matches the same requests"
                                + (hostname.isEmpty() ? "." : " for " + hostname + "."))));
            }
        }
    }

    private List<Candidate> candidates(Resource resource, RouteSpec route) {
        List<Candidate> candidates = new ArrayList<>();
        Versioning versioning = route.versioning();
        Versions versions = versioning == null ? null : new Versions(versioning);
        for (int i = 0; i < route.rules().size(); i++) {
            RouteSpec.Rule rule = route.rules().get(i);
            int allowed = 0;
            for (RouteSpec.Ambiguity ambiguity : rule.allowAmbiguousPaths()) {
                allowed |= NormalPath.bit(ambiguity);
            }
            CompiledRule compiled = rule(
                    resource,
                    i,
                    rule.name(),
                    rule.filters(),
                    rule.backendRefs(),
                    rule.timeouts(),
                    rule.retry(),
                    allowed,
                    version(versions, versioning, rule.version()));
            List<RouteSpec.Match> wanted = rule.matches().isEmpty()
                    ? List.of(new RouteSpec.Match(null, List.of(), List.of(), null))
                    : rule.matches();
            for (int j = 0; j < wanted.size(); j++) {
                matches.of(resource, compiled, j, wanted.get(j)).ifPresent(candidates::add);
            }
        }
        if (versions != null) {
            candidates.addAll(new VersionRefusals(versions, this::refusal).of(candidates));
        }
        return candidates;
    }

    private static @Nullable RuleVersion version(
            @Nullable Versions versions, @Nullable Versioning versioning, @Nullable String name) {
        // a name that is not there was reported when the resource was checked
        return versions == null || versioning == null || name == null || versions.find(name) < 0
                ? null
                : RuleVersion.serving(versions, versioning, name);
    }

    /** The rule that refuses what a versioned rule and its like do not serve: with its policy and CORS, without backends. */
    private CompiledRule refusal(CompiledRule like, RuleVersion version) {
        CompiledRule rule = new CompiledRule(
                rules.size(),
                like.kind(),
                like.route(),
                like.number(),
                like.name(),
                Filters.NONE.withCors(like.filters().cors()),
                new Backends(List.of()),
                null,
                null,
                like.policy(),
                like.allowed(),
                version);
        rules.add(rule);
        return rule;
    }

    private List<Candidate> candidates(Resource resource, GrpcRouteSpec route) {
        List<Candidate> candidates = new ArrayList<>();
        for (int i = 0; i < route.rules().size(); i++) {
            GrpcRouteSpec.Rule rule = route.rules().get(i);
            CompiledRule compiled =
                    rule(resource, i, rule.name(), rule.filters(), rule.backendRefs(), null, null, 0, null);
            List<GrpcRouteSpec.Match> wanted =
                    rule.matches().isEmpty() ? List.of(new GrpcRouteSpec.Match(null, List.of())) : rule.matches();
            for (int j = 0; j < wanted.size(); j++) {
                matches.of(resource, compiled, j, wanted.get(j)).ifPresent(candidates::add);
            }
        }
        return candidates;
    }

    private CompiledRule rule(
            Resource resource,
            int number,
            @Nullable String name,
            List<Filter> filters,
            List<BackendRef> backendRefs,
            RouteSpec.@Nullable Timeouts timeouts,
            RouteSpec.@Nullable Retry retry,
            int allowed,
            @Nullable RuleVersion version) {
        List<Resource> extensions = new ArrayList<>();
        for (Filter filter : filters) {
            Resource extension = filter.extensionRef() == null
                    ? null
                    : policies.find(filter.extensionRef().name());
            if (extension != null) {
                extensions.add(extension);
            }
        }
        EffectivePolicy policy = policies.ofRule(resource.kind(), resource.name(), name, extensions);
        Filters compiled = Filters.of(filters);
        if (compiled.cors() == null && policy.spec().cors() != null && resource.kind() == Kind.HTTP_ROUTE) {
            compiled = compiled.withCors(new Cors(policy.spec().cors()));
        }
        List<Backends.Backend> backends = new ArrayList<>();
        for (BackendRef ref : backendRefs) {
            UpstreamSpec upstream = upstreams.get(ref.name());
            if (upstream != null) {
                backends.add(new Backends.Backend(ref.name(), upstream, ref.weight(), Filters.of(ref.filters())));
            }
        }
        CompiledRule rule = new CompiledRule(
                rules.size(),
                resource.kind(),
                resource.name(),
                number,
                name,
                compiled,
                new Backends(backends),
                timeouts,
                retry,
                policy,
                allowed,
                version);
        rules.add(rule);
        return rule;
    }
}
