package io.aerofusion.route;

import akka.actor.typed.ActorRef;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import akka.cluster.sharding.typed.javadsl.Entity;
import akka.cluster.sharding.typed.javadsl.EntityRef;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.NodeContext;
import io.aerofusion.platform.cluster.EveryNode;
import io.aerofusion.platform.cluster.ReadModel;
import io.aerofusion.platform.cluster.Revisioned;
import io.aerofusion.platform.cluster.RevisionedFile;
import io.aerofusion.platform.cluster.RevisionedLimits;
import io.aerofusion.platform.cluster.RevisionedMessage;
import io.aerofusion.platform.cluster.RevisionedSnapshot;
import io.aerofusion.platform.http.ApiRequest;
import io.aerofusion.platform.http.Endpoint;
import io.aerofusion.platform.http.ProblemException;
import io.aerofusion.platform.persistence.AuditLog;
import io.aerofusion.platform.persistence.DataKey;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The control plane of the gateway on one node: starts its part of the sharding, holds the newest generation, and gives out the API. */
public final class GatewayControl {
    /** The tenant whose gateway this region serves. */
    static final String TENANT = "default";

    /**
     * How long a publication may take: the check of a large gateway takes a second, and others may be waiting. Longer than a fail-over, in
     * which changes wait for the node that takes over. A database that is away is told sooner: the writer gives up after its own bounds.
     */
    private static final Duration PUBLISH_TIMEOUT = Duration.ofSeconds(30);

    private static final Duration SINCE_TIMEOUT = Duration.ofSeconds(4);
    /** How long a caller who published waits for this node to hold it, so that it reads what it wrote. */
    private static final Duration REACHED_TIMEOUT = Duration.ofSeconds(2);

    /**
     * What Main hands over of the data path.
     *
     * @param check what is wrong with a generation as a whole
     * @param explain what the gateway would do with a request: takes the generation and the request as JSON
     * @param status what the data path of this node says of itself
     * @param listeners of the gateway
     * @param documents gets a document of an upstream; never fails
     * @param rights which routes a consumer may use and within which limits, as JSON
     * @param purge forgets stored responses of this node; may block for a while
     */
    public record DataPath(
            Function<Generation, List<Problem>> check,
            BiFunction<Generation, JsonNode, JsonNode> explain,
            Supplier<JsonNode> status,
            Supplier<List<GatewayListener>> listeners,
            Function<FetchedDocument.Wanted, CompletionStage<FetchedDocument>> documents,
            Function<String, ObjectNode> rights,
            Function<JsonNode, JsonNode> purge) {}

    private final NodeContext node;
    private final DataPath dataPath;
    private final ClusterSharding sharding;
    private final ResourceHistory resourceHistory;
    private final PublicationHistory publicationHistory;
    private final Revisioned<Configuration> revisioned;
    private final ApiCatalog apis;
    private final OwnConsumers ownConsumers;
    private final RevocationControl revocations;
    private final EveryNode caches;
    private volatile @Nullable Revisioned<Configuration> announcing;

    /**
     * Starts it; loads the last good generation from the disk.
     *
     * @param directory the node's data directory
     */
    public GatewayControl(NodeContext node, Path directory, DataPath dataPath) {
        this.node = node;
        this.dataPath = dataPath;
        this.sharding = ClusterSharding.get(node.system());
        this.resourceHistory = new ResourceHistory(node);
        this.publicationHistory = new PublicationHistory(node);
        resourceHistory.start();
        sharding.init(Entity.of(
                Publication.KEY,
                entity -> PublicationLife.create(
                        new PublicationLife.Surroundings(
                                node,
                                dataPath.check(),
                                this::announce,
                                published -> resourceHistory.tell(tenantOf(entity.getEntityId()), published)),
                        entity.getEntityId())));
        this.revisioned = Revisioned.start(
                node.system(),
                node.blocking(),
                node.clock(),
                new Revisioned.Setup<>(
                        "gateway-" + TENANT,
                        ConfigurationContent.INSTANCE,
                        RevisionedLimits.DEFAULT,
                        node.keys()
                                .keyOf(PublicationLife.subject(TENANT))
                                .map(key -> new RevisionedFile(
                                        directory.resolve("gateway").resolve(TENANT + ".generation"),
                                        seal(key, "gateway generation on disk"))),
                        question -> publication()
                                .ask(
                                        (ActorRef<RevisionedMessage.Answer> replyTo) ->
                                                new Publication.Since(question, replyTo),
                                        SINCE_TIMEOUT),
                        this::status));
        this.announcing = revisioned;
        this.apis = new ApiCatalog(
                ApiDocuments.start(
                        node.system(), dataPath.documents()::apply, this::configuration, node.blocking(), node.clock()),
                this::configuration,
                dataPath.listeners(),
                node.clock()::instant);
        this.ownConsumers = new OwnConsumers(
                this,
                OwnConsumers.Settings.of(node.system().settings().config().getConfig("aerofusion.gateway.portal")));
        this.revocations = new RevocationControl(node, directory);
        this.caches = EveryNode.start(node.system(), "gateway-caches", node.blocking(), dataPath.purge());
    }

