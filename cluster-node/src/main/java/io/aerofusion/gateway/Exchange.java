package io.aerofusion.gateway;

import io.aerofusion.gateway.routing.Candidate;
import io.aerofusion.gateway.routing.Cors;
import io.aerofusion.gateway.routing.Filters;
import io.aerofusion.gateway.routing.Redirect;
import io.aerofusion.gateway.tls.ServerTls.Session;
import io.aerofusion.gateway.upstream.Failure;
import io.aerofusion.gateway.upstream.GrpcStatus;
import io.aerofusion.gateway.upstream.Refusal;
import io.aerofusion.gateway.upstream.Upstream;
import io.aerofusion.gateway.upstream.UpstreamCall;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import java.net.InetAddress;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One request and its response on their way through the gateway: what was asked, what the policies decided, which upstream
 * answers, and the rules of the hand-over between the two sides.
 *
 * <p>The client's side fills in the request and calls {@link #begin}. The exchange asks the route's steps, takes a connection
 * of its own loop, and from then on passes on what the one side received to the other, content as the buffers it arrived in.
 * Each side is read only while the other takes more. Whatever fails is answered once, with a problem that says which side
 * failed; when the response has begun already, it is cut so that the client notices. The object is used for the next request
 * as soon as it is finished, so nobody keeps it; everything happens on one event loop.
 */
public final class Exchange implements RequestEdit, Expiring {
    private enum Phase {
        FREE,
        DECIDING,
        CONNECTING,
        FORWARDING
    }

    private final Loop loop;
    private final ClientSide client;
    private final Deadline deadline;

    /** The request's fields, without those of the client's connection. */
    public final Headers request = new Headers(1_024);
    /** The response's fields, without those of the upstream's connection. */
    public final Headers response = new Headers(1_024);

    private final Headers responseChanges = new Headers(64);

    // the request, set by the client's side before begin()
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
    /** The protocol the client asks to switch to, or null. */
    public @Nullable String upgrade;
    /** Whether the client takes trailers. */
    public boolean acceptsTrailers;

    public InetAddress clientAddress = InetAddress.getLoopbackAddress();
    /** The TLS connection the request came over, or null. */
    public @Nullable Session session;

    // the response, set by the upstream's side before responseHead()
    public int status;
    /** The bytes of the response's body, or -1 if its end will be told. */
    public long responseLength;
    /** Whether the response has no body by definition (HEAD, 204, 304). */
    public boolean bodiless;

    private Phase phase = Phase.FREE;
    private int attempt;
    private @Nullable Plan plan;
    private @Nullable Route route;
    private @Nullable Filters backendFilters;
    private @Nullable Shadow shadow;
    private int prefixLength;
    private long bodyBytesMax;
    private @Nullable UpstreamSide upstream;
    private @Nullable UpstreamCall call;
    private final Replay replay = new Replay();
    private final Treatments treatments = new Treatments();
    private @Nullable BodyEdit bodyEdit;
    /** Whether another answer than the upstream's was sent, so that the rest of that one is of no interest. */
    private boolean replaced;

    private boolean requestDone;
    private boolean responseBegun;
    private boolean fresh;
    private long endNanos;
    private long requestBytes;
    private long responseBytes;
    private long startedNanos;
    private @Nullable String consumer;
    private @Nullable Object principal;

    public Exchange(Loop loop, ClientSide client) {
        this.loop = loop;
        this.client = client;
        this.deadline = loop.deadline(this);
    }

    // ---- from the client's side
    // -----------------------------------------------------------------------------------------

