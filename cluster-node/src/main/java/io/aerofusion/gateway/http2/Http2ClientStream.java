package io.aerofusion.gateway.http2;

import io.aerofusion.gateway.ClientSide;
import io.aerofusion.gateway.Deadline;
import io.aerofusion.gateway.Exchange;
import io.aerofusion.gateway.Expiring;
import io.aerofusion.gateway.Fault;
import io.aerofusion.gateway.GatewaySettings.Timeouts;
import io.aerofusion.gateway.Headers;
import io.aerofusion.gateway.Tunnel;
import io.aerofusion.gateway.http1.Fields;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Stream;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One stream of a client's HTTP/2 connection, as the client's side of an exchange. Used again for later streams.
 *
 * <p>Two times bound how long nothing may move: that of the request's content while the upstream waits for it, and that of the response while it
 * waits for the client's window. A call of gRPC, and any stream whose response has begun before the end of its request, is a conversation: who speaks
 * in it may think as long as in a tunnel, and what either side says counts.
 */
final class Http2ClientStream extends StreamSide implements ClientSide, Expiring {
    private static final long NEVER = Long.MAX_VALUE;

    private final Http2Client connection;
    private final Exchange exchange;
    private final Headers trailers = new Headers(128);
    private final Timeouts timeouts;
    private final Deadline deadline;

    private @Nullable Http2Headers pendingHead;
    private boolean wanted;
    private boolean trailed;
    private boolean responding;
    private boolean endSent;
    private boolean finished;
    private long left;
    /** How long the client may send nothing of the content that is waited for; 0 as long as that is not known. */
    private long bodyIdleNanos;

    private long bodyEnds = NEVER;
    private long sendEnds = NEVER;

    Http2ClientStream(Http2Client connection) {
        super(connection);
        this.connection = connection;
        this.timeouts = connection.loop.settings().timeouts();
        this.deadline = connection.loop.deadline(this);
        this.exchange = new Exchange(connection.loop, this);
        exchange.listener = connection.listener;
    }

    // ---- the request
    // ----------------------------------------------------------------------------------------------------

    /** Reads the head of a request and begins its exchange; what is malformed is an error of the stream. */
    @Nullable Fault begin(Http2Stream begun, Http2Headers headers, boolean end) {
        stream = begun;
        wanted = false;
        ended = end;
        trailed = false;
        responding = false;
        bodyIdleNanos = 0;
        endSent = false;
        finished = false;
        pendingHead = null;
        Exchange x = exchange;
        Headers fields = x.request;
        fields.clear();
        CharSequence method = headers.method();
        CharSequence path = headers.path();
        CharSequence authority = headers.authority();
        if (method == null || path == null || headers.scheme() == null) return Fault.MALFORMED_REQUEST_LINE;
        if (!Http2Fields.read(headers, fields)) return Fault.MALFORMED_HEADER;
        x.fieldBytes = fields.filled();
        String host = fields.get("host");
        if (fields.all("host").size() > 1) return Fault.HOST_AMBIGUOUS;
        String named = authority == null ? host : authority.toString();
        if (named == null) return Fault.HOST_MISSING;
        if (host == null) fields.add("host", named);
        else if (!host.equals(named)) return Fault.HOST_AMBIGUOUS;
        CharSequence protocol = headers.get(Http2Headers.PseudoHeaderName.PROTOCOL.value());
        if (protocol != null && !"CONNECT".contentEquals(method)) return Fault.MALFORMED_REQUEST_LINE;
        // what opens a WebSocket here is the GET of HTTP/1.1, to all rules and to the upstream (RFC 8441, 5)
        x.method = protocol == null ? method.toString() : "GET";
        x.upgrade = protocol == null ? null : protocol.toString();
        x.keyless = protocol != null;
        if (protocol != null) fields.remove("sec-websocket-key");
        x.authority = named;
        x.acceptsTrailers = "trailers".equals(fields.get("te"));
        if (fields.contains("te") && !x.acceptsTrailers) return Fault.MALFORMED_HEADER;
        fields.remove("te");
        joinCookies(fields);
        List<String> lengths = fields.all("content-length");
        if (lengths.size() > 1) return Fault.FRAMING_AMBIGUOUS;
        long length = -1;
        if (!lengths.isEmpty()) {
            length = number(lengths.getFirst());
            if (length < 0) return Fault.CONTENT_LENGTH_INVALID;
            if (end && length > 0) return Fault.CONTENT_LENGTH_MISMATCH;
        }
        x.requestLength = end || protocol != null ? 0 : length;
        if (fields.size() > connection.loop.settings().bounds().fieldsMax()) {
            ended = true;
            x.beginRefused(Fault.HEADERS_TOO_LARGE);
            return null;
        }
        if (path.length() > connection.loop.settings().bounds().targetBytesMax()) {
            x.beginRefused(Fault.URI_TOO_LONG);
            return null;
        }
        if (protocol != null && !"websocket".contentEquals(protocol)) {
            x.beginRefused(Fault.PROTOCOL_UNKNOWN);
            return null;
        }
        Fault fault = connection.request.fill(x, path.toString());
        if (fault == null) x.begin();
        else if (fault == Fault.METHOD_UNKNOWN || fault == Fault.EXPECTATION_UNKNOWN) x.beginRefused(fault);
        else return fault;
        return null;
    }

