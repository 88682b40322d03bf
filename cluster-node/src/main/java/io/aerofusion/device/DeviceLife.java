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
import java.time.Duration;
import java.util.Optional;
import java.util.function.BiConsumer;

/** A device before it is registered and after its owner was erased; in between it is a {@link Device}. */
final class DeviceLife implements SealedEntity.Life<Device.Command> {
    private final ActorContext<Device.Command> context;
    private final NodeContext node;
    private final String tenant;
    private final String device;
    private final Duration acknowledgedEvery;
    private final BiConsumer<String, String> credentialVoid;

    private DeviceLife(
            ActorContext<Device.Command> context,
            NodeContext node,
            String tenant,
            String device,
            Duration acknowledgedEvery,
            BiConsumer<String, String> credentialVoid) {
        this.context = context;
        this.node = node;
        this.tenant = tenant;
        this.device = device;
        this.acknowledgedEvery = acknowledgedEvery;
        this.credentialVoid = credentialVoid;
    }

    /**
     * The behavior of the entity.
     *
     * @param entityId {@code tenant|device}
     * @param acknowledgedEvery a cursor that the device has stored is written down at most so often per space
     * @param credentialVoid told tenant and device when answers about its credential must not be trusted any more
     */
    static Behavior<Device.Command> create(
            NodeContext node, String entityId, Duration acknowledgedEvery, BiConsumer<String, String> credentialVoid) {
        int bar = entityId.indexOf('|');
        return Behaviors.setup(context -> SealedEntity.create(
                PersistenceId.ofUniqueId(Device.KEY.name() + "|" + entityId),
                node.keys(),
                node.blocking(),
                new DeviceLife(
                        context,
                        node,
                        entityId.substring(0, bar),
                        entityId.substring(bar + 1),
                        acknowledgedEvery,
                        credentialVoid)));
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
                acknowledgedEvery,
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
        if (command instanceof Device.AskBearing ask) {
            ask.replyTo().tell(new Device.Bearing(true)); // nobody's name
        } else {
            refuse(command, ErrorCode.NOT_FOUND, "There is no such device among yours.", ErrorCode.DEVICE_UNKNOWN);
        }
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
            case Device.AskBearing c -> c.replyTo().tell(new Device.Bearing(false));
            case Device.Authenticate c -> c.replyTo().tell(new Device.Authentication(null));
            case Device.OpenSession c -> c.session().tell(new SessionSignal.End(reason));
            case Device.CloseSession c -> {}
            case Device.Acknowledge c -> {}
            case Device.AcknowledgementDue c -> {}
        }
    }

    private static void refuse(ActorRef<Device.Reply> replyTo, ErrorCode code, String detail) {
        replyTo.tell(new Device.Refused(code, detail));
    }
}
