package io.aerofusion.gateway;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import org.jspecify.annotations.Nullable;

/** Where an exchange's response goes: an HTTP/1.1 connection or an HTTP/2 stream. Called on its event loop only. */
public interface ClientSide {
    /** Sends an interim response (100, 103) with {@link Exchange#response}. */
    void informational(int status);

    /** Sends the head: {@link Exchange#status}, {@link Exchange#response} without connection fields, {@link Exchange#responseLength}. */
    void head();

    /** Sends content; takes ownership of the buffer. */
    void content(ByteBuf content);

    /** Ends the response; the next exchange may begin before this returns. */
    void end(@Nullable Headers trailers);

    /** The response cannot be completed: cut it so that the client notices. */
    void abort();

    /** Puts what was sent on the wire. */
    void flush();

    /** Whether what waits for the client is below its bound. */
    boolean writable();

    /** Whether content of the request is wanted; without it the client's side holds back. */
    void readRequest(boolean wanted);

    /** Both sides switched to another protocol: bytes from the client go to the tunnel from now on. */
    void tunnel(Tunnel tunnel);

    /** The connection. */
    Channel channel();

    /** This side as one end of a tunnel. */
    Tunnel.End tunnelEnd();
}