    /** The request's head is complete: decide and forward. */
    public void begin() {
        start();
        until(startedNanos + loop.settings().timeouts().request().toNanos());
        upstreamTarget = rawTarget;
        Serving current = loop.gateway().serving();
        int ambiguities = Serving.normalise(this);
        if (ambiguities < 0) {
            refuse(Fault.PATH_AMBIGUOUS);
            return;
        }
        Session secure = session;
        if (secure != null
                && current != null
                && (current.misdirected(listener, secure.serverName(), host)
                        || !current.certificates().serves(host, secure.certificate(), secure.named()))) {
            refuse(Fault.MISDIRECTED);
            return;
        }
        Candidate match = current == null ? null : current.match(listener, this);
        if (current == null || match == null) {
            // what servers read differently is never answered as if there were nothing
            refuse(ambiguities == 0 ? Fault.ROUTE_UNKNOWN : Fault.PATH_AMBIGUOUS);
            return;
        }
        Plan found = current.plan(match);
        plan = found;
        prefixLength = match.prefixLength();
        bodyBytesMax = found.bodyBytesMax();
        if (ambiguities != 0 && !match.allows(ambiguities)) refuse(Fault.PATH_AMBIGUOUS);
        else if (requestLength > bodyBytesMax) refuse(Fault.BODY_TOO_LARGE);
        else if (!answeredByFilters(current, found.filters())) decide(0);
    }

    /** A request that was decided elsewhere, for {@link Shadow}. */
    void beginTo(Route target) {
        start();
        bodyBytesMax = Long.MAX_VALUE;
        route = target;
        connect();
    }

    /** Whether the rule itself answers: a preflight, a redirect. */
    private boolean answeredByFilters(Serving current, Filters filters) {
        Cors cors = filters.cors();
        Headers preflight = cors == null ? null : cors.preflight(this);
        if (preflight != null) {
            response.clear();
            response.addAll(preflight);
            answer(204, Unpooled.EMPTY_BUFFER);
            return true;
        }
        return redirected(current, filters.redirect());
    }

    private boolean redirected(@Nullable Serving current, @Nullable Redirect redirect) {
        if (redirect == null || current == null) return false;
        response.clear();
        response.add("location", redirect.location(current.door(listener, host), host, rawTarget, path, prefixLength));
        response.add("content-length", "0");
        answer(redirect.status(), Unpooled.EMPTY_BUFFER);
        return true;
    }

    /** The request could not be read; the client's side closes after the answer. */
    public void beginRefused(Fault fault) {
        method = "";
        rawTarget = "";
        path = "";
        host = "";
        start();
        refuse(fault);
    }

    private void start() {
        startedNanos = loop.now();
        phase = Phase.DECIDING;
        requestDone = false;
        responseBegun = false;
        fresh = false;
        replaced = false;
        bodyEdit = null;
        requestBytes = 0;
        responseBytes = 0;
        status = 0;
        consumer = null;
        principal = null;
        plan = null;
        route = null;
        backendFilters = null;
        shadow = null;
        bodyBytesMax = loop.settings().bounds().bodyBytesMax();
        if (responseChanges.size() > 0) responseChanges.clear();
        loop.counters().requestsStarted.increment();
    }

    private void decide(int from) {
        List<Step> steps = plan == null ? List.of() : plan.steps();
        for (int i = from; i < steps.size(); i++) {
            Verdict verdict;
            try {
                verdict = steps.get(i).check(this);
            } catch (RuntimeException failed) {
                loop.gateway().failed(failed);
                refuse(Fault.POLICY_FAILED);
                return;
            }
            if (!apply(verdict, i)) return;
        }
        forward();
    }

    /** Whether the next step is to be asked at once. */
    private boolean apply(Verdict verdict, int step) {
        return switch (verdict) {
            case Verdict.Pass pass -> true;
            case Verdict.Refuse refusal -> {
                refuse(refusal.status(), refusal.code(), Fault.Side.GATEWAY, refusal.detail(), refusal.headers());
                yield false;
            }
            case Verdict.Answer answer -> {
                become(answer);
                if (treatments.isEmpty()) answer(status, Unpooled.wrappedBuffer(answer.body()));
                else answerTreated(answer);
                yield false;
            }
            case Verdict.Later later -> {
                int current = attempt;
                later.verdict()
                        .whenComplete((decided, failed) -> loop.eventLoop().execute(() -> {
                            if (phase != Phase.DECIDING || attempt != current) return;
                            if (decided == null) refuse(Fault.POLICY_FAILED);
                            else if (apply(decided, step)) decide(step + 1);
                        }));
                yield false;
            }
        };
    }

