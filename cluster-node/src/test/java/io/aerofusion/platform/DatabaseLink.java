package io.aerofusion.platform;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The network between a node and its database: connections pass through it, until it is cut. */
final class DatabaseLink implements AutoCloseable {
    private static final String JDBC = "jdbc:";

    private final URI database;
    private final ServerSocket door;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private volatile boolean cut;

    /** @param jdbcUrl of the database */
    DatabaseLink(String jdbcUrl) throws IOException {
        database = URI.create(jdbcUrl.substring(JDBC.length()));
        door = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().start(this::accept);
    }

    /** JDBC URL of the database, by way of this link. */
    String url() {
        return JDBC + database.toString().replace(database.getRawAuthority(), "127.0.0.1:" + door.getLocalPort());
    }

    /** Ends all connections; further ones end at once. */
    void cut() {
        cut = true;
        open.forEach(DatabaseLink::close);
    }

    void mend() {
        cut = false;
    }

    private void accept() {
        while (!door.isClosed()) {
            try {
                Socket node = door.accept();
                if (cut) {
                    close(node);
                    continue;
                }
                Socket server = new Socket(database.getHost(), database.getPort());
                open.add(node);
                open.add(server);
                if (cut) { // meanwhile
                    cut();
                }
                Thread.ofVirtual().start(() -> pass(node, server));
                Thread.ofVirtual().start(() -> pass(server, node));
            } catch (IOException e) {
                // closed, or the database is not there: the next connection is tried again
            }
        }
    }

    private void pass(Socket from, Socket to) {
        try {
            from.getInputStream().transferTo(to.getOutputStream());
        } catch (IOException e) {
            // cut
        }
        close(from);
        close(to);
        open.remove(from);
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() throws IOException {
        door.close();
        cut();
    }
}
