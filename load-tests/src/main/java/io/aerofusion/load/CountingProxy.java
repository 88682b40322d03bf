package io.aerofusion.load;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/**
 * A TCP proxy in front of nodes that counts what really goes over the wire (frames, headers and all) and can cut the line: the honest
 * way to measure bytes and to take devices offline, because neither side knows of it. With several nodes it is a plain balancer.
 */
final class CountingProxy implements AutoCloseable {
    private static final int BUFFER_BYTES = 64 * 1024;

    private final ServerSocket server;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final LongAdder toServer = new LongAdder();
    private final LongAdder toClient = new LongAdder();
    private final List<URI> targets;
    private final AtomicInteger next = new AtomicInteger();
    private volatile boolean connected = true;

    /** @param targets each connection goes to the next of them that accepts it */
    CountingProxy(URI... targets) {
        this.targets = List.of(targets);
        try {
            server = new ServerSocket(0, 1024, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread.ofPlatform().daemon().name("proxy-accept").start(this::accept);
    }

    /** What clients connect to instead of the node. */
    URI uri() {
        return URI.create("http://127.0.0.1:" + server.getLocalPort());
    }

    /** Cuts every connection and refuses new ones. */
    void cut() {
        connected = false;
        open.forEach(CountingProxy::close);
    }

    long bytesToServer() {
        return toServer.sum();
    }

    long bytesToClient() {
        return toClient.sum();
    }

    @Override
    public void close() {
        connected = false;
        close(server);
        open.forEach(CountingProxy::close);
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket client = server.accept();
                if (connected) {
                    Thread.ofVirtual().start(() -> connect(client));
                } else {
                    close(client);
                }
            } catch (IOException e) {
                return; // closed
            }
        }
    }

    private void connect(Socket client) {
        open.add(client);
        try (Socket node = dial()) {
            open.add(node);
            if (!connected) {
                return; // cut in between
            }
            client.setTcpNoDelay(true);
            node.setTcpNoDelay(true);
            Thread back = Thread.ofVirtual().start(() -> pump(node, client, toClient));
            pump(client, node, toServer);
            back.join();
            open.remove(node);
        } catch (IOException e) {
            // the node is not there: the client sees a closed connection, as it would without the proxy
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            close(client);
            open.remove(client);
        }
    }

    private Socket dial() throws IOException {
        IOException refused = new IOException("no targets");
        for (int i = 0; i < targets.size(); i++) {
            URI target = targets.get(Math.floorMod(next.getAndIncrement(), targets.size()));
            try {
                return new Socket(target.getHost(), target.getPort());
            } catch (IOException e) {
                refused = e;
            }
        }
        throw refused;
    }

    private static void pump(Socket from, Socket to, LongAdder counter) {
        byte[] buffer = new byte[BUFFER_BYTES];
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                counter.add(read);
                out.write(buffer, 0, read);
            }
        } catch (IOException e) {
            // one side went away: so does the other
        } finally {
            close(from);
            close(to);
        }
    }

    private static void close(AutoCloseable closeable) {
        try {
            closeable.close();
        } catch (Exception e) {
            // there is nothing left to do with a socket that does not close
        }
    }
}
