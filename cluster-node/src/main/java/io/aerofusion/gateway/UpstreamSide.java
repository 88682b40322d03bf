package io.aerofusion.gateway;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/** Where an exchange's request goes: an HTTP/1.1 connection or an HTTP/2 stream. Called on its event loop only. */
public interface UpstreamSide {
    /** Sends the head of the request. */
    void head(Exchange exchange);

    /** Sends content; takes ownership of the buffer. */
    void content(ByteBuf content);

    /** Ends the request. */
    void end(@Nullable Headers trailers);

    /** Puts what was sent on the wire. */
    void flush();

    /** Whether what waits for the upstream is below its bound. */
    boolean writable();

    /** Whether content of the response is wanted; without it the upstream's side holds back. */
    void readResponse(boolean wanted);

    /** The exchange is over, though request or response are not complete; nothing is reported any more. */
    void cancel();

    /** Both sides switched to another protocol: bytes from the upstream go to the tunnel from now on. */
    void tunnel(Tunnel tunnel);

    /** Whether the connection served another request before, so that it may have been closed while this one was sent. */
    boolean reused();
}
