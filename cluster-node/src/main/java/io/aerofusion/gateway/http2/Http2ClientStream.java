package io.aerofusion.gateway.http2;

import io.aerofusion.gateway.ClientSide;
import io.aerofusion.gateway.Exchange;
import io.aerofusion.gateway.Fault;
import io.aerofusion.gateway.Headers;
import io.aerofusion.gateway.Tunnel;
import io.aerofusion.gateway.http1.Fields;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Stream;
import java.util.ArrayDeque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One stream of a client's HTTP/2 connection, as the client's side of an exchange. Used again for later streams. */
final class Http2ClientStream implements ClientSide {
    private final Http2Client connection;
    private final Exchange exchange;
    private final Headers trailers = new Headers(128);
    private final ArrayDeque<ByteBuf> held = new ArrayDeque<>();

    private @Nullable Http2Stream stream;
    private @Nullable Http2Headers pendingHead;
    private boolean wanted;
    private boolean requestEnded;
    private boolean trailed;
    private boolean endSent;
    private boolean finished;
    private long left;

    Http2ClientStream(Http2Client connection) {
        this.connection = connection;
        this.exchange = new Exchange(connection.loop, this);
        exchange.listener = connection.listener;
    }

    // ---- the request
    // ----------------------------------------------------------------------------------------------------

    /** Reads the head of a request and begins its exchange; what is malformed is an error of the stream. */
    @Nullable Fault begin(Http2Stream begun, Http2Headers headers, boolean end) {
        stream = begun;
        wanted = false;
        requestEnded = end;
        trailed = false;
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
        String host = fields.get("host");
        if (fields.all("host").size() > 1) return Fault.HOST_AMBIGUOUS;
        String named = authority == null ? host : authority.toString();
        if (named == null) return Fault.HOST_MISSING;
        if (host == null) fields.add("host", named);
        else if (!host.equals(named)) return Fault.HOST_AMBIGUOUS;
        x.method = method.toString();
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
        x.requestLength = end ? 0 : length;
        x.upgrade = null;
        if (fields.size() > connection.loop.settings().bounds().fieldsMax()) {
            requestEnded = true;
            x.beginRefused(Fault.HEADERS_TOO_LARGE);
            return null;
        }
        if (path.length() > connection.loop.settings().bounds().targetBytesMax()) {
            x.beginRefused(Fault.URI_TOO_LONG);
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
        requestEnded = true;
        if (wanted && held.isEmpty()) ended();
        return true;
    }

    /** Content; the bytes that are taken at once, the others are when somebody wants them. */
    int received(ByteBuf data, boolean end) {
        int length = data.readableBytes();
        requestEnded |= end;
        if (finished) return length;
        if (!wanted || !held.isEmpty()) {
            if (length > 0) held.add(data.retain());
            if (end && wanted && held.isEmpty()) ended();
            return 0;
        }
        if (length > 0) exchange.requestContent(data.retain());
        if (end && !finished) ended();
        else exchange.requestFlush();
        return length;
    }

    private void ended() {
        exchange.requestEnd(trailed ? trailers : null);
        exchange.requestFlush();
    }

    @Override
    public void readRequest(boolean now) {
        wanted = now;
        boolean window = false;
        while (wanted && !held.isEmpty() && !finished) {
            ByteBuf piece = held.remove();
            int length = piece.readableBytes();
            exchange.requestContent(piece);
            window |= consume(length);
            exchange.requestFlush();
        }
        if (wanted && held.isEmpty() && requestEnded && !exchange.requestDone() && !finished) ended();
        if (window) connection.flush(context());
    }

    private boolean consume(int bytes) {
        Http2Stream current = stream;
        if (current == null) return false;
        try {
            return connection.connection().local().flowController().consumeBytes(current, bytes);
        } catch (Http2Exception closed) {
            return false;
        }
    }

    /** The client gave the stream up. */
    void reset() {
        if (!finished) exchange.clientGone();
        finished = true;
    }

    /** The stream is closed, in whichever way. */
    void closed() {
        reset();
        for (ByteBuf piece = held.poll(); piece != null; piece = held.poll()) {
            consume(piece.readableBytes());
            piece.release();
        }
        stream = null;
        pendingHead = null;
        connection.over(this);
    }

    /** Not used any more. */
    void discard() {
        exchange.close();
    }

    // ---- the response
    // ---------------------------------------------------------------------------------------------------

    @Override
    public void informational(int status) {
        Http2Stream current = stream;
        if (current == null) return;
        Http2Headers head = Http2Fields.write(exchange.response).status(Integer.toString(status));
        connection
                .encoder()
                .writeHeaders(context(), current.id(), head, 0, false, context().newPromise());
        connection.flush(context());
    }

    @Override
    public void head() {
        Exchange x = exchange;
        Http2Headers head = Http2Fields.write(x.response).status(Integer.toString(x.status));
        if (!head.contains("date")) head.add("date", connection.loop.date());
        left = x.bodiless ? 0 : x.responseLength;
        pendingHead = head;
    }

    /** Writes the head that waits to know whether it is also the end. */
    private void writeHead(boolean end) {
        Http2Headers head = pendingHead;
        Http2Stream current = stream;
        pendingHead = null;
        if (head == null || current == null) return;
        endSent = end;
        connection
                .encoder()
                .writeHeaders(context(), current.id(), head, 0, end, context().newPromise());
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
        connection
                .encoder()
                .writeData(
                        context(), current.id(), content, 0, endSent, context().newPromise());
    }

    @Override
    public void end(@Nullable Headers after) {
        Http2Stream current = stream;
        finished = true;
        if (current == null) return;
        int id = current.id();
        ChannelHandlerContext to = context();
        if (after != null) {
            writeHead(false);
            if (!endSent) connection.encoder().writeHeaders(to, id, Http2Fields.write(after), 0, true, to.newPromise());
        } else if (pendingHead != null) writeHead(true);
        else if (!endSent) connection.encoder().writeData(to, id, Unpooled.EMPTY_BUFFER, 0, true, to.newPromise());
        if (!requestEnded) {
            // an answer before the end of the request: the rest is not wanted (RFC 9113, 8.1). What still waits to be
            // written
            // would be dropped by the reset, so it goes first.
            connection.flush(to);
            connection.resetStream(to, id, Http2Error.NO_ERROR.code(), to.newPromise());
        }
        connection.flush(to);
    }

    @Override
    public void abort() {
        Http2Stream current = stream;
        finished = true;
        if (current == null) return;
        connection.resetStream(
                context(),
                current.id(),
                Http2Error.INTERNAL_ERROR.code(),
                context().newPromise());
        connection.flush(context());
    }

    @Override
    public void flush() {
        writeHead(false);
        connection.flush(context());
    }

    @Override
    public boolean writable() {
        Http2Stream current = stream;
        return current != null
                && connection.connection().remote().flowController().isWritable(current);
    }

    void writabilityChanged() {
        if (!finished) exchange.clientWritable(writable());
    }

    @Override
    public void tunnel(Tunnel tunnel) {
        tunnel.close();
    }

    @Override
    public Channel channel() {
        return context().channel();
    }

    private ChannelHandlerContext context() {
        return connection.context();
    }
}
