package io.aerofusion.route;

import akka.actor.typed.Behavior;
import akka.persistence.typed.PersistenceId;
import io.aerofusion.platform.NodeContext;
import io.aerofusion.platform.security.SealedEntity;
import io.aerofusion.platform.security.Sealing;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/** A resource that has no history yet; afterwards it is a {@link GatewayResource}. */
final class GatewayResourceLife implements SealedEntity.Life<GatewayResource.Command> {
    /** Longer names stand in ids as their digest: ids have 255 characters at most. */
    private static final int NAME_IN_ID_MAX = 120;

    private final String tenant;

    private GatewayResourceLife(String tenant) {
        this.tenant = tenant;
    }

    /**
     * The behavior of the entity.
     *
     * @param entityId {@code type|tenant|name}
     */
    static Behavior<GatewayResource.Command> create(NodeContext node, String entityId) {
        return SealedEntity.create(
                PersistenceId.ofUniqueId(entityId),
                node.keys(),
                node.blocking(),
                new GatewayResourceLife(entityId.split("\\|", 3)[1]));
    }

    /** The entity's id. The names of the types stand in the journal: they never change. */
    static String entityId(String tenant, ResourceKey key) {
        String type = switch (key.kind()) {
            case HTTP_ROUTE -> "Route";
            case GRPC_ROUTE -> "GrpcRoute";
            case UPSTREAM -> "Upstream";
            case CONSUMER -> "Consumer";
            case POLICY -> "Policy";
            case CERTIFICATE -> "Certificate";
        };
        return type + "|" + tenant + "|" + (key.name().length() <= NAME_IN_ID_MAX ? key.name() : digest(key.name()));
    }

    private static String digest(String name) {
        try {
            byte[] sha = MessageDigest.getInstance("SHA-256").digest(name.getBytes(StandardCharsets.UTF_8));
            return "sha256-" + HexFormat.of().formatHex(sha);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    @Override
    public Behavior<GatewayResource.Command> live(Sealing sealing) {
        return new GatewayResource(sealing);
    }

    @Override
    public Optional<String> subjectNamedBy(GatewayResource.Command command) {
        return command instanceof GatewayResource.RecordChange
                ? Optional.of(PublicationLife.subject(tenant))
                : Optional.empty();
    }

    @Override
    public void unborn(GatewayResource.Command command) {
        nothing(command);
    }

    @Override
    public void erased(GatewayResource.Command command) {
        nothing(command);
    }

    @Override
    public boolean stops(GatewayResource.Command command) {
        return false; // passivation sends a poison pill
    }

    private static void nothing(GatewayResource.Command command) {
        switch (command) {
            case GatewayResource.RecordChange record -> record.replyTo().tell(new GatewayResource.Recorded(0));
            case GatewayResource.Recall recall -> recall.replyTo().tell(new GatewayResource.Recalled(List.of()));
        }
    }
}
