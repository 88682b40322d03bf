package io.aerofusion.gateway.routing;

import io.aerofusion.route.CertificateSpec;
import io.aerofusion.route.Checks;
import io.aerofusion.route.ConsumerSpec;
import io.aerofusion.route.Generation;
import io.aerofusion.route.GrpcRouteSpec;
import io.aerofusion.route.Kind;
import io.aerofusion.route.PolicySpec;
import io.aerofusion.route.Problem;
import io.aerofusion.route.Resource;
import io.aerofusion.route.RouteSpec;
import io.aerofusion.route.UpstreamSpec;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Checks a generation as a whole and makes of it what the data path reads. Pure but for the clock, by which certificates expire; any
 * thread may use it.
 */
public final class Compiler {
    /** More problems than this are not reported. */
    public static final int PROBLEMS_MAX = 1000;

    private final List<Door> doors;
    private final InstantSource clock;
    private final List<PolicyCheck> policyChecks;

    /** Says what is wrong with a policy that needs more than the model knows: expressions, networks, keys. */
    @FunctionalInterface
    public interface PolicyCheck {
        List<Problem> check(Resource policy, PolicySpec spec);
    }

    /**
     * @param doors the gateway's listeners
     * @param policyChecks further checks of every policy
     */
    public Compiler(List<Door> doors, InstantSource clock, List<PolicyCheck> policyChecks) {
        this.doors = List.copyOf(doors);
        this.clock = clock;
        this.policyChecks = List.copyOf(policyChecks);
    }

    /** Compiles a generation, or says everything that is wrong with it: the check of a change before it is published. */
    public Outcome compile(Generation generation) {
        return compile(generation, new Problems(false));
    }

    /**
     * Compiles a generation that was published: what is wrong with it only by now (a certificate expired), only on this node (it has no
     * listener of that name), or without effect (a policy says what its target does not do) keeps no node from serving all the rest;
     * {@link Compiled#warnings} says it.
     */
    public Outcome compilePublished(Generation generation) {
        return compile(generation, new Problems(true));
    }

    private Outcome compile(Generation generation, Problems problems) {
        for (Resource resource : generation.resources()) {
            problems.addAll(Checks.check(resource));
        }
        new References(generation, doors, problems).check();
        Policies policies = new Policies(generation.of(Kind.POLICY).toList(), problems);
        Map<String, UpstreamSpec> upstreams = new HashMap<>();
        Map<String, EffectivePolicy> upstreamPolicies = new HashMap<>();
        Map<String, ConsumerSpec> consumers = new HashMap<>();
        Map<String, CertificateSpec> certificates = new HashMap<>();
        Map<String, String> certifiedHosts = new HashMap<>();
        CertificateChecks certificateChecks = new CertificateChecks(clock.instant(), problems);
        List<Resource> routes = new ArrayList<>();
        for (Resource resource : generation.resources()) {
            switch (resource.spec()) {
                case RouteSpec route -> routes.add(resource);
                case GrpcRouteSpec route -> routes.add(resource);
                case UpstreamSpec upstream -> {
                    upstreams.put(resource.name(), upstream);
                    upstreamPolicies.put(resource.name(), policies.ofUpstream(resource.name()));
                    if (upstream.tls() != null && upstream.tls().caCertificates() != null) {
                        certificateChecks.read(
                                resource,
                                "/spec/tls/caCertificates",
                                upstream.tls().caCertificates());
                    }
                }
                case ConsumerSpec consumer -> consumers.put(resource.name(), consumer);
                case PolicySpec policy -> {
                    for (PolicyCheck check : policyChecks) {
                        problems.addAll(check.check(resource, policy));
                    }
                }
                case CertificateSpec certificate -> {
                    certificates.put(resource.name(), certificate);
                    certificateChecks.check(resource, certificate, certifiedHosts);
                }
            }
        }
        RouteTables tables = new RouteTables(doors, upstreams, policies, problems);
        tables.compile(routes);
        if (!problems.isEmpty()) {
            return new Outcome.Refused(problems.list());
        }
        return new Compiled(
                generation,
                doors,
                tables.rules(),
                tables.listeners(),
                tables.routes(),
                upstreams,
                upstreamPolicies,
                consumers,
                certificates,
                problems.tolerated());
    }
}
