package io.aerofusion.platform;

import akka.actor.typed.ActorSystem;
import akka.cluster.MemberStatus;
import akka.cluster.typed.Cluster;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.typesafe.config.Config;
import io.aerofusion.gateway.DocumentFetch;
import io.aerofusion.gateway.Gateway;
import io.aerofusion.gateway.GatewaySettings;
import io.aerofusion.gateway.cache.Purge;
import io.aerofusion.gateway.limit.LimitLeases;
import io.aerofusion.gateway.routing.Compiled;
import io.aerofusion.gateway.routing.Compiler;
import io.aerofusion.gateway.routing.Outcome;
import io.aerofusion.gateway.security.ConsumerRights;
import io.aerofusion.gateway.security.Consumers;
import io.aerofusion.gateway.security.GuardPolicies;
import io.aerofusion.gateway.security.GuardState;
import io.aerofusion.gateway.security.HttpFetch;
import io.aerofusion.gateway.security.PolicyCompiler;
import io.aerofusion.gateway.security.RevokedTokens;
import io.aerofusion.gateway.upstream.ServiceLookup;
import io.aerofusion.platform.http.Tls;
import io.aerofusion.platform.persistence.StartException;
import io.aerofusion.route.FetchedDocument;
import io.aerofusion.route.GatewayListener;
import io.aerofusion.route.Generation;
import io.aerofusion.route.Problem;
import io.aerofusion.route.Revocation;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The gateway's data path on this node and what it needs of the rest: compiles every generation that this node gets, on a thread of its own
 * and the newest only, and has it served. What cannot be compiled is told; the one before is served on.
 */