    /** The policies let it pass: makes the request what the upstream gets. */
    private void forward() {
        Plan found = plan;
        Route target = found == null ? null : found.forward(this, prefixLength);
        if (found == null || target == null) {
            refuse(Fault.NO_BACKEND);
            return;
        }
        Filters chosen = backendFilters;
        if (chosen != null && redirected(loop.gateway().serving(), chosen.redirect())) return;
        route = target;
        if (!found.filters().mirrors().isEmpty()) shadow = Shadow.of(loop, this, found);
        connect();
    }

    /** Asks the upstream for an endpoint. */
    private void connect() {
        Route target = route;
        if (target == null) return;
        Upstream service = target.upstream();
        until(target.requestNanos() == 0 ? Deadline.NONE : startedNanos + target.requestNanos());
        switch (service.begin(
                HashKeys.of(service.settings().balancing().hashOn(), this), idempotent(), target.retry())) {
            case Refusal refusal -> refuse(503, refusal.code(), Fault.Side.UPSTREAM, refusal.detail(), Map.of());
            case UpstreamCall begun -> {
                call = begun;
                dispatch();
            }
        }
    }

    /** Tries the endpoint that the call names. */
    private void dispatch() {
        UpstreamCall current = call;
        Route target = route;
        if (current == null || target == null) return;
        phase = Phase.CONNECTING;
        attempt++;
        if (target.tryNanos() > 0) deadline.at(Math.min(endNanos, loop.now() + target.tryNanos()));
        loop.pools().acquire(current, this, attempt, fresh);
    }

    private void until(long nanos) {
        endNanos = nanos;
        deadline.at(nanos);
    }

    /** Content of the request; takes ownership. Only after {@link ClientSide#readRequest} asked for it. */
    public void requestContent(ByteBuf content) {
        UpstreamSide to = upstream;
        requestBytes += content.readableBytes();
        if (to == null) {
            content.release();
            return;
        }
        if (requestBytes > bodyBytesMax) {
            content.release();
            refuse(Fault.BODY_TOO_LARGE);
            return;
        }
        if (bodyEdit == null) pass(content, to);
        else edited(bodyEdit, content, to);
    }

    private void pass(ByteBuf content, UpstreamSide to) {
        replay.add(content);
        if (shadow != null) shadow.copy(content);
        to.content(content);
    }

    /** Passes on what a policy makes of a piece of the body, or of its end (null); false if the request was refused. */
    private boolean edited(BodyEdit edit, @Nullable ByteBuf content, UpstreamSide to) {
        ByteBuf piece;
        try {
            piece = content == null ? edit.end() : edit.content(content);
        } catch (Treatment.Broken broken) {
            refuse(Fault.BODY_NOT_TREATED);
            return false;
        }
        if (piece.isReadable()) pass(piece, to);
        else piece.release();
        return true;
    }

    /** The request is complete. */
    public void requestEnd(@Nullable Headers trailers) {
        requestDone = true;
        UpstreamSide to = upstream;
        if (bodyEdit != null && to != null && !edited(bodyEdit, null, to)) return;
        replay.end(trailers);
        if (shadow != null) shadow.originalEnded();
        if (upstream != null) upstream.end(trailers);
    }

    /** No more content of the request for now. */
    public void requestFlush() {
        UpstreamSide to = upstream;
        if (to == null) return;
        to.flush();
        if (!to.writable()) client.readRequest(false);
    }

    /** The request cannot be read any further. */
    public void requestFailed(Fault fault) {
        if (phase != Phase.FREE) refuse(fault);
    }

    /** The client is gone. */
    public void clientGone() {
        if (phase == Phase.FREE) return;
        loop.counters().faults(Fault.CLIENT_GONE).increment();
        detach();
        finish();
    }

    /** The client takes more of the response, or no more. */
    public void clientWritable(boolean writable) {
        if (upstream != null) upstream.readResponse(writable);
    }

    /** Gives back what the exchange holds; its client's side is gone. */
    public void close() {
        clientGone();
        deadline.close();
    }

    // ---- from the upstream's side
    // ---------------------------------------------------------------------------------------

