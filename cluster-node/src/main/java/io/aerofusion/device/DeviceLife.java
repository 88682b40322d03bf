package io.aerofusion.device;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.persistence.typed.PersistenceId;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.NodeContext;
import io.aerofusion.platform.cluster.SessionSignal;
import io.aerofusion.platform.security.SealedEntity;
import io.aerofusion.platform.security.Sealing;
import java.util.Optional;
import java.util.function.BiConsumer;

/** A device before it is registered and after its owner was erased; in between it is a {@link Device}. */
final class DeviceLife implements SealedEntity.Life<Device.Command> {
    private final ActorContext<Device.Command> context;
    private final NodeContext node;
    private final String tenant;
    private final String device;
    private final BiConsumer<String, String> credentialVoid;

    private DeviceLife(
            ActorContext<Device.Command> context,
            NodeContext node,
            String tenant,
            String device,
            BiConsumer<String, String> credentialVoid) {
        this.context = context;
        this.node = node;
        this.tenant = tenant;
        this.device = device;
        this.credentialVoid = credentialVoid;
    }

    /**
     * The behavior of the entity.
     *
     * @param entityId {@code tenant|device}
     * @param credentialVoid told tenant and device when answers about its credential must not be trusted any more
     */
    static Behavior<Device.Command> create(
            NodeContext node, String entityId, BiConsumer<String, String> credentialVoid) {
        int bar = entityId.indexOf('|');
        return Behaviors.setup(context -> SealedEntity.create(
                PersistenceId.ofUniqueId(Device.KEY.name() + "|" + entityId),
                node.keys(),
                node.blocking(),
                new DeviceLife(
                        context, node, entityId.substring(0, bar), entityId.substring(bar + 1), credentialVoid)));
    }

    @Override
    public Behavior<Device.Command> live(Sealing sealing) {
        return new Device(
                context,
                sealing.id(),
                sealing.events(DeviceEvent.class),
                sealing.snapshots(DeviceState.class),
                event -> DeviceReadModel.follows(event) ? sealing.localTags() : sealing.streamTags(),
                node.clock(),
                () -> credentialVoid.accept(tenant, device));
    }

    @Override
    public Optional<String> subjectNamedBy(Device.Command command) {
        return command instanceof Device.Register register
                ? Optional.of(tenant + "|" + register.owner())
                : Optional.empty();
    }

    @Override
    public void unborn(Device.Command command) {
        refuse(command, ErrorCode.NOT_FOUND, "There is no such device among yours.", ErrorCode.DEVICE_UNKNOWN);
    }

    @Override
    public void erased(Device.Command command) {
        refuse(command, ErrorCode.ERASED, "The owner of this device was erased.", ErrorCode.ERASED);
    }

    @Override
    public boolean stops(Device.Command command) {
        return false; // passivation sends a poison pill
    }

    private static void refuse(Device.Command command, ErrorCode code, String detail, ErrorCode reason) {
        switch (command) {
            case Device.Register c -> refuse(c.replyTo(), code, detail);
            case Device.Describe c -> refuse(c.replyTo(), code, detail);
            case Device.RotateCredential c -> refuse(c.replyTo(), code, detail);
            case Device.Relabel c -> refuse(c.replyTo(), code, detail);
            case Device.PatchDesired c -> refuse(c.replyTo(), code, detail);
            case Device.PatchReported c -> refuse(c.replyTo(), code, detail);
            case Device.Revoke c -> refuse(c.replyTo(), code, detail);
            case Device.Forget c -> refuse(c.replyTo(), code, detail);
            case Device.Authenticate c -> c.replyTo().tell(new Device.Authentication(null));
            case Device.OpenSession c -> c.session().tell(new SessionSignal.End(reason));
            case Device.CloseSession c -> {}
            case Device.Acknowledge c -> {}
        }
    }

    private static void refuse(ActorRef<Device.Reply> replyTo, ErrorCode code, String detail) {
        replyTo.tell(new Device.Refused(code, detail));
    }
}
