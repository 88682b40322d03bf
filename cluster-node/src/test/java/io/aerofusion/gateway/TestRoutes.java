package io.aerofusion.gateway;

import io.aerofusion.gateway.upstream.Origin;
import io.aerofusion.gateway.upstream.Upstream;
import io.aerofusion.gateway.upstream.UpstreamSettings;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Routes of tests that need no matching. */
final class TestRoutes {
    private TestRoutes() {}

    static Upstream upstream(Gateway gateway, InetSocketAddress... addresses) {
        return upstream(gateway, settings(addresses));
    }

    static Upstream upstream(Gateway gateway, UpstreamSettings settings) {
        return Objects.requireNonNull(
                gateway.upstreams().swap(List.of(settings)).get(settings.name()));
    }

    static UpstreamSettings settings(InetSocketAddress... addresses) {
        var listed = new ArrayList<Origin.Address>();
        for (InetSocketAddress address : addresses)
            listed.add(new Origin.Address(address.getAddress().getHostAddress(), address.getPort(), 1));
        return UpstreamSettings.of("test", new Origin.Listed(listed));
    }

    /** Sends everything to these endpoints. */
    static Route all(Gateway gateway, InetSocketAddress... addresses) {
        return new Route("test", List.of(), upstream(gateway, addresses));
    }
}