    /** A connection is there; false if this exchange does not want it any more. */
    boolean connected(int forAttempt, UpstreamSide side) {
        if (phase != Phase.CONNECTING || attempt != forAttempt) return false;
        phase = Phase.FORWARDING;
        upstream = side;
        side.head(this);
        if (requestLength == 0) {
            if (!requestDone && shadow != null) shadow.originalEnded();
            requestDone = true;
            side.end(null);
            side.flush();
            return true;
        }
        replay.writeTo(side, requestDone);
        side.flush();
        if (!requestDone) client.readRequest(true);
        return true;
    }

    void connectFailed(int forAttempt, Fault fault, Failure failure) {
        if (phase == Phase.CONNECTING && attempt == forAttempt) tryFailed(fault, failure);
    }

    /** Whether this try still waits for a connection. */
    boolean awaits(int forAttempt) {
        return phase == Phase.CONNECTING && attempt == forAttempt;
    }

    void connectRefused(int forAttempt, Refusal refusal) {
        if (phase == Phase.CONNECTING && attempt == forAttempt)
            refuse(503, refusal.code(), Fault.Side.UPSTREAM, refusal.detail(), Map.of());
    }

    /** The upstream takes more of the request. */
    public void upstreamWritable(boolean writable) {
        if (!requestDone) client.readRequest(writable);
    }

    /** An interim response, its fields in {@link #response}. */
    public void informational(int interim) {
        client.informational(interim);
    }

    /** The response's head; {@link #status}, {@link #response}, {@link #responseLength} and {@link #bodiless} are set. */
    public void responseHead() {
        UpstreamCall current = call;
        if (current != null) {
            current.answered(status);
            if (status >= 400 && replay.complete() && again(current)) return;
        }
        if (!treatments.isEmpty() && !treated()) return;
        responseBegun = true;
        deadline.at(endNanos);
        applyResponseChanges();
        if (unlimited()) deadline.none();
        client.head();
    }

    /** Lets policies see the head; false if something else was sent. */
    private boolean treated() {
        try {
            if (!treatments.head(this)) return true;
        } catch (Treatment.Broken broken) {
            refuse(Fault.RESPONSE_NOT_TREATED);
            return false;
        }
        replaced = true;
        responseBegun = true;
        deadline.at(endNanos);
        applyResponseChanges();
        client.head();
        send(bodiless ? Unpooled.EMPTY_BUFFER : treatments.instead());
        return false;
    }

    /** Makes the response's head that of another answer. */
    void become(Verdict.Answer answer) {
        status = answer.status();
        bodiless = method.equals("HEAD") || status == 204 || status == 304;
        response.clear();
        response.addAll(answer.headers());
        response.remove("content-length");
        responseLength = answer.body().length;
        if (status != 204 && status != 304) response.add("content-length", Long.toString(responseLength));
    }

    /** Answers with a head that {@link #become} made and this content, treated as a response of the upstream would be. */
    private void answerTreated(Verdict.Answer answer) {
        try {
            treatments.head(this);
        } catch (Treatment.Broken broken) {
            refuse(Fault.RESPONSE_NOT_TREATED);
            return;
        }
        applyResponseChanges();
        responseBegun = true;
        client.head();
        send(bodiless ? Unpooled.EMPTY_BUFFER : treatments.whole(answer.body()));
        finish();
        client.end(null);
    }

    /** Sends content if there is any; takes ownership. */
    private void send(ByteBuf content) {
        if (!content.isReadable()) {
            content.release();
            return;
        }
        responseBytes += content.readableBytes();
        client.content(content);
    }

    /** Whether the response is a stream of events that lasts as long as somebody listens. */
    private boolean unlimited() {
        if (responseLength >= 0) return false;
        String type = response.get("content-type");
        return type != null && (type.startsWith("text/event-stream") || type.startsWith("application/grpc"));
    }

