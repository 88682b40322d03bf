package io.aerofusion.platform;

import com.typesafe.config.Config;
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
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Reads the settings of the data path; each is explained in reference.conf under {@code aerofusion.gateway}. */
final class GatewayConfig {
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
        int threads = gateway.getInt("threads");
        Cidrs proxies = Cidrs.of(gateway.getStringList("trusted-proxies"));
        try {
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
                    platform,
                    policies,
                    AccessLogLines.observability(gateway, directory),
                    gateway.getBoolean("forwarded-field"));
        } catch (IllegalArgumentException e) {
            throw new StartException("aerofusion.gateway: " + e.getMessage() + ".", e);
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
