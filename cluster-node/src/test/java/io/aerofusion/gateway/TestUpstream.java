package io.aerofusion.gateway;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** An upstream that speaks raw bytes: a script answers each connection, and what it received can be asked for. */
final class TestUpstream implements Closeable {
    /** What is done with a connection; returning closes it. */
    interface Script {
        void serve(Connection connection) throws IOException, InterruptedException;
    }

    private final ServerSocket server;
    private final Thread acceptor;
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();
    final AtomicInteger connections = new AtomicInteger();
    final BlockingQueue<String> heads = new LinkedBlockingQueue<>();

    TestUpstream(Script script) throws IOException {
        server = new ServerSocket(0, 200, InetAddress.getLoopbackAddress());
        acceptor = Thread.ofVirtual().start(() -> {
            while (!server.isClosed()) {
                try {
                    Socket socket = server.accept();
                    socket.setTcpNoDelay(true);
                    sockets.add(socket);
                    connections.incrementAndGet();
                    Thread.ofVirtual().start(() -> {
                        try (socket) {
                            script.serve(new Connection(socket));
                        } catch (IOException | InterruptedException ended) {
                            // the test is over or cut the connection
                        }
                    });
                } catch (IOException closed) {
                    return;
                }
            }
        });
    }

    /** Answers every request with these bytes. */
    static TestUpstream answering(String response) throws IOException {
        return new TestUpstream(connection -> {
            while (connection.head() != null) connection.write(response);
        });
    }

    InetSocketAddress address() {
        return (InetSocketAddress) server.getLocalSocketAddress();
    }

    /** The next head a request was received with. */
    String head() throws InterruptedException {
        String head = heads.poll(60, TimeUnit.SECONDS);
        if (head == null) throw new AssertionError("the upstream received nothing");
        return head;
    }

    @Override
    public void close() throws IOException {
        server.close();
        try {
            acceptor.join(); // only then does the system refuse connections
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        for (Socket socket : sockets) socket.close();
    }

    final class Connection {
        final Socket socket;
        final InputStream in;
        final OutputStream out;

        Connection(Socket socket) throws IOException {
            this.socket = socket;
            this.in = socket.getInputStream();
            this.out = socket.getOutputStream();
        }

        /** Reads a head; null when the connection is closed. */
        String head() throws IOException {
            var head = new StringBuilder();
            while (head.length() < 4 || !head.substring(head.length() - 4).equals("\r\n\r\n")) {
                int b = in.read();
                if (b < 0) return null;
                head.append((char) b);
            }
            heads.add(head.toString());
            return head.toString();
        }

        String read(int length) throws IOException {
            return new String(in.readNBytes(length), StandardCharsets.ISO_8859_1);
        }

        /** Reads until what was read ends like this. */
        String readUntil(String end) throws IOException {
            var text = new StringBuilder();
            while (text.length() < end.length()
                    || !text.substring(text.length() - end.length()).equals(end)) {
                int b = in.read();
                if (b < 0) throw new IOException("closed after " + text);
                text.append((char) b);
            }
            return text.toString();
        }

        void write(String bytes) throws IOException {
            out.write(bytes.getBytes(StandardCharsets.ISO_8859_1));
            out.flush();
        }
    }
}
