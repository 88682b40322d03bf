package io.aerofusion.route;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Optional;

/** The kinds of resources of a gateway. Their names are promises. */
public enum Kind {
    @JsonProperty("HTTPRoute")
    HTTP_ROUTE("HTTPRoute", RouteSpec.class),
    @JsonProperty("GRPCRoute")
    GRPC_ROUTE("GRPCRoute", GrpcRouteSpec.class),
    @JsonProperty("Upstream")
    UPSTREAM("Upstream", UpstreamSpec.class),
    @JsonProperty("Consumer")
    CONSUMER("Consumer", ConsumerSpec.class),
    @JsonProperty("Policy")
    POLICY("Policy", PolicySpec.class),
    @JsonProperty("Certificate")
    CERTIFICATE("Certificate", CertificateSpec.class);

    private final String label;
    private final Class<? extends Spec> type;

    Kind(String label, Class<? extends Spec> type) {
        this.label = label;
        this.type = type;
    }

    /** The name in documents, such as {@code HTTPRoute}. */
    public String label() {
        return label;
    }

    /** What the {@code spec} of this kind is. */
    public Class<? extends Spec> type() {
        return type;
    }

    /** The kind of that name, if there is one. */
    public static Optional<Kind> of(String label) {
        for (Kind kind : values()) {
            if (kind.label.equals(label)) {
                return Optional.of(kind);
            }
        }
        return Optional.empty();
    }
}
