package io.aerofusion.gateway.access;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.time.Instant;
import java.util.concurrent.TimeUnit;

/**
 * One line of the access log. It holds neither the query nor any field of the request, since both may carry secrets.
 *
 * @param time when the request was over
 * @param route empty if none matched; so are upstream, endpoint and consumer if there was none
 * @param path as routes match it; cut beyond {@link #TEXT_MAX}
 * @param status as the client got it; 0 if there was no response
 * @param grpcStatus of a gRPC call, -1 otherwise or if it was not told
 * @param fault the code, empty if there was none
 * @param bytesIn of the request's body
 * @param bytesOut of the response's body
 * @param nanos from the head of the request to the end of the response
 * @param upstreamNanos of the last try until the head of its answer, -1 if there was none
 * @param protocol {@code HTTP/1.1} and so on, as the client spoke it
 */
public record AccessEntry(
        Instant time,
        String requestId,
        String traceId,
        String route,
        String upstream,
        String endpoint,
        String consumer,
        String method,
        String host,
        String path,
        int status,
        int grpcStatus,
        String fault,
        long bytesIn,
        long bytesOut,
        long nanos,
        long upstreamNanos,
        int retries,
        String protocol,
        InetAddress client) {
    /** Characters of a text that are written. */
    static final int TEXT_MAX = 1_024;

    private static final JsonFactory JSON = new JsonFactory();

    /** One JSON object without a line end; what is empty is left out. */
    String line() {
        var text = new StringWriter(400);
        try (JsonGenerator json = JSON.createGenerator(text)) {
            json.writeStartObject();
            json.writeStringField("time", time.toString());
            write(json, "requestId", requestId);
            write(json, "traceId", traceId);
            write(json, "route", route);
            write(json, "upstream", upstream);
            write(json, "endpoint", endpoint);
            write(json, "consumer", consumer);
            write(json, "method", method);
            write(json, "host", host);
            write(json, "path", path);
            json.writeNumberField("status", status);
            if (grpcStatus >= 0) json.writeNumberField("grpcStatus", grpcStatus);
            write(json, "fault", fault);
            json.writeNumberField("bytesIn", bytesIn);
            json.writeNumberField("bytesOut", bytesOut);
            json.writeNumberField("durationMs", milliseconds(nanos));
            if (upstreamNanos >= 0) json.writeNumberField("upstreamMs", milliseconds(upstreamNanos));
            json.writeNumberField("retries", retries);
            write(json, "protocol", protocol);
            json.writeStringField("client", client.getHostAddress());
            json.writeEndObject();
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return text.toString();
    }

    private static void write(JsonGenerator json, String name, String value) throws IOException {
        if (!value.isEmpty())
            json.writeStringField(name, value.length() > TEXT_MAX ? value.substring(0, TEXT_MAX) : value);
    }

    private static double milliseconds(long nanos) {
        // to the microsecond
        return TimeUnit.NANOSECONDS.toMicros(nanos) / 1e3;
    }
}
