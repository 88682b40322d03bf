package io.aerofusion.platform;

import java.nio.file.Path;

/** What a node prints when it serves: where everything is, without any secret. */
final class Banner {
    private Banner() {}

    static String of(Node node) {
        return """

                AeroFusion is ready.
                  API          %1$s/api/v1
                  docs         %1$s/docs   (OpenAPI: %1$s/openapi.json)
                  sync         %2$s/sync/v1
                  gateway      %8$s   (docs/gateway.md)
                  metrics      %1$s/metrics
                  admin token  %3$s
                  data         %4$s
                Another node joins with --join %5$s %6$s--regional-key %7$s
                (on this machine also with --data, --port and --gateway-port of its own; 0: any free port)
                Ctrl-C ends it.
                """.formatted(
                        node.uri(),
                        node.uri().toString().replaceFirst("^http", "ws"),
                        node.adminTokenFile().map(Path::toString).orElse("none (aerofusion.admin-token)"),
                        node.data(),
                        node.clusterAddress(),
                        database(node),
                        node.regionalKey(),
                        node.gatewayUri());
    }

    /** The embedded server's address with its password left for the shell to read. */
    private static String database(Node node) {
        if (node.embeddedDatabase().isEmpty()) {
            return "and the same --database, ";
        }
        String url = node.databaseUrl();
        int password = url.indexOf("password=");
        int end = url.indexOf('&', password);
        return "--database \"" + url.substring(0, password) + "password=$(cat "
                + node.data().resolve("secrets").resolve("postgres-password") + ")"
                + (end < 0 ? "" : url.substring(end)) + "\" ";
    }
}
