package io.aerofusion.gateway;

import io.aerofusion.gateway.upstream.Failure;
import io.aerofusion.gateway.upstream.GrpcStatus;
import io.aerofusion.gateway.upstream.Refusal;
import io.aerofusion.gateway.upstream.Upstream;
import io.aerofusion.gateway.upstream.UpstreamCall;
import io.netty.buffer.ByteBuf;
import java.net.InetSocketAddress;
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
public final class Exchange extends ExchangeHeads implements Expiring {
    private enum Phase {
        FREE,
        DECIDING,
        CONNECTING,
        FORWARDING
    }

    private final Loop loop;
    private final ClientSide client;
    private final Deadline deadline;

    private Phase phase = Phase.FREE;
    private int attempt;
    private @Nullable Route route;
    private @Nullable UpstreamSide upstream;
    private @Nullable UpstreamCall call;
    private final RequestContent requestContent = new RequestContent(this);
    private final ResponseContent responseContent;
    private final OwnAnswers own;
    private final Decision decision;
    private final ExchangeNotes notes;

    private boolean responseBegun;
    private boolean fresh;
    /** Whether the response lasts as long as it is not silent, see {@link #unlimited}. */
    private boolean lasting;

    private long endNanos;

    public Exchange(Loop loop, ClientSide client) {
        super(loop);
        this.loop = loop;
        this.client = client;
        this.deadline = loop.deadline(this);
        this.responseContent = new ResponseContent(this, client);
        this.notes = new ExchangeNotes(loop, this);
        this.own = new OwnAnswers(this, client, responseContent, notes);
        this.decision = new Decision(loop, this, own, requestContent, notes);
    }

    // ---- from the client's side
    // -----------------------------------------------------------------------------------------

    /** The request's head is complete: decide and forward. */
    public void begin() {
        start();
        identity.of(request);
        until(notes.startedNanos() + loop.settings().timeouts().request().toNanos());
        upstreamTarget = rawTarget;
        decision.begin(loop.gateway().serving());
    }

    /** A request that was decided elsewhere, for {@link Shadow}. */
    void beginTo(Route target) {
        start();
        notes.copy();
        identity.none();
        requestContent.bound(Long.MAX_VALUE);
        route = target;
        connect();
    }

    /** The request could not be read; the client's side closes after the answer. */
    public void beginRefused(Fault fault) {
        method = "";
        rawTarget = "";
        path = "";
        host = "";
        if (client.channel().remoteAddress() instanceof InetSocketAddress peer) clientAddress = peer.getAddress();
        start();
        identity.fresh();
        refuse(fault);
    }

    private void start() {
        notes.begin(loop.now());
        phase = Phase.DECIDING;
        responseBegun = false;
        fresh = false;
        lasting = false;
        route = null;
        resetHeads();
        requestContent.reset(loop.settings().bounds().bodyBytesMax());
        responseContent.reset();
        loop.counters().requestsStarted.increment();
    }

    /** Whether what was asked at this attempt is still to be decided. */
    boolean decides(int atAttempt) {
        return phase == Phase.DECIDING && attempt == atAttempt;
    }

    int attempt() {
        return attempt;
    }

    /** The request is what the upstream gets: it goes to this one. */
    void forward(Route target) {
        route = target;
        connect();
    }

    /** Asks the upstream for an endpoint. */
    private void connect() {
        Route target = route;
        if (target == null) return;
        Upstream service = target.upstream();
        until(target.requestNanos() == 0 ? Deadline.NONE : notes.startedNanos() + target.requestNanos());
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
        notes.tried(target);
        if (target.tryNanos() > 0) deadline.at(Math.min(endNanos, loop.now() + target.tryNanos()));
        loop.pools().acquire(current, this, attempt, fresh);
    }

    private void until(long nanos) {
        endNanos = nanos;
        deadline.at(nanos);
    }

    /** Content of the request; takes ownership. Only after {@link ClientSide#readRequest} asked for it. */
    public void requestContent(ByteBuf content) {
        heard();
        requestContent.content(content, upstream);
    }

    /** The request is complete. */
    public void requestEnd(@Nullable Headers trailers) {
        if (!requestContent.end(trailers, upstream)) return;
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
        clientGone(Fault.CLIENT_GONE);
    }

