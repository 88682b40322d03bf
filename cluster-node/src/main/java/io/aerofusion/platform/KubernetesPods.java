package io.aerofusion.platform;

import akka.actor.ExtendedActorSystem;
import akka.discovery.Lookup;
import akka.discovery.ServiceDiscovery.Resolved;
import akka.discovery.ServiceDiscovery.ResolvedTarget;
import com.fasterxml.jackson.databind.JsonNode;
import com.typesafe.config.Config;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import scala.Option;
import scala.concurrent.Future;
import scala.concurrent.duration.FiniteDuration;
import scala.jdk.javaapi.CollectionConverters;
import scala.jdk.javaapi.FutureConverters;

/**
 * The pods that are ready for a service's requests: the method {@code kubernetes-api} of Akka Discovery, with the settings of Akka's own.
 * Akka's is there for nodes that look for each other at their start: it tells of pods that are not ready, too, reads the token once,
 * which then expires, and without a port's name tells of no port. Of a gateway's pods none of this may be.
 */
public final class KubernetesPods extends akka.discovery.ServiceDiscovery {
    private final KubernetesApi api;
    private final String labelSelector;
    private final String domain;
    private final boolean rawIp;

    /** Made by Akka Discovery. @throws IllegalStateException when nobody says where the API server is */
    public KubernetesPods(ExtendedActorSystem system) {
        Config settings = system.settings().config().getConfig("akka.discovery.kubernetes-api");
        api = new KubernetesApi(settings);
        labelSelector = settings.getString("pod-label-selector");
        domain = settings.getString("pod-domain");
        rawIp = settings.getBoolean("use-raw-ip");
        system.registerOnTermination(api::close);
    }

    /** Reads small files: for a thread that may block. Fails with a sentence for the operator. */
    @Override
    public Future<Resolved> lookup(Lookup query, FiniteDuration limit) {
        String name = query.serviceName();
        String port = query.getPortName().orElse(null);
        String namespace = api.namespace();
        return FutureConverters.asScala(api.pods(
                        namespace, labelSelector.replace("%s", name), Duration.ofNanos(limit.toNanos()))
                .thenApply(list -> new Resolved(
                        name,
                        CollectionConverters.asScala(targets(list, name, port, namespace))
                                .toList())));
    }

    private List<ResolvedTarget> targets(JsonNode list, String service, @Nullable String port, String namespace) {
        List<ResolvedTarget> targets = new ArrayList<>();
        Set<String> others = new TreeSet<>();
        int ready = 0;
        for (JsonNode pod : list.path("items")) {
            if (!isReady(pod)) {
                continue;
            }
            ready++;
            List<Integer> ports = ports(pod, port, others);
            if (ports.size() == 1) {
                String ip = pod.at("/status/podIP").asText();
                String host = rawIp ? ip : ip.replace('.', '-').replace(':', '-') + "." + namespace + ".pod." + domain;
                targets.add(new ResolvedTarget(
                        host, Option.apply(ports.getFirst()), Option.apply(InetAddress.ofLiteral(ip))));
            }
        }
        if (ready > 0 && targets.isEmpty()) {
            throw new IllegalStateException("None of the " + ready + " ready pods of " + service + " has "
                    + (port == null
                            ? "exactly one port of a container, and no portName chooses"
                            : "a port of a container named " + port)
                    + "; there are " + others);
        }
        return targets;
    }

    /** What Kubernetes itself asks before it sends a pod requests. */
    private static boolean isReady(JsonNode pod) {
        if (pod.at("/metadata").hasNonNull("deletionTimestamp")
                || pod.at("/status/podIP").asText().isEmpty()) {
            return false;
        }
        for (JsonNode condition : pod.at("/status/conditions")) {
            if (condition.path("type").asText().equals("Ready")) {
                return condition.path("status").asText().equals("True");
            }
        }
        return false;
    }

    /** The ports of the name, or all; at most one of a name, which is unique in a pod. Adds what others would have had to be named. */
    private static List<Integer> ports(JsonNode pod, @Nullable String name, Set<String> others) {
        List<Integer> ports = new ArrayList<>();
        for (JsonNode container : pod.at("/spec/containers")) {
            for (JsonNode port : container.path("ports")) {
                int number = port.path("containerPort").asInt();
                if (name == null || name.equals(port.path("name").asText())) {
                    ports.add(number);
                }
                others.add(port.path("name").asText() + ":" + number);
            }
        }
        return ports;
    }
}
