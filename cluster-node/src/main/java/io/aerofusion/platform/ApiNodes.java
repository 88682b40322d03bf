package io.aerofusion.platform;

import akka.Done;
import akka.actor.CoordinatedShutdown;
import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import akka.actor.typed.Props;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.receptionist.Receptionist;
import akka.actor.typed.receptionist.ServiceKey;
import com.typesafe.config.Config;
import io.aerofusion.gateway.upstream.EndpointSource;
import io.aerofusion.gateway.upstream.Target;
import io.aerofusion.gateway.upstream.Transport;
import io.aerofusion.platform.cluster.Durable;
import io.aerofusion.platform.http.Tls;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Where the platform's API is, for the gateway of this node: its own first, those of the other nodes for when that cannot be used.
 *
 * <p>Nodes find each other by the receptionist once they are ready, and each tells where the others reach its API and by which certificate it is
 * known. That comes over the cluster's own connections, mutual TLS as soon as they leave the machine, so no authority need vouch for it
 * again. What was not told is asked for every {@link #LOOK_EVERY}. A node that leaves says so before it stops to answer, and prefers the
 * others itself; one that cannot be reached is left out by the receptionist.
 */
final class ApiNodes implements EndpointSource {
    /** How often nodes that did not tell yet are asked again, and the names of hosts are looked up. */
    static final Duration LOOK_EVERY = Duration.ofSeconds(5);

    private static final int OWN = 0;
    private static final int OTHERS = 1;
    /** Of this node while it leaves. */
    private static final int LEAVING = 2;

    private static final ServiceKey<Message> KEY = ServiceKey.create(Message.class, "platform-api");

    private final ActorRef<Message> actor;
    private final Failure failure;

    /** What the nodes tell each other, and what this one is told. */
    sealed interface Message {}

    /** Asks a node for its API. */
    record Ask(ActorRef<Message> replyTo) implements Message, Durable {}

    /**
     * Where a node's API is reached.
     *
     * @param certificate in PEM, by which it is known; "" when it speaks plain HTTP
     */
    record At(ActorRef<Message> node, String host, int port, String certificate) implements Message, Durable {}

    /** The node leaves: its API should not be used any more. */
    record Gone(ActorRef<Message> node) implements Message, Durable {}

    private record Bound(InetSocketAddress address) implements Message {}

    private record Listed(Set<ActorRef<Message>> nodes) implements Message {}

    /** @param unknown the hosts that have no address, for whoever looks for the reason */
    private record Resolved(Map<String, InetAddress> addresses, String unknown) implements Message {}

    private record Open(Consumer<List<Target.Weighted>> listener) implements Message {}

    private record Close(Consumer<List<Target.Weighted>> listener) implements Message {}

    private record Leave(CompletableFuture<Done> done) implements Message {}

    private enum Signal implements Message {
        READY,
        LOOK
    }

    /** Why a node's host has no address at present; "" if all have. */
    private static final class Failure {
        private volatile String why = "";
    }

    private ApiNodes(ActorRef<Message> actor, Failure failure) {
        this.actor = actor;
        this.failure = failure;
    }

    /**
     * Starts this node's part, once per node.
     *
     * @param tls of the API of this node
     * @param blocking where names are looked up
     */
    static ApiNodes start(ActorSystem<?> system, Config config, Optional<Tls> tls, Executor blocking) {
        Failure failure = new Failure();
        String certificate = tls.map(Tls::certificate).orElse("");
        boolean onOneMachine = Exposure.onOneMachine(config);
        Behavior<Message> nodes = Behaviors.setup(context -> Behaviors.withTimers(timers -> {
            timers.startTimerWithFixedDelay(Signal.LOOK, LOOK_EVERY);
            return new Nodes(context, config, onOneMachine, certificate, blocking, failure);
        }));
        ActorRef<Message> actor = system.systemActorOf(nodes, "platform-api", Props.empty());
        CoordinatedShutdown.get(system)
                .addTask(CoordinatedShutdown.PhaseBeforeServiceUnbind(), "tell-of-leaving", () -> {
                    CompletableFuture<Done> done = new CompletableFuture<>();
                    actor.tell(new Leave(done));
                    return done;
                });
        return new ApiNodes(actor, failure);
    }

    /** The API of this node answers there from now on. */
    void isAt(InetSocketAddress bound) {
        actor.tell(new Bound(bound));
    }

    /** The node is ready: the others learn of its API. */
    void tellOthers() {
        actor.tell(Signal.READY);
    }

    @Override
    public Subscription open(Consumer<List<Target.Weighted>> listener) {
        actor.tell(new Open(listener));
        return new Subscription() {
            @Override
            public void close() {
                actor.tell(new Close(listener));
            }

            @Override
            public String failure() {
                return failure.why;
            }
        };
    }

    /**
     * Whether what a node told can be used from here. A loopback address is this machine, and that node's only if all are on it; and no
     * token leaves the machine without TLS, whatever somebody tells.
     */
    static boolean usable(InetAddress address, String certificate, boolean onOneMachine) {
        return address.isLoopbackAddress() ? onOneMachine : !certificate.isEmpty();
    }

    /** Knows the nodes; tells the listeners one list after the other. */
    private static final class Nodes extends AbstractBehavior<Message> {
        private final Config config;
        private final boolean onOneMachine;
        private final String certificate;
        private final Executor blocking;
        private final Failure failure;
        private final Set<Consumer<List<Target.Weighted>>> listeners = new LinkedHashSet<>();
        private final Set<ActorRef<Message>> listed = new HashSet<>();
        private final Map<ActorRef<Message>, At> others = new HashMap<>();
        /** The addresses of the others' hosts, as they were found last. */
        private Map<String, InetAddress> addresses = Map.of();

        private @Nullable InetSocketAddress bound;
        private @Nullable At own;
        private boolean leaving;
        private @Nullable List<Target.Weighted> told;

        Nodes(
                ActorContext<Message> context,
                Config config,
                boolean onOneMachine,
                String certificate,
                Executor blocking,
                Failure failure) {
            super(context);
            this.config = config;
            this.onOneMachine = onOneMachine;
            this.certificate = certificate;
            this.blocking = blocking;
            this.failure = failure;
            // Those that are unreachable for the cluster are left out: they are for when this node does not answer
            // itself.
            context.getSystem()
                    .receptionist()
                    .tell(Receptionist.subscribe(
                            KEY,
                            context.messageAdapter(
                                    Receptionist.Listing.class,
                                    listing -> new Listed(listing.getServiceInstances(KEY)))));
        }

        @Override
        public Receive<Message> createReceive() {
            return newReceiveBuilder().onMessage(Message.class, this::on).build();
        }

        private Behavior<Message> on(Message message) {
            switch (message) {
                case Ask ask -> {
                    if (own != null) {
                        ask.replyTo().tell(own);
                    }
                }
                case At at -> {
                    if (listed.contains(at.node()) && !at.equals(others.put(at.node(), at))) {
                        resolve();
                    }
                }
                case Gone gone -> {
                    others.remove(gone.node());
                    tell();
                }
                case Bound now -> {
                    bound = now.address();
                    tell();
                }
                case Listed now -> onListed(now.nodes());
                case Resolved found -> onResolved(found);
                case Open open -> {
                    listeners.add(open.listener());
                    if (told != null) {
                        open.listener().accept(told);
                    }
                }
                case Close close -> listeners.remove(close.listener());
                case Leave leave -> onLeave(leave);
                case Signal signal -> {
                    switch (signal) {
                        case READY -> onReady();
                        case LOOK -> {
                            askOthers();
                            resolve();
                        }
                    }
                }
            }
            return this;
        }

        private void onReady() {
            if (bound == null || leaving) {
                return;
            }
            Optional<InetSocketAddress> reached = Exposure.advertised(config, bound);
            if (reached.isEmpty()) {
                getContext()
                        .getLog()
                        .info("Other nodes cannot reach the API of this one: it is bound to a loopback address");
                return;
            }
            ActorRef<Message> self = getContext().getSelf();
            own = new At(self, reached.get().getHostString(), reached.get().getPort(), certificate);
            getContext().getSystem().receptionist().tell(Receptionist.register(KEY, self));
        }

        private void onListed(Set<ActorRef<Message>> nodes) {
            listed.clear();
            listed.addAll(nodes);
            listed.remove(getContext().getSelf());
            others.keySet().retainAll(listed);
            askOthers();
            tell();
        }

        private void askOthers() {
            for (ActorRef<Message> node : listed) {
                if (!others.containsKey(node)) {
                    node.tell(new Ask(getContext().getSelf()));
                }
            }
        }

        private void resolve() {
            if (others.isEmpty()) {
                return;
            }
            List<String> hosts =
                    others.values().stream().map(At::host).distinct().toList();
            try {
                getContext()
                        .pipeToSelf(
                                CompletableFuture.supplyAsync(() -> resolved(hosts), blocking),
                                (found, failed) ->
                                        found == null ? new Resolved(Map.of(), "no names can be looked up") : found);
            } catch (RuntimeException full) { // looked for again
                getContext().getLog().debug("The names of nodes are not looked up now", full);
            }
        }

        private static Resolved resolved(Collection<String> hosts) {
            Map<String, InetAddress> found = new HashMap<>();
            List<String> unknown = new ArrayList<>();
            for (String host : hosts) {
                try {
                    found.put(host, InetAddress.getByName(host));
                } catch (UnknownHostException e) {
                    unknown.add(host);
                }
            }
            return new Resolved(
                    found, unknown.isEmpty() ? "" : "unknown hosts of nodes: " + String.join(", ", unknown));
        }

        private void onResolved(Resolved found) {
            if (!found.unknown().isEmpty() && !found.unknown().equals(failure.why)) {
                getContext().getLog().warn("The API of other nodes cannot be used as told: {}", found.unknown());
            }
            failure.why = found.unknown();
            Map<String, InetAddress> known = new HashMap<>(addresses);
            known.keySet().retainAll(others.values().stream().map(At::host).toList());
            known.putAll(found.addresses());
            addresses = known;
            tell();
        }

        private void onLeave(Leave leave) {
            leaving = true;
            if (own != null) {
                own = null;
                ActorRef<Message> self = getContext().getSelf();
                getContext().getSystem().receptionist().tell(Receptionist.deregister(KEY, self));
                listed.forEach(node -> node.tell(new Gone(self)));
            }
            tell();
            leave.done().complete(Done.getInstance());
        }

        /** Tells the endpoints as they are now, if they are others than before; nothing before this node's own is known. */
        private void tell() {
            if (bound == null) {
                return;
            }
            List<Target.Weighted> now = new ArrayList<>();
            InetAddress here =
                    bound.getAddress().isAnyLocalAddress() ? InetAddress.getLoopbackAddress() : bound.getAddress();
            now.add(target(here.getHostAddress(), here, bound.getPort(), certificate, leaving ? LEAVING : OWN));
            for (At at : others.values()) {
                InetAddress address = addresses.get(at.host());
                if (address != null && usable(address, at.certificate(), onOneMachine)) {
                    now.add(target(at.host(), address, at.port(), at.certificate(), OTHERS));
                }
            }
            now.sort(Comparator.comparingInt(Target.Weighted::priority)
                    .thenComparing(weighted -> weighted.target().text()));
            if (!now.equals(told)) {
                told = List.copyOf(now);
                for (Consumer<List<Target.Weighted>> listener : listeners) {
                    listener.accept(told);
                }
            }
        }

        private static Target.Weighted target(
                String host, InetAddress address, int port, String certificate, int priority) {
            Transport transport = certificate.isEmpty() ? Transport.HTTP : Transport.pinned(certificate);
            return new Target.Weighted(new Target(host, new InetSocketAddress(address, port), transport), 1, priority);
        }
    }
}