    /** The client's side is over because of this fault and can be told nothing more; false if nothing was under way. */
    public boolean clientGone(Fault fault) {
        if (phase == Phase.FREE) return false;
        notes.fault(fault.code(), Fault.Side.CLIENT, route);
        detach();
        finish();
        return true;
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
            requestContent.none();
            side.end(null);
            side.flush();
            return true;
        }
        requestContent.writeTo(side);
        side.flush();
        if (!requestContent.done()) client.readRequest(true);
        return true;
    }

    void connectFailed(int forAttempt, Fault fault, Failure failure) {
        if (phase == Phase.CONNECTING && attempt == forAttempt) tryFailed(fault, failure);
    }

    /** Whether this try still waits for a connection. */
    boolean awaits(int forAttempt) {
        return phase == Phase.CONNECTING && attempt == forAttempt;
    }

    /** The connection cannot carry this request, and another try would not change that. */
    void connectUseless(int forAttempt, Fault fault) {
        if (phase == Phase.CONNECTING && attempt == forAttempt) refuse(fault);
    }

    void connectRefused(int forAttempt, Refusal refusal) {
        if (phase == Phase.CONNECTING && attempt == forAttempt)
            refuse(503, refusal.code(), Fault.Side.UPSTREAM, refusal.detail(), Map.of());
    }

    /** The upstream takes more of the request. */
    public void upstreamWritable(boolean writable) {
        if (!requestContent.done()) client.readRequest(writable);
    }

    /** An interim response, its fields in {@link #response}. */
    public void informational(int interim) {
        client.informational(interim);
    }

    /** The response's head; {@link #status}, {@link #response}, {@link #responseLength} and {@link #bodiless} are set. */
    public void responseHead() {
        UpstreamCall current = call;
        notes.answered();
        if (current != null) {
            boolean failed = judge(current) || status >= 400;
            if (failed && requestContent.repeatable() && again(current)) return;
        }
        if (!responseContent.untreated() && !treated()) return;
        deadline.at(endNanos);
        if (!responseContent.headHeld()) sendHead();
    }

    /** The response begins: it can be refused no more. */
    void sendHead() {
        responseBegun = true;
        applyResponseChanges();
        lasting = unlimited();
        heard();
        client.head();
    }

    /** A side of a response that lasts said something: it may be silent as long again. */
    private void heard() {
        if (lasting)
            deadline.at(
                    loop.coarseNow() + loop.settings().timeouts().tunnelIdle().toNanos());
    }

    /**
     * Tells the upstream's side what its answer is worth; whether it is a gRPC call that failed. The status of a call stands in
     * the head if there is nothing else (Trailers-Only), otherwise it comes last, and the judgement with it.
     */
    private boolean judge(UpstreamCall current) {
        if (status != 200 || !grpc()) {
            current.answered(status);
            return false;
        }
        int told = GrpcStatus.parse(response.get("grpc-status"));
        if (told >= 0) {
            notes.grpc(told, GrpcStatus.httpStatus(told));
            current.answeredGrpc(told);
        }
        return told > 0;
    }

    private void judgeLast(UpstreamCall current, @Nullable Headers trailers) {
        if (status != 200 || notes.grpcStatus() >= 0 || !grpc()) return;
        int told = trailers == null ? GrpcStatus.NONE : GrpcStatus.parse(trailers.get("grpc-status"));
        if (told < 0) {
            // gRPC-Web has its trailers in the content: nothing is known but that there was an answer
            current.answered(status);
            return;
        }
        notes.grpc(told, GrpcStatus.httpStatus(told));
        current.answeredGrpc(told);
    }

    /** Lets policies see the head; false if something else was sent. */
    private boolean treated() {
        try {
            if (responseContent.head()) return true;
        } catch (Treatment.Broken broken) {
            refuse(Fault.RESPONSE_NOT_TREATED);
            return false;
        }
        responseBegun = true;
        deadline.at(endNanos);
        applyResponseChanges();
        client.head();
        responseContent.instead();
        return false;
    }

    /** Content of the response; takes ownership. */
    public void responseContent(ByteBuf content) {
        heard();
        try {
            responseContent.content(content);
        } catch (Treatment.Broken broken) {
            refuse(Fault.RESPONSE_NOT_TREATED);
        }
    }

    /** The response is complete; the upstream's side is not used any more. */
    public void responseEnd(@Nullable Headers trailers) {
        UpstreamSide from = upstream;
        upstream = null;
        if (!requestContent.done() && from != null) from.cancel();
        if (call != null) judgeLast(call, trailers);
        try {
            responseContent.end();
        } catch (Treatment.Broken broken) {
            refuse(Fault.RESPONSE_NOT_TREATED);
            return;
        }
        finish();
        client.end(trailers);
    }

    /** No more of the response for now. */
    public void responseFlush() {
        if (responseBegun) responseContent.flush();
        client.flush();
        if (!client.writable() && upstream != null) upstream.readResponse(false);
    }

    /** The upstream switched protocols: the fields of its 101 are in {@link #response}. */
    public void switched(Tunnel.End from) {
        UpstreamSide side = upstream;
        if (side == null) return;
        status = 101;
        notes.answered();
        if (call != null) call.answered(status);
        responseBegun = true;
        applyResponseChanges();
        client.head();
        client.flush();
        deadline.none();
        var tunnel = new Tunnel(loop, client.tunnelEnd(), from, this::tunnelClosed);
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
            // policies that have seen a head are not asked about another one
            boolean seen = responseBegun || responseContent.headHeld();
            if (!seen && requestContent.repeatable() && again(current)) return;
        }
        refuse(fault);
    }

    /** Whether the request is sent again, now or after a pause. */
    private boolean again(UpstreamCall current) {
        if (current.retry() == null) return false;
        loop.counters().retries.increment();
        notes.retried(route);
        detach();
        response.clear();
        phase = Phase.CONNECTING;
        int paused = ++attempt;
        deadline.at(endNanos);
        if (!requestContent.done()) client.readRequest(false);
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

    // ---- the end
    // --------------------------------------------------------------------------------------------------------

    @Override
    public void expired(long now) {
        if (phase == Phase.FREE) return;
        if (phase == Phase.DECIDING) {
            refuse(Fault.POLICY_FAILED);
            return;
        }
        if (lasting) {
            // silence may be all there is to say: it does not count against the endpoint
            refuse(Fault.UPSTREAM_TIMEOUT);
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

    void refuse(Fault fault) {
        refuse(fault.status(), fault.code(), fault.side(), fault.detail(), Map.of());
    }

    void refuse(int refusal, String code, Fault.Side side, String detail, Map<String, String> headers) {
        detach();
        notes.fault(code, side, route);
        if (responseBegun) {
            finish();
            client.abort();
            return;
        }
        own.problem(refusal, code, side, detail, headers);
    }

    /** What was answered cannot be taken back from here on. */
    void responseBegins() {
        responseBegun = true;
    }

    private void detach() {
        UpstreamSide from = upstream;
        upstream = null;
        if (from != null) from.cancel();
    }

    void finish() {
        phase = Phase.FREE;
        attempt++;
        deadline.none();
        requestContent.close();
        responseContent.close();
        UpstreamCall over = call;
        call = null;
        notes.end(responseBegun, route, over, requestContent.bytes(), responseContent.bytes());
        if (over != null) over.end();
        GatewayCounters counters = loop.counters();
        counters.requestsFinished.increment();
        if (responseBegun) counters.responded(status);
        counters.bytesFromClients.add(requestContent.bytes());
        counters.bytesToClients.add(responseContent.bytes());
    }

    /** Whether the request was read to its end. */
    public boolean requestDone() {
        return requestContent.done();
    }

    // ---- what policies see
    // ----------------------------------------------------------------------------------------------

    @Override
    public void identify(@Nullable String found, @Nullable Object known) {
        super.identify(found, known);
        notes.identified(found);
    }

    @Override
    public void editBody(BodyEdit edit) {
        if (requestLength == 0) return;
        requestContent.edit(edit);
        requestLength = -1;
        request.remove("content-length");
    }

    @Override
    public void treat(Treatment treatment) {
        responseContent.treatments().add(treatment);
    }

    @Override
    public boolean treats(Class<? extends Treatment> kind) {
        return responseContent.treatments().has(kind);
    }
}
