package io.aerofusion.platform;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import io.aerofusion.gateway.GatewaySettings;
import io.aerofusion.gateway.GatewaySettings.Bounds;
import io.aerofusion.gateway.GatewaySettings.Listener;
import io.aerofusion.gateway.GatewaySettings.Protocol;
import io.aerofusion.gateway.GatewaySettings.Timeouts;
import io.aerofusion.gateway.Transport;
import io.aerofusion.gateway.security.Cidrs;
import io.aerofusion.gateway.upstream.EndpointSource;
import io.aerofusion.gateway.upstream.ServiceLookup;
import io.aerofusion.platform.persistence.StartException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads the settings of the data path; each is explained in reference.conf under {@code aerofusion.gateway}. */
final class GatewayConfig {
    private static final int NAME_SERVERS_MAX = 16;
    /** Of IPv4, or of IPv6 in brackets. */
    private static final Pattern NAME_SERVER =
            Pattern.compile("(?:(\\d{1,3}(?:\\.\\d{1,3}){3})|\\[([0-9a-fA-F:.]{2,45})]):(\\d{1,5})");

    private GatewayConfig() {}

    /**
     * The settings.
     *
     * @throws StartException when they make no sense, or would let strangers in in the clear
     */
    static GatewaySettings settings(
            Config node,
            InstantSource clock,
            ServiceLookup discovery,
            EndpointSource platform,
            GatewaySettings.Policies policies,
            Path directory) {
        Config gateway = node.getConfig("aerofusion.gateway");
        return told(() -> {
            int threads = gateway.getInt("threads");
            Cidrs proxies = Cidrs.of(gateway.getStringList("trusted-proxies"));
            return new GatewaySettings(
                    listeners(gateway),
                    threads == 0 ? Runtime.getRuntime().availableProcessors() : threads,
                    Transport.named(gateway.getString("transport")),
                    bounds(gateway.getConfig("bounds")),
                    timeouts(gateway.getConfig("timeouts")),
                    proxies::contains,
                    System::nanoTime,
                    clock,
                    discovery,
                    nameServers(gateway),
                    platform,
                    policies,
                    AccessLogLines.observability(gateway, directory),
                    gateway.getBoolean("forwarded-field"));
        });
    }

    /**
     * Refuses what makes no sense before anything else is started.
     *
     * @throws StartException which names the setting
     */
    static void check(Config node) {
        Config gateway = node.getConfig("aerofusion.gateway");
        told(() -> {
            Transport.named(gateway.getString("transport"));
            Cidrs.of(gateway.getStringList("trusted-proxies"));
            nameServers(gateway);
            return listeners(gateway);
        });
        publicUrls(node);
    }

    /** What is read, or why it cannot be. @throws StartException instead of what says that settings make no sense */
    static <T> T told(Supplier<T> reading) {
        try {
            return reading.get();
        } catch (ConfigException | IllegalArgumentException e) {
            String why = String.valueOf(e.getMessage());
            throw new StartException("aerofusion.gateway: " + why + (why.endsWith(".") ? "" : "."), e);
        }
    }

    /** By which URL clients find a listener, for those that say so; by the listener's name. @throws StartException when one is none */
    static Map<String, URI> publicUrls(Config node) {
        Map<String, URI> urls = new HashMap<>();
        for (Config listener : node.getConfigList("aerofusion.gateway.listeners")) {
            String text = listener.hasPath("public-url") ? listener.getString("public-url") : "";
            if (!text.isEmpty()) {
                urls.put(listener.getString("name"), publicUrl(text));
            }
        }
        return Map.copyOf(urls);
    }

