package io.aerofusion.platform;

/** What a node prints when it serves: where everything is. */
final class Banner {
    private Banner() {}

    static String of(Node node) {
        return """

                AeroFusion is ready.
                  API      %1$s/api/v1
                  docs     %1$s/docs   (OpenAPI: %1$s/openapi.json)
                  sync     %2$s/sync/v1
                  metrics  %1$s/metrics
                  data     %3$s
                  another node joins with   --join %4$s
                """.formatted(
                        node.uri(),
                        node.uri().toString().replaceFirst("^http", "ws"),
                        node.data().toAbsolutePath(),
                        node.clusterAddress());
    }
}
