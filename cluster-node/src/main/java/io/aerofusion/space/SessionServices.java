package io.aerofusion.space;

import akka.cluster.sharding.typed.javadsl.ClusterSharding;
import akka.cluster.sharding.typed.javadsl.EntityRef;
import io.aerofusion.platform.cluster.DeviceLink;
import io.aerofusion.platform.security.Authenticator;
import io.aerofusion.space.wire.FrameLimits;
import java.time.InstantSource;

/**
 * What every session of a node shares.
 *
 * @param node the name that the welcome tells
 */
record SessionServices(
        String node,
        SessionLimits limits,
        EntityLimits spaceLimits,
        FrameLimits frameLimits,
        Authenticator authenticator,
        DeviceLink devices,
        ClusterSharding sharding,
        SpaceMetrics metrics,
        InstantSource clock) {
    EntityRef<Space.Command> space(String tenant, String space) {
        return sharding.entityRefFor(Space.KEY, tenant + "|" + space);
    }
}
