package io.aerofusion.platform;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.aerofusion.platform.http.Tls;
import io.aerofusion.platform.persistence.StartException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * Who can reach the node, and so what it demands: development mode (loopback, no TLS) or TLS. What would send tokens over a network in
 * the clear is refused.
 */
final class Exposure {
    private Exposure() {}

    /** The TLS of the API; empty in development mode. */
    static Optional<Tls> api(Config config) {
        String host = config.getString("aerofusion.http.host");
        String certificate = config.getString("aerofusion.http.tls-certificate");
        String key = config.getString("aerofusion.http.tls-key");
        if (certificate.isEmpty() != key.isEmpty()) {
            throw new StartException("TLS needs both files: --tls-certificate and --tls-key.");
        }
        if (!certificate.isEmpty()) {
            return Optional.of(Tls.read(Path.of(certificate), Path.of(key)));
        }
        if (!isLoopback(host)) {
            throw new StartException("Without TLS the API binds to loopback addresses only, not to " + host
                    + ": give --tls-certificate and --tls-key, or leave --host out.");
        }
        return Optional.empty();
    }

    /** What Artery is configured with: mutual TLS when the files are given, plain TCP on loopback. */
    static Config cluster(Config config) {
        String host = config.getString("aerofusion.cluster.host");
        String certificate = config.getString("aerofusion.cluster.tls-certificate");
        String key = config.getString("aerofusion.cluster.tls-key");
        String authority = config.getString("aerofusion.cluster.tls-authority");
        boolean all = !certificate.isEmpty() && !key.isEmpty() && !authority.isEmpty();
        boolean none = certificate.isEmpty() && key.isEmpty() && authority.isEmpty();
        if (!all && !none) {
            throw new StartException(
                    "TLS between nodes needs three files: aerofusion.cluster.tls-certificate, tls-key and"
                            + " tls-authority.");
        }
        if (none && !isLoopback(host)) {
            throw new StartException("Without TLS nodes talk to each other on loopback addresses only, not on " + host
                    + ": set aerofusion.cluster.tls-certificate, tls-key and tls-authority.");
        }
        if (all) {
            Tls.checkBetweenNodes(Path.of(certificate), Path.of(key));
        }
        Config address = ConfigFactory.parseMap(Map.of(
                "akka.remote.artery.canonical.hostname",
                host,
                "akka.remote.artery.canonical.port",
                config.getInt("aerofusion.cluster.port")));
        return none
                ? address
                : address.withFallback(ConfigFactory.parseMap(Map.of(
                        "akka.remote.artery.transport",
                        "tls-tcp",
                        "akka.remote.artery.ssl.ssl-engine-provider",
                        "akka.remote.artery.tcp.ssl.RotatingKeysSSLEngineProvider",
                        "akka.remote.artery.ssl.rotating-keys-engine.cert-file",
                        certificate,
                        "akka.remote.artery.ssl.rotating-keys-engine.key-file",
                        key,
                        "akka.remote.artery.ssl.rotating-keys-engine.ca-cert-file",
                        authority)));
    }

    /**
     * Refuses an advertised address of the API that would mislead other nodes, or have them send tokens over a network in the clear.
     *
     * @throws StartException which names the setting
     */
    static void checkAdvertised(Config config) {
        String host = config.getString("aerofusion.http.advertised-host");
        if (host.isEmpty()) {
            return;
        }
        if (isKnownLoopback(host)) {
            if (!onOneMachine(config)) {
                throw new StartException("aerofusion.http.advertised-host is " + host + ", which other nodes take for"
                        + " themselves: name the host by which they reach the API, or leave it empty.");
            }
        } else if (config.getString("aerofusion.http.tls-certificate").isEmpty()) {
            throw new StartException("Without TLS the API is used on loopback addresses only, and"
                    + " aerofusion.http.advertised-host is " + host
                    + ": give --tls-certificate and --tls-key, or leave it empty.");
        }
    }

    /**
     * Where the other nodes of the cluster reach the API, unresolved; empty when it is bound to a loopback address and they may be on
     * other machines.
     */
    static Optional<InetSocketAddress> advertised(Config config, InetSocketAddress bound) {
        int stated = config.getInt("aerofusion.http.advertised-port");
        int port = stated == 0 ? bound.getPort() : stated;
        String host = config.getString("aerofusion.http.advertised-host");
        if (!host.isEmpty()) {
            return Optional.of(InetSocketAddress.createUnresolved(host, port));
        }
        InetAddress address = bound.getAddress();
        if (address.isAnyLocalAddress()) {
            return Optional.of(InetSocketAddress.createUnresolved(config.getString("aerofusion.cluster.host"), port));
        }
        return address.isLoopbackAddress() && !onOneMachine(config)
                ? Optional.empty()
                : Optional.of(InetSocketAddress.createUnresolved(address.getHostAddress(), port));
    }

    /** Whether all nodes of the cluster are on this machine, because they talk to each other on a loopback address. */
    static boolean onOneMachine(Config config) {
        return isLoopback(config.getString("aerofusion.cluster.host"));
    }

    /** A name that has no address here, or none yet, may still have one for the other nodes. */
    private static boolean isKnownLoopback(String host) {
        try {
            return InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException e) {
            return false;
        }
    }

    static boolean isLoopback(String host) {
        try {
            return InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException e) {
            throw new StartException("The address " + host + " is unknown.", e);
        }
    }
}