final class DataPath implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DataPath.class);

    private final Gateway gateway;
    private final Compiler compiler;
    private final HttpFetch fetch;
    private final GuardState guards;
    private final ApiNodes api;
    private final GuardPolicies policies;
    private final Map<String, URI> publicUrls;
    private final AtomicReference<@Nullable Supplier<Generation>> wanted = new AtomicReference<>();
    private final ExecutorService compiling = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().name("gateway-compile").daemon().factory());
    private final CompletableFuture<Boolean> begun = new CompletableFuture<>();
    private volatile String failure = "";
    private volatile @Nullable Compiled served;

    private DataPath(
            Gateway gateway,
            InstantSource clock,
            HttpFetch fetch,
            GuardState guards,
            ApiNodes api,
            GuardPolicies policies,
            Map<String, URI> publicUrls) {
        this.gateway = gateway;
        this.compiler = new Compiler(gateway.doors(), clock, List.of(PolicyCompiler::check));
        this.fetch = fetch;
        this.guards = guards;
        this.api = api;
        this.policies = policies;
        this.publicUrls = publicUrls;
    }

    /** Binds the listeners; nothing is served before the first generation. @throws StartException when one cannot be bound */
    static DataPath start(
            Config config,
            Optional<Tls> tls,
            ActorSystem<?> system,
            Executor blocking,
            InstantSource clock,
            Path directory) {
        ApiNodes api = ApiNodes.start(system, config, tls, blocking);
        HttpFetch fetch = new HttpFetch();
        LimitLeases leases = LimitOwners.start(system);
        GuardState guards = new GuardState(fetch, clock, System::nanoTime, () -> members(system), leases);
        GuardPolicies policies = new GuardPolicies(guards);
        try {
            ServiceLookup discovery = GatewayConfig.told(() -> ServiceDiscovery.of(config, system, blocking));
            GatewaySettings settings = GatewayConfig.settings(config, clock, discovery, api, policies, directory);
            Map<String, URI> publicUrls = GatewayConfig.publicUrls(config);
            return new DataPath(bound(settings), clock, fetch, guards, api, policies, publicUrls);
        } catch (RuntimeException e) {
            fetch.close();
            guards.close();
            throw e;
        }
    }

    private static Gateway bound(GatewaySettings settings) {
        try {
            return GatewayConfig.told(() -> Gateway.start(settings));
        } catch (IllegalStateException e) {
            throw new StartException(
                    e.getMessage() + ": another program uses the port, or it may not be used; choose one with"
                            + " --gateway-port.",
                    e);
        }
    }

    private static int members(ActorSystem<?> system) {
        int up = 0;
        for (var member : Cluster.get(system).state().getMembers()) {
            up += member.status().equals(MemberStatus.up()) ? 1 : 0;
        }
        return Math.max(1, up);
    }

    /** The platform's own API is there from now on. */
    void apiIsAt(InetSocketAddress address) {
        api.isAt(address);
    }

    /** The node takes requests: the gateways of the others may use its API, too. */
    void ready() {
        api.tellOthers();
    }

    /** What is wrong with a generation as a whole. */
    List<Problem> check(Generation generation) {
        List<Problem> problems = new ArrayList<>();
        Consumers.of(generation, problems);
        if (compiler.compile(generation) instanceof Outcome.Refused refused) {
            problems.addAll(refused.problems());
        }
        return problems;
    }

    /** What the gateway would do with a request, see {@link RequestQuestion}. */
    JsonNode explain(Generation generation, JsonNode question) {
        return RequestQuestion.answer(compiler.compilePublished(generation), gateway.doors(), guards, question);
    }

    /** These revocations count from now on, here and for whoever shares {@link #oidc}. */
    void revoke(Collection<Revocation> revocations) {
        guards.revoked().set(RevokedTokens.of(revocations));
    }

    /** Forgets stored responses, see {@link Purge}; looks at all. Answers how many. */
    JsonNode purge(JsonNode question) {
        Purge purge = new Purge(
                text(question, "route"),
                text(question, "host"),
                text(question, "path"),
                text(question, "pathPrefix"),
                text(question, "tag"));
        return JsonNodeFactory.instance.objectNode().put("purged", guards.purge(purge));
    }

    private static @Nullable String text(JsonNode question, String field) {
        return question.path(field).textValue();
    }

    /** Checks the tokens of the configured OpenID providers; empty when there are none. @throws StartException when they make no sense */
    Optional<OidcTokens> oidc(Config config, InstantSource clock) {
        return OidcTokens.of(config, fetch, clock, guards.revoked());
    }

    /** How the data path of this node is. */
    JsonNode status() {
        return DataPathStatus.of(gateway, failure);
    }

    /** The listeners, as clients see them. */
    List<GatewayListener> listeners() {
        return gateway.doors().stream()
                .map(door -> new GatewayListener(
                        door.name(), door.port(), door.hostname(), door.tls(), publicUrls.get(door.name())))
                .toList();
    }

    /** Gets a document of an upstream; never fails. */
    CompletionStage<FetchedDocument> document(FetchedDocument.Wanted wanted) {
        return gateway.fetch(new DocumentFetch.Wanted(
                        wanted.upstream(), wanted.path(), wanted.etag(), wanted.bytesMax(), wanted.timeout()))
                .thenApply(fetched -> switch (fetched) {
                    case DocumentFetch.Fetched.Document document ->
                        new FetchedDocument.Content(document.content(), document.etag());
                    case DocumentFetch.Fetched.Unchanged same -> new FetchedDocument.Unchanged();
                    case DocumentFetch.Fetched.Failed failed -> new FetchedDocument.Failed(failed.why());
                });
    }

    /** Which routes a consumer may use on this node, and within which limits. */
    ObjectNode rights(String consumer) {
        Compiled compiled = served;
        return ConsumerStatus.rights(compiled == null ? List.of() : ConsumerRights.of(compiled, consumer));
    }

    /** Serves what the supplier gives, as soon as it is compiled; what it was told before and did not begin yet is left out. */
    void serve(Supplier<Generation> generation) {
        wanted.set(generation);
        try {
            compiling.execute(this::compileNewest);
        } catch (RejectedExecutionException e) {
            LOG.debug("The gateway is closed; nothing is compiled any more");
        }
    }

    private void compileNewest() {
        Supplier<Generation> newest = wanted.getAndSet(null);
        if (newest == null) {
            return;
        }
        try {
            switch (compiler.compilePublished(newest.get())) {
                case Compiled compiled -> {
                    if (!compiled.warnings().isEmpty()) {
                        LOG.warn(
                                "Generation {} is served although: {}",
                                compiled.generation().number(),
                                compiled.warnings());
                    }
                    served = compiled;
                    policies.serve(gateway, compiled, compiling).whenComplete((done, failed) -> begun.complete(true));
                    failure = "";
                }
                case Outcome.Refused refused -> fail(refused.problems().toString(), null);
            }
        } catch (RuntimeException e) {
            fail(String.valueOf(e.getMessage()), e);
        }
    }

    private void fail(String why, @Nullable RuntimeException cause) {
        failure = why;
        begun.complete(false);
        LOG.error(
                "A generation cannot be compiled on this node; it goes on with generation {}: {}",
                gateway.generation(),
                why,
                cause);
    }

    /** Completes when the first generation was begun to be served, or could not be. */
    CompletionStage<Boolean> begun() {
        return begun.copy();
    }

    Gateway gateway() {
        return gateway;
    }

    /** What the policies of the data path remember and count. */
    GuardState guards() {
        return guards;
    }

    /** Lets requests under way finish; new connections are refused. */
    CompletionStage<Void> drain(Duration atMost) {
        return gateway.drain(atMost);
    }

    @Override
    public void close() {
        compiling.shutdownNow();
        gateway.close();
        guards.close();
        fetch.close();
    }
}