    /** Clients may cut Cookie into pieces for the sake of compression; upstreams get it whole (RFC 9113, 8.2.3). */
    private static void joinCookies(Headers fields) {
        List<String> pieces = fields.all("cookie");
        if (pieces.size() > 1) fields.set("cookie", String.join("; ", pieces));
    }

    private static long number(String text) {
        if (text.isEmpty() || text.length() > 18) return -1;
        for (int i = 0; i < text.length(); i++) if (text.charAt(i) < '0' || text.charAt(i) > '9') return -1;
        return Long.parseLong(text);
    }

    /** The fields after the content; false if they are malformed. */
    boolean trailers(Http2Headers headers, boolean end) {
        trailers.clear();
        if (!end || !Http2Fields.read(headers, trailers)) return false;
        for (var field : headers) if (field.getKey().charAt(0) == ':') return false;
        for (int entry = trailers.next(0); entry >= 0; entry = trailers.next(entry + 1))
            if (!Fields.mayTrail(trailers.lowerCaseName(entry))) return false;
        trailed = trailers.size() > 0;
        ended = true;
        if (tunnels()) tunnelEnds();
        else if (wanted && held.isEmpty()) requestOver();
        return true;
    }

    @Override
    int received(ByteBuf data, boolean end) {
        int length = data.readableBytes();
        if (finished) return length;
        if (!wanted || !held.isEmpty()) return hold(data);
        if (length > 0) {
            awaitBody();
            exchange.requestContent(data.retain());
        }
        if (end && !finished) requestOver();
        else exchange.requestFlush();
        return length;
    }

    private void requestOver() {
        bodyEnds(NEVER);
        exchange.requestEnd(trailed ? trailers : null);
        exchange.requestFlush();
    }

    @Override
    public void readRequest(boolean now) {
        if (now && !wanted && !ended) {
            if (bodyIdleNanos == 0) bodyIdleNanos = (grpc() ? timeouts.tunnelIdle() : timeouts.bodyIdle()).toNanos();
            wanted = true;
            awaitBody();
        }
        wanted = now;
        if (!now) bodyEnds(NEVER);
        boolean window = false;
        while (wanted && !held.isEmpty() && !finished) {
            ByteBuf piece = held.remove();
            int length = piece.readableBytes();
            exchange.requestContent(piece);
            window |= consume(length);
            exchange.requestFlush();
        }
        if (wanted && held.isEmpty() && ended && !exchange.requestDone() && !finished) requestOver();
        if (window) connection.flush(context());
    }

    private boolean grpc() {
        String type = exchange.request.get("content-type");
        return type != null && type.startsWith("application/grpc");
    }

    /** The request turned out to be malformed, and its stream is about to be reset: it ends with this fault; false if it has ended. */
    boolean malformed(Fault fault) {
        if (finished || tunnels()) return false;
        finished = true;
        return exchange.clientGone(fault);
    }

    @Override
    void reset(long error) {
        if (tunnels()) return; // it ends with the stream
        if (!finished) exchange.clientGone();
        finished = true;
    }

    @Override
    void closed() {
        tunnelClosed();
        reset(0);
        release();
        stream = null;
        pendingHead = null;
        bodyEnds = NEVER;
        sendEnds = NEVER;
        deadline.none();
        connection.over(this);
    }

    /** Not used any more. */
    void discard() {
        deadline.close();
        exchange.close();
    }

    // ---- times
    // ----------------------------------------------------------------------------------------------------------

    /** The client has as long again to send more of the request. */
    private void awaitBody() {
        if (wanted && !ended) bodyEnds(connection.loop.coarseNow() + bodyIdleNanos);
    }

