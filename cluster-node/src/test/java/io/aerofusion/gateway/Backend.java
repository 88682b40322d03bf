package io.aerofusion.gateway;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** A small HTTP service that a test lets answer what it wants, die and come back on the same port. */
final class Backend implements Closeable {
    /** What is done with a request; null breaks the connection. */
    interface Answer {
        Integer status(String method, String path) throws InterruptedException;
    }

    final AtomicInteger requests = new AtomicInteger();
    final AtomicInteger checks = new AtomicInteger();
    volatile Answer answer = (method, path) -> 200;
    volatile int health = 200;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private final List<Thread> threads = Collections.synchronizedList(new ArrayList<>());
    private ServerSocket server;
    private final InetSocketAddress address;

    Backend() throws IOException {
        server = listen(0);
        address = (InetSocketAddress) server.getLocalSocketAddress();
    }

    InetSocketAddress address() {
        return address;
    }

    /** Connections that are open now. */
    int connections() {
        return sockets.size();
    }

    /** Breaks every connection and takes none any more. */
    void die() throws IOException {
        server.close();
        for (Socket socket : sockets) {
            reset(socket);
        }
    }

    private static void reset(Socket socket) throws IOException {
        try {
            socket.setSoLinger(true, 0);
        } catch (SocketException closed) {
            return;
        }
        socket.close();
    }

    void comeBack() throws IOException {
        server = listen(address.getPort());
    }

    private ServerSocket listen(int port) throws IOException {
        ServerSocket listening = new ServerSocket();
        listening.setReuseAddress(true);
        listening.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 200);
        threads.add(Thread.ofVirtual().start(() -> {
            try {
                while (true) {
                    Socket socket = listening.accept();
                    sockets.add(socket);
                    threads.add(Thread.ofVirtual().start(() -> serve(socket)));
                }
            } catch (IOException closed) {
                // it died, or the test is over
            }
        }));
        return listening;
    }

    private void serve(Socket socket) {
        try (socket) {
            socket.setTcpNoDelay(true);
            InputStream in = new BufferedInputStream(socket.getInputStream());
            for (String head = head(in); head != null; head = head(in)) {
                String[] line = head.split("\r\n", 2)[0].split(" ");
                int length = length(head);
                in.readNBytes(length);
                Integer status;
                if (line[1].equals("/health")) {
                    checks.incrementAndGet();
                    status = health;
                } else {
                    requests.incrementAndGet();
                    status = answer.status(line[0], line[1]);
                }
                if (status == null) {
                    return;
                }
                String body = "from " + address.getPort();
                String response = "HTTP/1.1 " + status + " X\r\nContent-Length: " + body.length() + "\r\n\r\n" + body;
                socket.getOutputStream().write(response.getBytes(StandardCharsets.ISO_8859_1));
            }
        } catch (IOException | InterruptedException ended) {
            // the other side is gone, or the test is over
        } finally {
            sockets.remove(socket);
        }
    }

    private static int length(String head) {
        for (String line : head.toLowerCase(Locale.ROOT).split("\r\n")) {
            if (line.startsWith("content-length: ")) {
                return Integer.parseInt(line.substring(16));
            }
        }
        return 0;
    }

    private static String head(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.length() < 4 || head.indexOf("\r\n\r\n", head.length() - 4) < 0) {
            int b = in.read();
            if (b < 0) {
                return null;
            }
            head.append((char) b);
        }
        return head.toString();
    }

    @Override
    public void close() throws IOException {
        die();
        synchronized (threads) {
            threads.forEach(Thread::interrupt);
        }
    }
}