    private void applyResponseChanges() {
        Plan found = plan;
        if (found != null) {
            Filters filters = found.filters();
            if (backendFilters != null) backendFilters.responseHeaders().apply(response);
            if (!filters.responseHeaders().isEmpty()) filters.responseHeaders().apply(response);
            if (filters.cors() != null) filters.cors().answered(this, response);
        }
        if (responseChanges.size() == 0) return;
        for (int entry = responseChanges.next(0); entry >= 0; entry = responseChanges.next(entry + 1))
            response.remove(responseChanges.lowerCaseName(entry));
        response.addAll(responseChanges);
    }

    /** Content of the response; takes ownership. */
    public void responseContent(ByteBuf content) {
        if (treatments.isEmpty()) {
            responseBytes += content.readableBytes();
            client.content(content);
        } else if (replaced) {
            content.release();
        } else {
            try {
                send(treatments.content(content));
            } catch (Treatment.Broken broken) {
                refuse(Fault.RESPONSE_NOT_TREATED);
            }
        }
    }

    /** The response is complete; the upstream's side is not used any more. */
    public void responseEnd(@Nullable Headers trailers) {
        UpstreamSide from = upstream;
        upstream = null;
        if (!requestDone && from != null) from.cancel();
        if (!treatments.isEmpty() && !replaced && !bodiless) {
            try {
                send(treatments.end());
            } catch (Treatment.Broken broken) {
                refuse(Fault.RESPONSE_NOT_TREATED);
                return;
            }
        }
        finish();
        client.end(trailers);
    }

    /** No more of the response for now. */
    public void responseFlush() {
        if (!treatments.isEmpty() && responseBegun && !replaced && !bodiless) send(treatments.flush());
        client.flush();
        if (!client.writable() && upstream != null) upstream.readResponse(false);
    }

    /** The upstream switched protocols: the fields of its 101 are in {@link #response}. */
    public void switched(Channel from) {
        UpstreamSide side = upstream;
        if (side == null) return;
        status = 101;
        if (call != null) call.answered(status);
        responseBegun = true;
        applyResponseChanges();
        client.head();
        client.flush();
        deadline.none();
        var tunnel = new Tunnel(
                loop,
                client.channel(),
                from,
                loop.settings().timeouts().tunnelIdle().toNanos(),
                this::tunnelClosed);
        upstream = null;
        client.tunnel(tunnel);
        side.tunnel(tunnel);
    }

    private void tunnelClosed() {
        if (phase != Phase.FREE) finish();
    }

    /** The connection broke, or brought what is no response. The upstream's side is not used any more. */
    public void upstreamFailed(Fault fault, boolean answered) {
        UpstreamSide from = upstream;
        upstream = null;
        boolean stale = fault == Fault.UPSTREAM_RESET && !answered && from != null && from.reused();
        if (stale) fresh = true;
        Failure failure = fault == Fault.UPSTREAM_MALFORMED
                ? Failure.INVALID_ANSWER
                : stale ? Failure.STALE_CONNECTION : Failure.RESET;
        tryFailed(fault, failure);
    }

    /** The upstream did not take the request, so that it can be sent again whatever it is. */
    public void upstreamRefused() {
        upstream = null;
        tryFailed(Fault.UPSTREAM_RESET, Failure.REFUSED_STREAM);
    }

    private void tryFailed(Fault fault, Failure failure) {
        UpstreamCall current = call;
        if (current != null) {
            current.failed(failure);
            if (!responseBegun && replay.complete() && again(current)) return;
        }
        refuse(fault);
    }

    /** Whether the request is sent again, now or after a pause. */
    private boolean again(UpstreamCall current) {
        if (current.retry() == null) return false;
        loop.counters().retries.increment();
        detach();
        response.clear();
        phase = Phase.CONNECTING;
        int paused = ++attempt;
        deadline.at(endNanos);
        if (!requestDone) client.readRequest(false);
        if (current.backoffNanos() == 0) {
            dispatch();
            return true;
        }
        loop.eventLoop()
                .schedule(
                        () -> {
                            if (phase == Phase.CONNECTING && attempt == paused) dispatch();
                        },
                        current.backoffNanos(),
                        TimeUnit.NANOSECONDS);
        return true;
    }

    private boolean idempotent() {
        return switch (method) {
            case "GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE" -> true;
            // who sends this asks for its repetition (draft-ietf-httpapi-idempotency-key-header)
            default -> request.get("idempotency-key") != null;
        };
    }

