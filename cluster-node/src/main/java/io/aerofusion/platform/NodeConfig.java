package io.aerofusion.platform;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;

/** The layers of a node's configuration. */
public final class NodeConfig {
    private NodeConfig() {}

    /**
     * From the top: what is given, system properties, application.conf (or {@code -Dconfig.file}), node-defaults.conf, every
     * reference.conf.
     */
    public static Config load(Config top) {
        return top.withFallback(ConfigFactory.defaultOverrides())
                .withFallback(ConfigFactory.defaultApplication())
                .withFallback(ConfigFactory.parseResources(NodeConfig.class.getClassLoader(), "node-defaults.conf"))
                .withFallback(ConfigFactory.defaultReferenceUnresolved())
                .resolve();
    }

    /** The configuration of a node without options; for tests of single parts. */
    public static Config load() {
        return load(ConfigFactory.empty());
    }
}