    /** The API of the gateway's control plane. */
    public List<Endpoint> endpoints() {
        List<Endpoint> endpoints = new ArrayList<>();
        for (Kind kind : Kind.values()) {
            endpoints.addAll(new ResourceRoutes(this, kind).endpoints());
        }
        endpoints.addAll(new ApiKeyRoutes(this).endpoints());
        endpoints.addAll(new ConfigurationRoutes(this).endpoints());
        endpoints.addAll(new GenerationRoutes(this).endpoints());
        endpoints.addAll(new OperationRoutes(this, dataPath).endpoints());
        endpoints.addAll(new ApiRoutes(this, apis).endpoints());
        endpoints.addAll(new PortalRoutes(this, dataPath, ownConsumers).endpoints());
        endpoints.addAll(new RevocationRoutes(this, revocations, node.clock()).endpoints());
        endpoints.add(new CacheRoutes(this, caches).endpoint());
        return endpoints;
    }

    /** What this node says of its gateway, beside the generation it holds. */
    private JsonNode status() {
        JsonNode status = dataPath.status().get();
        ApiCatalog started = apis; // asked while the node is just starting it is not there yet
        if (started != null && status instanceof ObjectNode object) {
            object.set("apis", started.status());
        }
        return status;
    }

    /** Removes the consumers of a user who is being erased; safe to repeat. */
    public CompletionStage<Void> forget(String tenant, String user, String by) {
        return tenant.equals(TENANT) ? ownConsumers.forget(user, by) : CompletableFuture.completedFuture(null);
    }

    /** What the projection of this domain writes. */
    public ReadModel<?> readModel() {
        return new PublicationReadModel(new AuditLog(node.database(), node.keys()));
    }

    /** What the projection of this domain writes about revocations. */
    public ReadModel<?> revocationsReadModel() {
        return new RevocationReadModel(new AuditLog(node.database(), node.keys()));
    }

    /** Tells which tokens are revoked, now and at every change, in order. */
    public void revoke(Consumer<Collection<Revocation>> verifiers) {
        revocations.watch(verifiers);
    }

    /** The configuration that this node holds. */
    RevisionedSnapshot<Configuration> snapshot() {
        return revisioned.snapshot();
    }

    Configuration configuration() {
        return snapshot().get().whole();
    }

    /** Publishes a change set, or says what it would do; completes when this node holds what was published. */
    CompletionStage<Publication.Reply> publish(ApiRequest request, ChangeSet set, boolean dryRun) {
        return publish(set, dryRun, request.caller().actor());
    }

    CompletionStage<Publication.Reply> publish(ChangeSet set, boolean dryRun, String by) {
        byte[] changes = set.write();
        if (changes.length > ChangeSet.DEFLATED_BYTES_MAX) {
            return CompletableFuture.completedFuture(new Publication.Refused(
                    ErrorCode.BODY_TOO_LARGE,
                    "A change has " + ChangeSet.DEFLATED_BYTES_MAX + " bytes at most when it is deflated; this one has "
                            + changes.length + ".",
                    List.of()));
        }
        return publication()
                .ask(
                        (ActorRef<Publication.Reply> replyTo) -> new Publication.Publish(changes, dryRun, by, replyTo),
                        PUBLISH_TIMEOUT)
                .thenCompose(reply -> reply instanceof Publication.Published published && !dryRun
                        ? reached(published.generation())
                                .toCompletableFuture()
                                .completeOnTimeout(false, REACHED_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)
                                .thenApply(reached -> reply)
                        : CompletableFuture.completedFuture(reply));
    }

