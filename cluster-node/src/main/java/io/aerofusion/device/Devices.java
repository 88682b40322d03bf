package io.aerofusion.device;

import akka.actor.typed.ActorRef;
import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import akka.cluster.sharding.typed.javadsl.Entity;
import akka.cluster.sharding.typed.javadsl.EntityRef;
import akka.http.javadsl.model.HttpResponse;
import com.fasterxml.jackson.databind.JsonNode;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.NodeContext;
import io.aerofusion.platform.cluster.DeviceLink;
import io.aerofusion.platform.cluster.EntityAsk;
import io.aerofusion.platform.cluster.ReadModel;
import io.aerofusion.platform.cluster.SessionSignal;
import io.aerofusion.platform.http.ApiRequest;
import io.aerofusion.platform.http.Endpoint;
import io.aerofusion.platform.http.ProblemException;
import io.aerofusion.platform.persistence.AuditLog;
import io.aerofusion.platform.persistence.DeviceIndex;
import io.aerofusion.platform.security.BearerToken;
import io.aerofusion.platform.security.Principal;
import io.aerofusion.platform.security.TokenAuthenticator;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;

/** The domain of devices on one node: starts its part of the sharding and gives out endpoints, authentication and the link. */
public final class Devices implements DeviceLink {
    /** How long a device may take to answer; then the caller gets {@code timeout} and may repeat. */
    static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(10);

    /** Of the sync sessions, which say it to the devices as often. */
    private static final String ACKNOWLEDGED_EVERY = "aerofusion.space.session.seen-interval";

    private final NodeContext node;
    private final TokenAuthenticator tokens;
    private final ClusterSharding sharding;
    private final ActorRef<DeviceSessions.Message> sessions;
    private final DeviceIndex index;
    private final DeviceSearch search;
    private final Consumer<BearerToken.Identity> changed;

    /** @param changed tells all nodes that the tokens of a device may not stand for what they stood for */
    public Devices(NodeContext node, TokenAuthenticator tokens, Consumer<BearerToken.Identity> changed) {
        this.changed = changed;
        this.node = node;
        this.tokens = tokens;
        this.sharding = ClusterSharding.get(node.system());
        Duration acknowledgedEvery = node.system().settings().config().getDuration(ACKNOWLEDGED_EVERY);
        sharding.init(Entity.of(
                Device.KEY,
                entity -> DeviceLife.create(node, entity.getEntityId(), acknowledgedEvery, this::forgetCredential)));
        this.sessions = node.system()
                .systemActorOf(
                        DeviceSessions.create(
                                node.clock(),
                                (caller, command) -> entity(caller.tenant(), deviceOf(caller))
                                        .tell(command)),
                        "device-sessions",
                        akka.actor.typed.Props.empty());
        this.index = new DeviceIndex(node.database(), node.keys());
        this.search = new DeviceSearch(index, node.blocking());
        tokens.answers(BearerToken.Kind.DEVICE, this::authenticate);
    }

    /**
     * The API of devices.
     *
     * @param userExists whether a tenant has a user: the owner of a device must be one
     */
    public List<Endpoint> endpoints(BiFunction<String, String, CompletionStage<Boolean>> userExists) {
        List<Endpoint> endpoints = new ArrayList<>(new DeviceRoutes(this, userExists).endpoints());
        endpoints.add(search.endpoint());
        return endpoints;
    }

    /** What the projection of this domain writes. */
    public ReadModel<?> readModel() {
        return new DeviceReadModel(index, new AuditLog(node.database(), node.keys()));
    }

    /** A page of the devices of a user whom the caller may see. */
    public CompletionStage<HttpResponse> ofUser(ApiRequest request, String user) {
        return search.ofUser(request, user);
    }

    /** The identity behind a device's credential. */
    private CompletionStage<Optional<Principal>> authenticate(String tenant, String device, String hash) {
        return EntityAsk.<Device.Command, Device.Authentication>repeating(
                        entity(tenant, device), replyTo -> new Device.Authenticate(hash, replyTo), ANSWER_TIMEOUT)
                .thenApply(answer -> Optional.ofNullable(answer.owner())
                        .map(owner -> new Principal(tenant, owner, Set.of(), device)));
    }

    /**
     * Ends everything about a device whose owner is being erased. Safe to repeat, also after the erasure.
     *
     * @param by the actor who erases
     */
    public CompletionStage<Void> forget(String tenant, String device, String by) {
        return ask(tenant, device, replyTo -> new Device.Forget(by, replyTo)).thenAccept(reply -> {
            if (reply instanceof Device.Refused refused
                    && refused.code() != ErrorCode.ERASED
                    && refused.code() != ErrorCode.NOT_FOUND) {
                throw new ProblemException(refused.code(), refused.detail());
            }
        });
    }

    @Override
    public void opened(Principal device, String credential, ActorRef<SessionSignal> session) {
        String hash = BearerToken.parse(credential).map(BearerToken::hash).orElse("");
        sessions.tell(new DeviceSessions.Opened(device, hash, session));
    }

    @Override
    public void closed(Principal device, ActorRef<SessionSignal> session) {
        sessions.tell(new DeviceSessions.Closed(session));
    }

    @Override
    public CompletionStage<Reported> reported(Principal device, JsonNode patch) {
        return ask(device.tenant(), deviceOf(device), replyTo -> new Device.PatchReported(device, patch, replyTo))
                .thenApply(reply -> switch (reply) {
                    case Device.Described described ->
                        new Reported(described.device().twin().reportedVersion(), null);
                    case Device.Refused refused -> new Reported(0, refused.code());
                    default -> throw new IllegalStateException("no answer to a report: " + reply);
                });
    }

    @Override
    public CompletionStage<Boolean> mayBear(Principal user, String device) {
        return EntityAsk.<Device.Command, Device.Bearing>repeating(
                        entity(user.tenant(), device),
                        replyTo -> new Device.AskBearing(user.user(), replyTo),
                        ANSWER_TIMEOUT)
                .thenApply(Device.Bearing::allowed);
    }

    @Override
    public void acknowledged(Principal device, String space, String cursor) {
        entity(device.tenant(), deviceOf(device)).tell(new Device.Acknowledge(device, space, cursor));
    }

    CompletionStage<Device.Reply> ask(
            String tenant, String device, Function<ActorRef<Device.Reply>, Device.Command> command) {
        return entity(tenant, device).ask(command::apply, ANSWER_TIMEOUT);
    }

    /** Asks what changes nothing: again, when a hand-over swallowed it. */
    CompletionStage<Device.Reply> read(
            String tenant, String device, Function<ActorRef<Device.Reply>, Device.Command> command) {
        return EntityAsk.repeating(entity(tenant, device), command, ANSWER_TIMEOUT);
    }

    /** This node forgets what it knew of the credential at once, the others a moment later. */
    void forgetCredential(String tenant, String device) {
        BearerToken.Identity identity = new BearerToken.Identity(BearerToken.Kind.DEVICE, tenant, device);
        tokens.forget(identity);
        changed.accept(identity);
    }

    private EntityRef<Device.Command> entity(String tenant, String device) {
        return sharding.entityRefFor(Device.KEY, tenant + "|" + device);
    }

    private static String deviceOf(Principal caller) {
        String device = caller.device();
        if (device == null) {
            throw new IllegalArgumentException("a session belongs to a device");
        }
        return device;
    }
}