    private void bodyEnds(long at) {
        bodyEnds = at;
        deadline.at(Math.min(bodyEnds, sendEnds));
    }

    private void sendEnds(long at) {
        sendEnds = at;
        deadline.at(Math.min(bodyEnds, sendEnds));
    }

    /** The client has as long again to take something of what waits for it. */
    private void awaitWindow() {
        sendEnds(connection.loop.coarseNow() + timeouts.sendIdle().toNanos());
    }

    /** The client took something. */
    void windowMoved() {
        if (sendEnds != NEVER) awaitWindow();
    }

    @Override
    public void expired(long now) {
        Http2Stream current = stream;
        if (current == null) return;
        if (sendEnds - now <= 0) {
            long moved = connection.windowMoved + timeouts.sendIdle().toNanos();
            if (moved - now > 0
                    && connection.connection().remote().flowController().windowSize(current) > 0) {
                // it waits for the window that all streams of the connection share
                sendEnds(moved);
                return;
            }
            if (!finished) exchange.clientGone();
            abort();
        } else if (bodyEnds - now <= 0) {
            bodyEnds(NEVER);
            exchange.requestFailed(Fault.BODY_TIMEOUT);
        } else deadline.at(Math.min(bodyEnds, sendEnds));
    }

    // ---- the response
    // ---------------------------------------------------------------------------------------------------

    @Override
    public void informational(int status) {
        Http2Stream current = stream;
        if (current == null) return;
        writeHeaders(current.id(), Http2Fields.write(exchange.response).status(Integer.toString(status)), false);
        connection.flush(context());
    }

    @Override
    public void head() {
        Exchange x = exchange;
        boolean switched = x.status == 101;
        Http2Headers head = Http2Fields.write(x.response).status(switched ? "200" : Integer.toString(x.status));
        if (!head.contains("date")) head.add("date", connection.loop.date());
        left = switched ? -1 : x.bodiless ? 0 : x.responseLength;
        pendingHead = head;
        responding = true;
        if (!ended) {
            bodyIdleNanos = timeouts.tunnelIdle().toNanos();
            if (bodyEnds != NEVER) awaitBody();
        }
    }

    /** Writes the head that waits to know whether it is also the end. */
    private void writeHead(boolean end) {
        Http2Headers head = pendingHead;
        Http2Stream current = stream;
        pendingHead = null;
        if (head == null || current == null) return;
        endSent = end;
        writeHeaders(current.id(), head, end);
    }

    @Override
    public void content(ByteBuf content) {
        Http2Stream current = stream;
        if (current == null) {
            content.release();
            return;
        }
        writeHead(false);
        if (left > 0) {
            left -= content.readableBytes();
            endSent = left == 0;
        }
        if (bodyEnds != NEVER) awaitBody();
        writeData(current.id(), content, endSent);
    }

    @Override
    public void end(@Nullable Headers after) {
        Http2Stream current = stream;
        finished = true;
        if (current == null) return;
        int id = current.id();
        bodyEnds = NEVER;
        awaitWindow();
        if (after != null) {
            writeHead(false);
            if (!endSent) writeHeaders(id, Http2Fields.write(after), true);
        } else if (pendingHead != null) writeHead(true);
        else if (!endSent) writeData(id, Unpooled.EMPTY_BUFFER, true);
        if (!ended) {
            // An answer before the end of the request: the rest is not wanted (RFC 9113, 8.1).
            // What still waits to be written would be dropped by the reset, so it goes first.
            connection.flush(context());
            writeReset(id, Http2Error.NO_ERROR);
        }
        connection.flush(context());
    }

    @Override
    public void abort() {
        Http2Stream current = stream;
        finished = true;
        if (current != null) writeReset(current.id(), Http2Error.INTERNAL_ERROR);
    }

    @Override
    public void flush() {
        writeHead(false);
        connection.flush(context());
        if (responding && sendEnds == NEVER && !finished && !tunnels() && !writable()) awaitWindow();
    }

    @Override
    void exchangeWritable(boolean writable) {
        if (finished) return;
        if (!writable) {
            if (responding && sendEnds == NEVER) awaitWindow();
        } else if (sendEnds != NEVER) sendEnds(NEVER);
        exchange.clientWritable(writable);
    }

    @Override
    public Channel channel() {
        return context().channel();
    }

    @Override
    public Tunnel.End tunnelEnd() {
        return this;
    }
}
