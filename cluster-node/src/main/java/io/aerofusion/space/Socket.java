package io.aerofusion.space;

import akka.util.ByteString;

/** A session's end of its WebSocket. Thread-safe; everything after the close is ignored. */
interface Socket {
    /** Lets one more message in. */
    void read();

    /** Queues a binary message. The caller keeps {@link #unsentBytes()} bounded. */
    void write(ByteString message);

    /** Bytes that were queued and not yet taken by the connection. */
    long unsentBytes();

    /** Asks for one {@link SessionMessage.Drained} when little is left unsent, perhaps at once. */
    void whenDrained();

    /** Closes after what is queued was sent. */
    void close();

    /** Closes now; what is queued is lost. */
    void abort();
}
