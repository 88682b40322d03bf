package io.aerofusion.platform;

import akka.actor.typed.ActorSystem;
import akka.discovery.Discovery;
import akka.discovery.Lookup;
import akka.discovery.ServiceDiscovery.ResolvedTarget;
import com.typesafe.config.Config;
import io.aerofusion.gateway.upstream.ServiceLookup;
import io.aerofusion.gateway.upstream.Target;
import io.aerofusion.platform.persistence.StartException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/** Akka Discovery (Kubernetes API, DNS, configuration) as the gateway's upstreams ask it. */
final class ServiceDiscovery {
    private static final Duration LOOKUP_TIMEOUT = Duration.ofSeconds(5);

    private ServiceDiscovery() {}

    /** The method that {@code aerofusion.gateway.discovery} names. @throws StartException when it cannot be used */
    static ServiceLookup of(Config config, ActorSystem<?> system, Executor blocking) {
        String method = config.getString("aerofusion.gateway.discovery");
        if (method.isEmpty()) {
            return ServiceLookup.NONE;
        }
        var discovery = loaded(method, system);
        return (name, port) -> {
            Lookup lookup =
                    port == null ? Lookup.create(name) : Lookup.create(name).withPortName(port);
            // Some methods read files before they ask anybody.
            return CompletableFuture.supplyAsync(() -> discovery.lookup(lookup, LOOKUP_TIMEOUT), blocking)
                    .thenCompose(asked -> asked)
                    .thenApplyAsync(resolved -> targets(resolved.getAddresses()), blocking);
        };
    }

    private static akka.discovery.ServiceDiscovery loaded(String method, ActorSystem<?> system) {
        try {
            return Discovery.get(system).loadServiceDiscovery(method);
        } catch (RuntimeException e) {
            throw new StartException(
                    "aerofusion.gateway.discovery: the method " + method + " of Akka Discovery cannot be used: "
                            + e.getMessage() + ".",
                    e);
        }
    }

    /** Names are resolved here, which blocks; a target without a port is no endpoint. */
    private static List<Target.Weighted> targets(List<ResolvedTarget> found) {
        List<Target.Weighted> targets = new ArrayList<>();
        for (ResolvedTarget target : found) {
            if (target.getPort().isEmpty()) {
                continue;
            }
            try {
                InetAddress address = target.getAddress().isPresent()
                        ? target.getAddress().get()
                        : InetAddress.getByName(target.host());
                targets.add(new Target.Weighted(
                        new Target(target.host(), address, (Integer)
                                target.getPort().get()),
                        1));
            } catch (UnknownHostException e) {
                throw new IllegalStateException("the host " + target.host() + " is unknown", e);
            }
        }
        if (targets.isEmpty() && !found.isEmpty()) {
            throw new IllegalStateException("It was found without a port; portName may say which");
        }
        return targets;
    }
}
