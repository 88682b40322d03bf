package io.aerofusion.load;

import java.io.IOException;
import java.net.InetSocketAddress;

/** The gateways of a {@link GatewaySoak}: nodes in processes of their own, or in its short form data paths in this one. */
interface SoakGateways extends AutoCloseable {
    int count();

    /** Where the gateway listens; the same before and after a restart. */
    InetSocketAddress address(int gateway);

    /**
     * Has one of them publish these documents beside what there is; returns when it is committed.
     *
     * @throws IOException when that gateway is not there, or leaves
     */
    void publish(int gateway, String yaml) throws IOException;

    /** Has one of them remove a route. @throws IOException as for {@link #publish} */
    void removeRoute(int gateway, String name) throws IOException;

    /** Ends one in the orderly way; returns when it is gone. */
    void stop(int gateway);

    /** Starts it again; returns when it serves. */
    void startAgain(int gateway);

    /** Heap in use after a full collection, in bytes, of the process the gateway is in. */
    long heapBytes(int gateway);

    @Override
    void close();
}