    // ---- the end
    // --------------------------------------------------------------------------------------------------------

    @Override
    public void expired(long now) {
        if (phase == Phase.FREE) return;
        if (phase == Phase.DECIDING) {
            refuse(Fault.POLICY_FAILED);
            return;
        }
        Fault fault = phase == Phase.CONNECTING ? Fault.UPSTREAM_CONNECT_TIMEOUT : Fault.UPSTREAM_TIMEOUT;
        attempt++;
        detach();
        if (now - endNanos < 0) {
            tryFailed(fault, Failure.TRY_TIMEOUT);
            return;
        }
        if (call != null) call.failed(Failure.TRY_TIMEOUT);
        refuse(fault);
    }

    private void refuse(Fault fault) {
        loop.counters().faults(fault).increment();
        refuse(fault.status(), fault.code(), fault.side(), fault.detail(), Map.of());
    }

    private void refuse(int refusal, String code, Fault.Side side, String detail, Map<String, String> headers) {
        detach();
        if (responseBegun) {
            finish();
            client.abort();
            return;
        }
        if (side == Fault.Side.UPSTREAM && !treatments.isEmpty()) {
            Verdict.Answer instead = treatments.failed(this);
            if (instead != null) {
                become(instead);
                answer(status, Unpooled.wrappedBuffer(instead.body()));
                return;
            }
        }
        response.clear();
        if (grpc()) {
            // a call is answered in its own terms: with trailers only
            response.add("content-type", "application/grpc");
            response.add("grpc-status", Integer.toString(GrpcStatus.of(refusal)));
            response.add("grpc-message", GrpcStatus.message(detail));
            headers.forEach(response::add);
            answer(200, Unpooled.EMPTY_BUFFER);
            return;
        }
        byte[] body = ProblemBody.of(refusal, code, side, detail);
        response.add("content-type", "application/problem+json");
        response.add("content-length", Integer.toString(body.length));
        headers.forEach(response::add);
        answer(refusal, Unpooled.wrappedBuffer(body));
    }

    /** Whether the client speaks gRPC, which is never without trailers. */
    private boolean grpc() {
        if (!acceptsTrailers) return false;
        String type = request.get("content-type");
        return type != null && type.startsWith("application/grpc");
    }

    /** Answers with {@link #response} and this content. */
    private void answer(int with, ByteBuf content) {
        applyResponseChanges();
        status = with;
        responseLength = content.readableBytes();
        responseBytes = responseLength;
        bodiless = method.equals("HEAD") || with == 204 || with == 304;
        responseBegun = true;
        client.head();
        if (bodiless || responseLength == 0) content.release();
        else client.content(content);
        finish();
        client.end(null);
    }

    private void detach() {
        UpstreamSide from = upstream;
        upstream = null;
        if (from != null) from.cancel();
    }

    private void finish() {
        phase = Phase.FREE;
        attempt++;
        deadline.none();
        replay.reset();
        if (!treatments.isEmpty()) treatments.close();
        if (shadow != null) {
            if (!requestDone) shadow.originalBroke();
            shadow = null;
        }
        UpstreamCall over = call;
        call = null;
        if (over != null) over.end();
        GatewayCounters counters = loop.counters();
        counters.requestsFinished.increment();
        if (responseBegun) counters.responded(status);
        counters.bytesFromClients.add(requestBytes);
        counters.bytesToClients.add(responseBytes);
    }

    void backendFilters(Filters filters) {
        backendFilters = filters;
    }

    /** Whether the request was read to its end. */
    public boolean requestDone() {
        return requestDone;
    }

    // ---- what policies see
    // ----------------------------------------------------------------------------------------------

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

    @Override
    public void editBody(BodyEdit edit) {
        if (requestLength == 0) return;
        bodyEdit = edit;
        requestLength = -1;
        request.remove("content-length");
    }

    @Override
    public void treat(Treatment treatment) {
        treatments.add(treatment);
    }

    @Override
    public boolean treats(Class<? extends Treatment> kind) {
        return treatments.has(kind);
    }
}
