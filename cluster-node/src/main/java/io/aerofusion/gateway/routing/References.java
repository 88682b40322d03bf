package io.aerofusion.gateway.routing;

import io.aerofusion.route.BackendRef;
import io.aerofusion.route.ConsumerSpec;
import io.aerofusion.route.Filter;
import io.aerofusion.route.Generation;
import io.aerofusion.route.GrpcRouteSpec;
import io.aerofusion.route.Kind;
import io.aerofusion.route.ParentRef;
import io.aerofusion.route.PolicySpec;
import io.aerofusion.route.Problem;
import io.aerofusion.route.Resource;
import io.aerofusion.route.RouteSpec;
import io.aerofusion.route.UpstreamSpec;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Whether everything that a resource names is there, and nothing is there twice that must be once. */
final class References {
    private final Generation generation;
    private final List<Door> doors;
    private final Problems problems;
    private final Map<Kind, Map<String, Resource>> byName = new HashMap<>();

    References(Generation generation, List<Door> doors, Problems problems) {
        this.generation = generation;
        this.doors = doors;
        this.problems = problems;
    }

    void check() {
        for (Resource resource : generation.resources()) {
            Resource before = byName.computeIfAbsent(resource.kind(), kind -> new HashMap<>())
                    .put(resource.name(), resource);
            if (before != null) {
                problems.add(resource, "/metadata/name", Problem.DUPLICATE, "There are two with this name.");
            }
        }
        Map<Object, String> credentials = new HashMap<>();
        for (Resource resource : generation.resources()) {
            switch (resource.spec()) {
                case RouteSpec route -> route(resource, route);
                case GrpcRouteSpec route -> route(resource, route);
                case UpstreamSpec upstream -> {
                    if (upstream.tls() != null && upstream.tls().clientCertificateRef() != null) {
                        need(
                                resource,
                                "/spec/tls/clientCertificateRef",
                                Kind.CERTIFICATE,
                                upstream.tls().clientCertificateRef());
                    }
                }
                case ConsumerSpec consumer -> credentials(resource, consumer, credentials);
                case PolicySpec policy -> policy(resource, policy);
                case io.aerofusion.route.CertificateSpec certificate -> {}
            }
        }
    }

    private void route(Resource resource, RouteSpec route) {
        parents(resource, route.parentRefs());
        for (int i = 0; i < route.rules().size(); i++) {
            filters(resource, "/spec/rules/" + i, route.rules().get(i).filters());
            backends(resource, "/spec/rules/" + i, route.rules().get(i).backendRefs());
        }
    }

    private void route(Resource resource, GrpcRouteSpec route) {
        parents(resource, route.parentRefs());
        for (int i = 0; i < route.rules().size(); i++) {
            filters(resource, "/spec/rules/" + i, route.rules().get(i).filters());
            backends(resource, "/spec/rules/" + i, route.rules().get(i).backendRefs());
        }
    }

    private void parents(Resource resource, List<ParentRef> parents) {
        for (int i = 0; i < parents.size() && !doors.isEmpty(); i++) {
            ParentRef parent = parents.get(i);
            if (doors.stream().noneMatch(door -> attached(parent, door))) {
                problems.addHereAndNow(
                        resource,
                        "/spec/parentRefs/" + i,
                        Problem.DANGLING_REFERENCE,
                        "No listener has this name and port.");
            }
        }
    }

    static boolean attached(ParentRef parent, Door door) {
        return (parent.sectionName() == null || parent.sectionName().equals(door.name()))
                && (parent.port() == null || parent.port() == door.port());
    }

    private void backends(Resource resource, String at, List<BackendRef> backends) {
        for (int i = 0; i < backends.size(); i++) {
            String here = at + "/backendRefs/" + i;
            need(resource, here + "/name", Kind.UPSTREAM, backends.get(i).name());
            filters(resource, here, backends.get(i).filters());
        }
    }