    private static URI publicUrl(String text) {
        URI url = null;
        try {
            url = new URI(text);
        } catch (URISyntaxException e) {
            // told below, with what it should be
        }
        if (url == null
                || url.getHost() == null
                || !("http".equals(url.getScheme()) || "https".equals(url.getScheme()))
                || !url.getRawAuthority().equals(url.getHost() + (url.getPort() < 0 ? "" : ":" + url.getPort()))
                || !url.getRawSchemeSpecificPart().equals("//" + url.getRawAuthority())
                || url.getRawFragment() != null) {
            throw new StartException(
                    "The public-url of a listener of the gateway is http or https, a host and perhaps a port,"
                            + " as https://api.example.com, not " + text + ".");
        }
        return url;
    }

    private static List<Listener> listeners(Config gateway) {
        List<Listener> listeners = new ArrayList<>();
        for (Config listener : gateway.getConfigList("listeners")) {
            SettingRanges.port("the port of a listener", listener.getInt("port"));
            Protocol protocol = listener.getEnum(Protocol.class, "protocol");
            String host = listener.getString("host");
            if (protocol == Protocol.HTTP && !gateway.getBoolean("plain-anywhere") && !Exposure.isLoopback(host)) {
                throw new StartException("Without TLS the gateway listens on loopback addresses only, not on " + host
                        + ": give the listener the protocol HTTPS, or set aerofusion.gateway.plain-anywhere.");
            }
            listeners.add(new Listener(
                    listener.getString("name"),
                    host,
                    listener.getInt("port"),
                    listener.hasPath("hostname")
                            ? listener.getString("hostname").toLowerCase(Locale.ROOT)
                            : "",
                    protocol));
        }
        return listeners;
    }

    private static List<InetSocketAddress> nameServers(Config gateway) {
        List<String> servers = gateway.getStringList("name-servers");
        if (servers.size() > NAME_SERVERS_MAX) {
            throw new StartException("aerofusion.gateway.name-servers has " + servers.size() + " entries, and may have "
                    + NAME_SERVERS_MAX + ".");
        }
        return servers.stream().map(GatewayConfig::nameServer).toList();
    }

    private static InetSocketAddress nameServer(String text) {
        Matcher parts = NAME_SERVER.matcher(text);
        if (parts.matches()) {
            int port = Integer.parseInt(parts.group(3));
            try {
                InetAddress address = InetAddress.ofLiteral(parts.group(1) != null ? parts.group(1) : parts.group(2));
                if (port > 0 && port <= 65_535) {
                    return new InetSocketAddress(address, port);
                }
            } catch (IllegalArgumentException notAnAddress) {
                // told below, with what it should be
            }
        }
        throw new StartException(
                "aerofusion.gateway.name-servers are addresses with a port, as 10.0.0.2:53 or [fd00::2]:53, not " + text
                        + "; there is nobody to ask for the name of one.");
    }

    private static Bounds bounds(Config bounds) {
        return new Bounds(
                bounds.getInt("connections-max"),
                Math.toIntExact(bounds.getBytes("target-bytes-max")),
                Math.toIntExact(bounds.getBytes("head-bytes-max")),
                bounds.getInt("fields-max"),
                bounds.getBytes("body-bytes-max"),
                Math.toIntExact(bounds.getBytes("read-ahead-bytes-max")),
                Math.toIntExact(bounds.getBytes("write-buffer-bytes-max")),
                bounds.getInt("idle-per-endpoint-max"),
                bounds.getInt("requests-per-connection-max"),
                bounds.getInt("streams-max"),
                bounds.getInt("resets-per-minute-max"),
                bounds.getBytes("linger-bytes-max"));
    }

    private static Timeouts timeouts(Config timeouts) {
        return new Timeouts(
                timeouts.getDuration("head"),
                timeouts.getDuration("body-idle"),
                timeouts.getDuration("keep-alive"),
                timeouts.getDuration("request"),
                timeouts.getDuration("send-idle"),
                timeouts.getDuration("connect"),
                timeouts.getDuration("upstream-idle"),
                timeouts.getDuration("tunnel-idle"),
                timeouts.getDuration("linger"));
    }
}
