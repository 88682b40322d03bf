package io.aerofusion.gateway;

import io.aerofusion.gateway.access.AccessEntry;
import io.aerofusion.gateway.access.AccessLog;
import io.aerofusion.gateway.upstream.UpstreamCall;
import io.aerofusion.gateway.usage.Tally;
import org.jspecify.annotations.Nullable;

/**
 * What is noted of an exchange while it lasts, counted when it is over, and logged then if it is one of those to tell. Belongs
 * to its exchange and is reused with it. Costs two looks at the clock (when the upstream's head came, and at the end) and some stores.
 */
final class ExchangeNotes {
    private static final int UNKNOWN = -1;

    private final Loop loop;
    private final int index;
    private final ExchangeHeads x;
    private boolean client;
    private boolean waited;
    private long startedNanos;
    private long triedNanos;
    private long answeredNanos;
    private boolean tried;
    private boolean answered;
    private int retries;
    private int grpcStatus;
    /** The HTTP status that stands for the answer to a gRPC call, or 0. */
    private int standsFor;

    private String fault = "";
    private @Nullable Tally route;
    private @Nullable Tally consumer;

    ExchangeNotes(Loop loop, ExchangeHeads x) {
        this.loop = loop;
        this.index = loop.index();
        this.x = x;
    }

    /** A request begins. */
    void begin(long now) {
        client = true;
        waited = false;
        startedNanos = now;
        tried = false;
        answered = false;
        retries = 0;
        grpcStatus = UNKNOWN;
        standsFor = 0;
        fault = "";
        route = null;
        consumer = null;
    }

    /** It is a copy that no client waits for. */
    void copy() {
        client = false;
    }

    long startedNanos() {
        return startedNanos;
    }

    void routed(Tally tally) {
        route = tally;
        tally.began(index);
    }

    void identified(@Nullable String name) {
        if (consumer != null || name == null) return;
        Tally tally = loop.consumer(name);
        consumer = tally;
        tally.began(index);
    }

    /** A policy took its time. */
    void waited() {
        waited = true;
    }

    void wouldRefuse() {
        if (route != null) route.wouldRefuse(index);
        if (consumer != null) consumer.wouldRefuse(index);
    }

    /** An endpoint is asked for; the first time right after the beginning unless a policy had to wait. */
    void tried(Route to) {
        triedNanos = waited || tried ? loop.now() : startedNanos;
        if (!tried) to.tally().began(index);
        tried = true;
        answered = false;
        grpcStatus = UNKNOWN;
        standsFor = 0;
    }

    void retried(@Nullable Route to) {
        retries++;
        if (route != null) route.retried(index);
        if (consumer != null) consumer.retried(index);
        if (to != null) to.tally().retried(index);
    }

    /** The head of the upstream's answer came. */
    void answered() {
        answered = true;
        answeredNanos = loop.now();
    }

    /** A gRPC call is over with this status, for which a status of HTTP stands. */
    void grpc(int status, int httpStatus) {
        grpcStatus = status;
        standsFor = httpStatus;
    }

    int grpcStatus() {
        return grpcStatus;
    }

    /** What went wrong; the first counts. */
    void fault(String code, Fault.Side side, @Nullable Route to) {
        if (!fault.isEmpty()) return;
        fault = code;
        loop.counters().faults(code).increment();
        if (route != null) route.fault(code);
        if (consumer != null) consumer.fault(code);
        if (to != null && side == Fault.Side.UPSTREAM) to.tally().fault(code);
    }

    /** The exchange is over. */
    void end(boolean responded, @Nullable Route to, @Nullable UpstreamCall call, long bytesIn, long bytesOut) {
        long now = loop.now();
        int status = !responded ? 0 : standsFor == 0 ? x.status : standsFor;
        long nanos = x.status == 101 && answered ? answeredNanos - startedNanos : now - startedNanos;
        if (route != null) route.ended(index, status, nanos, bytesIn, bytesOut);
        if (consumer != null) consumer.ended(index, status, nanos, bytesIn, bytesOut);
        if (to != null && tried)
            to.tally().ended(index, status, (answered ? answeredNanos : now) - triedNanos, bytesIn, bytesOut);
        AccessLog log = client ? loop.gateway().accessLog() : null;
        if (log == null) return;
        if (status < 100
                || status >= 400
                || nanos >= loop.settings().observability().slow().toNanos()
                || (loop.random() >>> 33) < logThreshold())
            log.add(entry(responded, to, call, bytesIn, bytesOut, now - startedNanos));
    }

    private long logThreshold() {
        Plan plan = x.plan;
        return plan == null ? loop.gateway().logThreshold() : plan.logThreshold();
    }

    private AccessEntry entry(
            boolean responded,
            @Nullable Route to,
            @Nullable UpstreamCall call,
            long bytesIn,
            long bytesOut,
            long nanos) {
        String consumerName = x.consumer();
        return new AccessEntry(
                loop.settings().clock().instant(),
                x.identity.id(),
                x.identity.traceId(),
                x.routeName(),
                to == null ? "" : to.upstream().settings().name(),
                call == null ? "" : call.endpoint().target().text(),
                consumerName == null ? "" : consumerName,
                x.method,
                x.host,
                x.path,
                responded ? x.status : 0,
                grpcStatus,
                fault,
                bytesIn,
                bytesOut,
                nanos,
                answered ? answeredNanos - triedNanos : UNKNOWN,
                retries,
                x.protocol,
                x.clientAddress);
    }
}