    /** Holds the caller against the tenant whose gateway this is. */
    void require(ApiRequest request) {
        if (!request.caller().tenant().equals(TENANT)) {
            throw new ProblemException(ErrorCode.FORBIDDEN, "The gateway belongs to another tenant.");
        }
    }

    /** The last changes of a resource, the newest first. */
    CompletionStage<List<ResourceEvent.Changed>> historyOf(ResourceKey key) {
        return resourceHistory.of(TENANT, key);
    }

    /** What each node holds. */
    CompletionStage<Revisioned.Holdings> holdings() {
        return revisioned.holdings();
    }

    /** Asks for the newest; completes when this node holds that generation or a later one, or after a while without it. */
    CompletionStage<Boolean> refreshed(long generation) {
        revisioned.refresh();
        return reached(generation)
                .toCompletableFuture()
                .completeOnTimeout(false, REACHED_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
    }

    Executor blocking() {
        return node.blocking();
    }

    /** Tells the data path of this node every configuration it should serve, beginning with the one that it has. */
    public void serve(Consumer<Supplier<Generation>> dataPathOfNode) {
        snapshot().watch(held -> dataPathOfNode.accept(held.whole()::generationOf));
    }

    /**
     * Applies a file now and whenever it changes, for development.
     *
     * @param candidates the first that exists is the file
     * @param example whether an example is published when there is no file and nothing was ever published
     */
    public void follow(List<Path> candidates, boolean example) {
        ConfigurationFile.follow(node.system(), this, candidates, example);
    }

    /** Completes when this node holds something it may rely on: from its disk, or told by the writer since the start. */
    public CompletionStage<Boolean> settled() {
        CompletionStage<Boolean> configured = snapshot().get().revision().number() > 0
                ? CompletableFuture.completedFuture(true)
                : snapshot().confirmed();
        // A node that does not know yet what was revoked would let it in.
        return configured.thenCombine(revocations.settled(), (generation, revoked) -> true);
    }

    /** What readiness says of the generation that this node holds. */
    public JsonNode freshness() {
        return JsonNodeFactory.instance
                .objectNode()
                .put("generation", configuration().generation())
                .put("ageMs", snapshot().age().toMillis())
                .put("stale", snapshot().stale());
    }

    PublicationHistory publicationHistory() {
        return publicationHistory;
    }

    private CompletionStage<Boolean> reached(long generation) {
        RevisionedSnapshot.Held<Configuration> held = snapshot().get();
        return held.revision().number() >= generation
                ? CompletableFuture.completedFuture(true)
                : snapshot().after(held.revision()).thenCompose(next -> reached(generation));
    }

    private void announce(RevisionedMessage.Announced announced) {
        Revisioned<Configuration> started = announcing;
        if (started != null) { // otherwise this node is just starting, and the others will ask
            started.announce(announced);
        }
    }

    private EntityRef<Publication.Command> publication() {
        return sharding.entityRefFor(Publication.KEY, TENANT + "|gateway");
    }

    /** Of the publication in the journal. */
    static String persistenceId() {
        return Publication.KEY.name() + "|" + TENANT + "|gateway";
    }

    private static String tenantOf(String entityId) {
        return entityId.substring(0, entityId.indexOf('|'));
    }

    static RevisionedFile.Seal seal(DataKey key, String where) {
        byte[] place = where.getBytes(StandardCharsets.UTF_8);
        return new RevisionedFile.Seal() {
            @Override
            public byte[] seal(byte[] plain) {
                return key.seal(plain, place);
            }

            @Override
            public byte[] open(byte[] sealed) {
                return key.open(sealed, place);
            }
        };
    }
}
