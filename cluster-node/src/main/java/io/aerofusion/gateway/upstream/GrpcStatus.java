package io.aerofusion.gateway.upstream;

/** What a gRPC status says of the health of an endpoint, in terms of HTTP: the inverse of gRPC's own mapping. */
public final class GrpcStatus {
    private GrpcStatus() {}

    /** The HTTP status to count an answer under whose {@code grpc-status} is this. */
    public static int httpStatus(int grpcStatus) {
        return switch (grpcStatus) {
            case 0 -> 200; // OK
            case 4 -> 504; // DEADLINE_EXCEEDED
            case 8 -> 429; // RESOURCE_EXHAUSTED
            case 12 -> 501; // UNIMPLEMENTED
            case 14 -> 503; // UNAVAILABLE
            case 2, 13, 15 -> 500; // UNKNOWN, INTERNAL, DATA_LOSS
            case 7 -> 403; // PERMISSION_DENIED
            case 16 -> 401; // UNAUTHENTICATED
            case 5 -> 404; // NOT_FOUND
            case 6, 10 -> 409; // ALREADY_EXISTS, ABORTED
            default -> 400;
        };
    }
}
