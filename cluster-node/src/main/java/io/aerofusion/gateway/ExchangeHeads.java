package io.aerofusion.gateway;

import io.aerofusion.gateway.routing.Filters;
import io.aerofusion.gateway.tls.ServerTls.Session;
import java.net.InetAddress;
import java.security.cert.X509Certificate;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The heads of one exchange's request and response: what both sides read and write of them, and what policies see and change. */
abstract class ExchangeHeads implements RequestEdit {
    /** The request's fields, without those of the client's connection. */
    public final Headers request = new Headers(1_024);
    /** The response's fields, without those of the upstream's connection. */
    public final Headers response = new Headers(1_024);

    final RequestIdentity identity;
    private final Headers responseChanges = new Headers(64);

    // the request, set by the client's side before Exchange.begin()
    public String method = "";
    public String scheme = "http";
    /** Host and port as the client named them. */
    public String authority = "";

    public String host = "";
    public String rawTarget = "";
    public String path = "";
    public String query = "";
    /** The target that goes upstream. */
    public String upstreamTarget = "";
    /** The place of the listener among those of the gateway. */
    public int listener;
    /** The bytes of the body, or -1 if its end will be told. */
    public long requestLength;
    /** The bytes of the fields as the client sent them, as lines of HTTP/1.1. */
    public int fieldBytes;
    /** The protocol the client asks to switch to, or null. */
    public @Nullable String upgrade;
    /** Whether that protocol is a WebSocket's and the client, by HTTP/2, has no key for its handshake (RFC 8441, 5). */
    public boolean keyless;
    /** Whether the client takes trailers. */
    public boolean acceptsTrailers;

    public InetAddress clientAddress = InetAddress.getLoopbackAddress();
    /** The TLS connection the request came over, or null. */
    public @Nullable Session session;
    /** What the client speaks, such as {@code HTTP/1.1}. */
    public String protocol = "";

    // the response, set by the upstream's side before Exchange.responseHead()
    public int status;
    /** The bytes of the response's body, or -1 if its end will be told. */
    public long responseLength;
    /** Whether the response has no body by definition (HEAD, 204, 304). */
    public boolean bodiless;

    @Nullable Plan plan;

    @Nullable Filters backendFilters;

    private @Nullable String consumer;
    private @Nullable Object principal;

    ExchangeHeads(Loop loop) {
        identity = new RequestIdentity(loop);
    }

    /** Forgets the request before, except what the client's side sets anew. */
    void resetHeads() {
        status = 0;
        consumer = null;
        principal = null;
        plan = null;
        backendFilters = null;
        if (responseChanges.size() > 0) responseChanges.clear();
    }

    /** What this method, or its sender, says of repeating the request. */
    boolean idempotent() {
        return switch (method) {
            case "GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE" -> true;
            // who sends this asks for its repetition (draft-ietf-httpapi-idempotency-key-header)
            default -> request.get("idempotency-key") != null;
        };
    }

    /** Whether the client speaks gRPC, which is never without trailers. */
    boolean grpc() {
        if (!acceptsTrailers) return false;
        String type = request.get("content-type");
        return type != null && type.startsWith("application/grpc");
    }

    /** Whether the response is a stream of events that lasts as long as somebody listens. */
    boolean unlimited() {
        if (responseLength >= 0) return false;
        String type = response.get("content-type");
        return type != null && (type.startsWith("text/event-stream") || type.startsWith("application/grpc"));
    }

    /** Makes the response's head that of another answer. */
    void become(Verdict.Answer answer) {
        setStatus(answer.status());
        response.clear();
        response.addAll(answer.headers());
        response.remove("content-length");
        responseLength = answer.body().length;
        if (status != 204 && status != 304) response.add("content-length", Long.toString(responseLength));
    }

    /** The status of an answer that is not the upstream's. */
    void setStatus(int with) {
        status = with;
        bodiless = method.equals("HEAD") || with == 204 || with == 304;
    }

    /** What filters, policies and the gateway itself add to the response, whoever answers. */
    void applyResponseChanges() {
        Plan found = plan;
        if (found != null) {
            Filters filters = found.filters();
            if (backendFilters != null) backendFilters.responseHeaders().apply(response);
            if (!filters.responseHeaders().isEmpty()) filters.responseHeaders().apply(response);
            if (filters.cors() != null) filters.cors().answered(this, response);
        }
        identity.writeTo(response);
        if (responseChanges.size() == 0) return;
        for (int entry = responseChanges.next(0); entry >= 0; entry = responseChanges.next(entry + 1))
            response.remove(responseChanges.lowerCaseName(entry));
        response.addAll(responseChanges);
    }

    void backendFilters(Filters filters) {
        backendFilters = filters;
    }

    @Override
    public String method() {
        return method;
    }

    @Override
    public String host() {
        return host;
    }

    @Override
    public String path() {
        return path;
    }

    @Override
    public String rawTarget() {
        return rawTarget;
    }

    @Override
    public String query() {
        return query;
    }

    @Override
    public @Nullable String header(String lowerCaseName) {
        return request.get(lowerCaseName);
    }

    @Override
    public List<String> headers(String lowerCaseName) {
        return request.all(lowerCaseName);
    }

    @Override
    public InetAddress clientAddress() {
        return clientAddress;
    }

    @Override
    public @Nullable X509Certificate clientCertificate() {
        Session current = session;
        return current == null ? null : current.client();
    }

    @Override
    public String routeName() {
        Plan current = plan;
        return current == null ? "" : current.name();
    }

    @Override
    public void setHeader(String lowerCaseName, String value) {
        request.set(lowerCaseName, value);
    }

    @Override
    public void removeHeader(String lowerCaseName) {
        request.remove(lowerCaseName);
    }

    @Override
    public void setResponseHeader(String lowerCaseName, String value) {
        responseChanges.set(lowerCaseName, value);
    }

    @Override
    public void identify(@Nullable String found, @Nullable Object known) {
        consumer = found;
        principal = known;
    }

    @Override
    public @Nullable String consumer() {
        return consumer;
    }

    @Override
    public @Nullable Object principal() {
        return principal;
    }

    @Override
    public void setQuery(String changed) {
        int question = rawTarget.indexOf('?');
        String before = question < 0 ? rawTarget : rawTarget.substring(0, question);
        query = changed;
        rawTarget = changed.isEmpty() ? before : before + "?" + changed;
        upstreamTarget = rawTarget;
    }
}