    private void filters(Resource resource, String at, List<Filter> filters) {
        for (int i = 0; i < filters.size(); i++) {
            String here = at + "/filters/" + i;
            Filter.@Nullable RequestMirror mirror = filters.get(i).requestMirror();
            if (mirror != null) {
                need(
                        resource,
                        here + "/requestMirror/backendRef/name",
                        Kind.UPSTREAM,
                        mirror.backendRef().name());
            }
            Filter.@Nullable ExtensionRef extension = filters.get(i).extensionRef();
            if (extension != null) {
                need(resource, here + "/extensionRef/name", Kind.POLICY, extension.name());
            }
        }
    }

    private void policy(Resource resource, PolicySpec policy) {
        for (int i = 0; i < policy.targetRefs().size(); i++) {
            PolicySpec.TargetRef ref = policy.targetRefs().get(i);
            String here = "/spec/targetRefs/" + i;
            switch (ref.kind()) {
                case HTTP_ROUTE -> section(resource, here, ref, find(Kind.HTTP_ROUTE, ref.name()));
                case GRPC_ROUTE -> section(resource, here, ref, find(Kind.GRPC_ROUTE, ref.name()));
                case UPSTREAM -> need(resource, here + "/name", Kind.UPSTREAM, ref.name());
                case GATEWAY -> {}
            }
        }
        if (policy.authorization() == null) {
            return;
        }
        for (int i = 0; i < policy.authorization().rules().size(); i++) {
            PolicySpec.@Nullable Principal principal =
                    policy.authorization().rules().get(i).principal();
            for (int j = 0; principal != null && j < principal.consumers().size(); j++) {
                String here = "/spec/authorization/rules/" + i + "/principal/consumers/" + j;
                need(resource, here, Kind.CONSUMER, principal.consumers().get(j));
            }
        }
    }

    private void section(Resource policy, String at, PolicySpec.TargetRef ref, @Nullable Resource route) {
        if (route == null) {
            problems.add(
                    policy, at + "/name", Problem.DANGLING_REFERENCE, "There is no such route: " + ref.name() + ".");
            return;
        }
        Set<String> names = new HashSet<>();
        switch (route.spec()) {
            case RouteSpec spec -> spec.rules().forEach(rule -> names.add(rule.name() == null ? "" : rule.name()));
            case GrpcRouteSpec spec -> spec.rules().forEach(rule -> names.add(rule.name() == null ? "" : rule.name()));
            case UpstreamSpec other -> {}
            case ConsumerSpec other -> {}
            case PolicySpec other -> {}
            case io.aerofusion.route.CertificateSpec other -> {}
        }
        if (ref.sectionName() != null && !names.contains(ref.sectionName())) {
            problems.add(
                    policy, at + "/sectionName", Problem.DANGLING_REFERENCE, "The route has no rule of this name.");
        }
    }

    /** A credential leads to one consumer. */
    private void credentials(Resource resource, ConsumerSpec consumer, Map<Object, String> owners) {
        for (int i = 0; i < consumer.credentials().size(); i++) {
            Object identity = switch (consumer.credentials().get(i)) {
                case ConsumerSpec.Credential.ApiKey key -> "key|" + key.hash();
                case ConsumerSpec.Credential.Basic basic -> "basic|" + basic.username();
                case ConsumerSpec.Credential.Jwt jwt -> jwt;
                case ConsumerSpec.Credential.MutualTls certificate -> certificate;
            };
            String owner = owners.putIfAbsent(identity, resource.name());
            if (owner != null) {
                problems.add(
                        resource,
                        "/spec/credentials/" + i,
                        Problem.DUPLICATE,
                        "Consumer " + owner + " has this credential.");
            }
        }
    }

    private void need(Resource resource, String pointer, Kind kind, String name) {
        if (find(kind, name) == null) {
            problems.add(
                    resource, pointer, Problem.DANGLING_REFERENCE, "There is no " + kind.label() + " " + name + ".");
        }
    }

    private @Nullable Resource find(Kind kind, String name) {
        return byName.getOrDefault(kind, Map.of()).get(name);
    }
}
