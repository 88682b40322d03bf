package io.aerofusion.gateway;

import io.netty.buffer.ByteBuf;

/** What a policy step changes in the body of a request on its way to the upstream. Called on the request's event loop. */
public interface BodyEdit {
    /** Takes a piece of the body; gives what goes on, maybe nothing. @throws Treatment.Broken to refuse the request with 400 */
    ByteBuf content(ByteBuf content);

    /** The body is complete; the last piece of it. @throws Treatment.Broken to refuse the request with 400 */
    ByteBuf end();
}
