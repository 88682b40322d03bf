package io.aerofusion.gateway.upstream;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/** How statuses of gRPC and of HTTP stand for each other. */
public final class GrpcStatus {
    private GrpcStatus() {}

    /** No status, or none that can be read. */
    public static final int NONE = -1;

    private static final int UNIMPLEMENTED = 12;
    private static final int MAX = 16;

    /** The number in {@code grpc-status}; one that gRPC does not know is UNKNOWN, as for its clients. */
    public static int parse(@Nullable String field) {
        if (field == null || field.isEmpty() || field.length() > 9) {
            return NONE;
        }
        int number = 0;
        for (int i = 0; i < field.length(); i++) {
            int digit = field.charAt(i) - '0';
            if (digit < 0 || digit > 9) {
                return NONE;
            }
            number = number * 10 + digit;
        }
        return number > MAX ? 2 : number;
    }

    /**
     * The HTTP status by which breakers and ejection judge an answer: as for {@link #httpStatus}, except that UNIMPLEMENTED is the
     * caller's mistake (whoever asks for reflection that a server does not have), and must not take an endpoint from everybody.
     */
    static int judgedStatus(int grpcStatus) {
        return grpcStatus == UNIMPLEMENTED ? 404 : httpStatus(grpcStatus);
    }

    /** The HTTP status to count an answer under whose {@code grpc-status} is this. */
    public static int httpStatus(int grpcStatus) {
        return switch (grpcStatus) {
            case 0 -> 200; // OK
            case 1 -> 499; // CANCELLED
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

    /** The {@code grpc-status} of an answer that would have this status over HTTP (gRPC's mapping, finer where it has only UNAVAILABLE). */
    public static int of(int httpStatus) {
        return switch (httpStatus) {
            case 400 -> 13; // INTERNAL
            case 401 -> 16; // UNAUTHENTICATED
            case 403 -> 7; // PERMISSION_DENIED
            case 404, 405 -> 12; // UNIMPLEMENTED
            case 408, 504 -> 4; // DEADLINE_EXCEEDED
            case 413, 429, 431 -> 8; // RESOURCE_EXHAUSTED
            case 502, 503 -> 14; // UNAVAILABLE
            default -> 2; // UNKNOWN
        };
    }

    /** A sentence as {@code grpc-message} carries it: percent-encoded but for printable ASCII. */
    public static String message(String sentence) {
        StringBuilder out = new StringBuilder(sentence.length());
        for (byte unit : sentence.getBytes(StandardCharsets.UTF_8)) {
            if (unit >= 0x20 && unit <= 0x7e && unit != '%') {
                out.append((char) unit);
            } else {
                out.append('%').append(HexFormat.of().withUpperCase().toHexDigits(unit));
            }
        }
        return out.toString();
    }
}
