package io.aerofusion.platform;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigValueFactory;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * How a node is started; everything else comes from the configuration files.
 *
 * @param data directory of its own
 * @param port of the API; 0 takes one from the system
 * @param join cluster addresses {@code host:port} of nodes to join; empty forms a cluster
 * @param overrides configuration above every file; what the other components say comes first
 */
public record NodeOptions(Path data, int port, List<String> join, Config overrides) {
    public NodeOptions {
        if (port < 0 || port > 65_535) {
            throw new IllegalArgumentException("a port is a number from 0 to 65535, not " + port);
        }
        join = List.copyOf(join);
    }

    /** A node in development mode on the embedded database, on ports that the system chooses. */
    public static NodeOptions in(Path data) {
        return new NodeOptions(data, 0, List.of(), ConfigFactory.empty());
    }

    public NodeOptions withPort(int port) {
        return new NodeOptions(data, port, join, overrides);
    }

    /** Uses that database instead of the embedded one. */
    public NodeOptions withDatabase(String jdbcUrl) {
        return with("aerofusion.database", jdbcUrl);
    }

    /** Joins the cluster of that node, on its database and with its regional key. */
    public NodeOptions joining(Node other) {
        return new NodeOptions(data, port, List.of(other.clusterAddress()), overrides).beside(other);
    }

    /** Uses that node's database and regional key; the database tells whom to join. */
    public NodeOptions beside(Node other) {
        return withDatabase(other.databaseUrl())
                .with("aerofusion.regional-key", other.regionalKey().toString());
    }

    /** Sets one configuration key: text, number, boolean, or a list of these. */
    public NodeOptions with(String key, Object value) {
        return new NodeOptions(data, port, join, overrides.withValue(key, ConfigValueFactory.fromAnyRef(value)));
    }

    /** The whole configuration: options, system properties, application.conf, the node's defaults, the libraries'. */
    Config config() {
        Map<String, Object> options = new HashMap<>();
        options.put("aerofusion.data", data.toString());
        options.put("aerofusion.http.port", port);
        if (port == 0 && !overrides.hasPath("aerofusion.gateway.port")) {
            options.put("aerofusion.gateway.port", 0); // who leaves one port to the system has no wish for the other
        }
        if (!join.isEmpty()) {
            options.put("aerofusion.cluster.join", join);
        }
        return NodeConfig.load(ConfigFactory.parseMap(options).withFallback(overrides));
    }
}
