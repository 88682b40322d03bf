package io.aerofusion.gateway.http2;

import io.aerofusion.gateway.Exchange;
import io.aerofusion.gateway.Fault;
import io.aerofusion.gateway.Headers;
import io.aerofusion.gateway.UpstreamSide;
import io.aerofusion.gateway.http1.WebSocketHandshake;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Stream;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** One stream of an upstream's HTTP/2 connection, as the upstream's side of an exchange. */
public final class Http2UpstreamStream extends StreamSide implements UpstreamSide {
    private final Http2Upstream connection;
    private final Headers trailers = new Headers(128);

    private @Nullable Exchange exchange;
    private @Nullable Http2Headers pendingHead;
    private boolean flowing = true;
    private boolean answered;
    private boolean trailed;
    private boolean unflushed;
    private boolean upgrades;
    private int id;

    Http2UpstreamStream(Http2Upstream connection) {
        super(connection);
        this.connection = connection;
    }

    // ---- the request
    // ----------------------------------------------------------------------------------------------------

    @Override
    public void head(Exchange x) {
        exchange = x;
        String host = x.request.get("host");
        String protocol = x.upgrade;
        upgrades = protocol != null;
        Http2Headers head = Http2Fields.write(x.request)
                .method(upgrades ? "CONNECT" : x.method)
                .scheme(x.scheme)
                .authority(host == null ? x.authority : host)
                .path(x.upstreamTarget);
        if (protocol != null) {
            head.add(Http2Headers.PseudoHeaderName.PROTOCOL.value(), protocol.toLowerCase(Locale.ROOT));
            head.remove("sec-websocket-key");
        }
        if (x.acceptsTrailers) head.add("te", "trailers");
        pendingHead = head;
    }

    private void writeHead(boolean end) {
        Http2Headers head = pendingHead;
        if (head == null) return;
        pendingHead = null;
        id = connection.connection().local().incrementAndGetNextStreamId();
        writeHeaders(id, head, end);
        Http2Stream opened = connection.connection().stream(id);
        stream = opened;
        if (opened == null) {
            lost(true);
            return;
        }
        opened.setProperty(connection.streamKey, this);
    }

    @Override
    public void content(ByteBuf content) {
        writeHead(false);
        if (stream == null) content.release();
        else writeData(id, content, false);
    }

    @Override
    public void end(@Nullable Headers after) {
        if (upgrades) {
            // its half of the stream stays open for the tunnel
            writeHead(false);
            return;
        }
        if (pendingHead != null && after == null) {
            writeHead(true);
            return;
        }
        writeHead(false);
        if (stream == null) return;
        if (after != null) writeHeaders(id, Http2Fields.write(after), true);
        else writeData(id, Unpooled.EMPTY_BUFFER, true);
    }

    @Override
    public void flush() {
        writeHead(false);
        connection.flush(context());
    }

    @Override
    public boolean writable() {
        return stream == null || super.writable();
    }

    @Override
    void exchangeWritable(boolean writable) {
        if (exchange != null) exchange.upstreamWritable(writable);
    }

    @Override
    public boolean reused() {
        return false;
    }

    @Override
    public void cancel() {
        exchange = null;
        Http2Stream current = stream;
        release();
        if (current != null) writeReset(id, Http2Error.CANCEL);
    }

    // ---- the response
    // ---------------------------------------------------------------------------------------------------

    /** A head, interim or final, or trailers; false if they are malformed. */
    boolean headers(Http2Headers headers, boolean end) {
        Exchange x = exchange;
        if (x == null) return true;
        if (answered) {
            trailers.clear();
            if (!end || !Http2Fields.read(headers, trailers)) return false;
            trailed = trailers.size() > 0;
            ended = true;
            if (held.isEmpty()) finish();
            return true;
        }
        CharSequence stated = headers.status();
        x.response.clear();
        if (stated == null || stated.length() != 3 || !Http2Fields.read(headers, x.response)) {
            fail(Fault.UPSTREAM_MALFORMED);
            return false;
        }
        int status = 0;
        for (int i = 0; i < 3; i++) status = status * 10 + stated.charAt(i) - '0';
        if (status < 100 || status > 599 || status == 101) {
            fail(Fault.UPSTREAM_MALFORMED);
            return false;
        }
        if (status < 200) {
            x.informational(status);
            return !end;
        }
        answered = true;
        ended = end;
        if (upgrades && status < 300) {
            switched(x);
            return true;
        }
        x.status = status;
        x.bodiless = x.method.equals("HEAD") || status == 204 || status == 304;
        String length = x.response.get("content-length");
        x.responseLength = end ? 0 : length == null ? -1 : Long.parseLong(length);
        unflushed = true;
        x.responseHead();
        if (end && exchange != null) finish();
        return true;
    }

    /** The stream is a tunnel; a client of HTTP/1.1 gets the answer to its key that HTTP/2 does without. */
    private void switched(Exchange x) {
        exchange = null;
        String key = x.request.get("sec-websocket-key");
        x.response.remove("content-length");
        if (key != null && !x.keyless) x.response.set("sec-websocket-accept", WebSocketHandshake.accept(key));
        x.switched(this);
    }

    @Override
    int received(ByteBuf data, boolean end) {
        int length = data.readableBytes();
        Exchange x = exchange;
        if (x == null) return length;
        if (!held.isEmpty() || (!flowing && length > 0)) return hold(data);
        unflushed = true;
        if (length > 0) x.responseContent(data.retain());
        if (end) finish();
        return length;
    }

    /** No more for now. */
    void receivedAll() {
        if (!unflushed) return;
        unflushed = false;
        if (exchange != null) exchange.responseFlush();
    }

    @Override
    public void readResponse(boolean wanted) {
        flowing = wanted;
        boolean window = false;
        while (flowing && !held.isEmpty() && exchange != null) {
            ByteBuf piece = held.remove();
            int length = piece.readableBytes();
            exchange.responseContent(piece);
            window |= consume(length);
            if (held.isEmpty() && ended) finish();
            else exchange.responseFlush();
        }
        if (window) connection.flush(context());
    }

    private void finish() {
        Exchange x = exchange;
        exchange = null;
        if (x == null) return;
        boolean complete = x.requestDone();
        x.responseEnd(trailed ? trailers : null);
        if (!complete && stream != null) writeReset(id, Http2Error.NO_ERROR);
    }

    @Override
    void reset(long error) {
        lost(error == Http2Error.REFUSED_STREAM.code());
    }

    @Override
    void closed() {
        // what is held came before the end and goes to a slow client first
        if (ended && !held.isEmpty() && exchange != null) {
            stream = null;
            return;
        }
        lost(connection.unseen(id));
        release();
        stream = null;
        tunnelClosed();
    }

    private void lost(boolean unseen) {
        Exchange x = exchange;
        exchange = null;
        if (x == null) return;
        if (unseen && !answered) x.upstreamRefused();
        else x.upstreamFailed(Fault.UPSTREAM_RESET, answered);
    }

    private void fail(Fault fault) {
        Exchange x = exchange;
        exchange = null;
        if (x != null) x.upstreamFailed(fault, answered);
    }
}
