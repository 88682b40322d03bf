package io.aerofusion.device;

import io.aerofusion.platform.cluster.AuditedReadModel;
import io.aerofusion.platform.persistence.AuditLog;
import io.aerofusion.platform.persistence.DeviceIndex;
import io.aerofusion.platform.persistence.ReadModelTransaction;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;

/** Writes the list of devices and what was done to them into the audit log. */
final class DeviceReadModel extends AuditedReadModel<DeviceEvent> {
    private final DeviceIndex devices;

    DeviceReadModel(DeviceIndex devices, AuditLog audit) {
        super(Device.KEY.name(), DeviceEvent.class, audit);
        this.devices = devices;
    }

    /** A standing as lists and JSON name it. */
    static String wireName(DeviceState.Standing standing) {
        return standing.name().toLowerCase(Locale.ROOT);
    }

    /** Whether anything here depends on the event; the others need not be read by projections. */
    static boolean follows(DeviceEvent event) {
        return switch (event) {
            case DeviceEvent.Registered e -> true;
            case DeviceEvent.CredentialRotated e -> true;
            case DeviceEvent.Relabelled e -> true;
            case DeviceEvent.Leased e -> true;
            case DeviceEvent.DesiredPatched e -> true;
            case DeviceEvent.Revoked e -> true;
            case DeviceEvent.Forgotten e -> true;
            case DeviceEvent.ReportedPatched e -> false;
            case DeviceEvent.SpaceAcknowledged e -> false;
        };
    }

    @Override
    public void apply(ReadModelTransaction transaction, Change<DeviceEvent> change) {
        switch (change.event()) {
            case DeviceEvent.Registered e -> {
                devices.put(
                        transaction,
                        new DeviceIndex.Row(
                                change.tenant(),
                                change.id(),
                                e.owner(),
                                e.name(),
                                e.labels(),
                                wireName(DeviceState.Standing.ACTIVE),
                                e.at(),
                                0));
                record(transaction, change, "device.registered", e.by(), e.at(), Map.of("owner", e.owner()));
            }
            case DeviceEvent.Relabelled e -> {
                devices.find(transaction, change.tenant(), change.id())
                        .ifPresent(row -> devices.put(transaction, with(row, e.name(), e.labels(), row.state())));
                record(transaction, change, "device.relabelled", e.by(), e.at(), Map.of());
            }
            case DeviceEvent.Leased e -> devices.seen(transaction, change.tenant(), change.id(), e.at());
            case DeviceEvent.CredentialRotated e ->
                record(transaction, change, "device.credential-rotated", e.by(), e.at(), Map.of());
            case DeviceEvent.DesiredPatched e ->
                record(
                        transaction,
                        change,
                        "device.desired-patched",
                        e.by(),
                        e.at(),
                        Map.of("version", Long.toString(e.version())));
            case DeviceEvent.Revoked e -> {
                devices.find(transaction, change.tenant(), change.id())
                        .ifPresent(row -> devices.put(
                                transaction,
                                with(row, row.name(), row.labels(), wireName(DeviceState.Standing.REVOKED))));
                record(transaction, change, "device.revoked", e.by(), e.at(), Map.of());
            }
            case DeviceEvent.Forgotten e -> {
                devices.remove(transaction, change.tenant(), change.id());
                record(transaction, change, "device.forgotten", e.by(), e.at(), Map.of());
            }
            case DeviceEvent.ReportedPatched e -> {}
            case DeviceEvent.SpaceAcknowledged e -> {}
        }
    }

    @Override
    public void erased(ReadModelTransaction transaction, String tenant, String id) {
        devices.remove(transaction, tenant, id);
    }

    private static DeviceIndex.Row with(
            DeviceIndex.Row row, String name, SortedMap<String, String> labels, String state) {
        return new DeviceIndex.Row(
                row.tenant(), row.device(), row.owner(), name, labels, state, row.registeredAt(), row.seenAt());
    }
}
