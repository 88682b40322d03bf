package io.aerofusion.client;

import io.aerofusion.space.wire.Frame;
import io.aerofusion.space.wire.FrameCodec;
import io.aerofusion.space.wire.FrameException;
import io.aerofusion.space.wire.FrameLimits;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A {@link ModelServer} behind real WebSockets (RFC 6455, as much of it as a test needs). */
final class SocketServer implements AutoCloseable {
    private static final int OPCODE_BINARY = 2;
    private static final int OPCODE_CLOSE = 8;
    private static final int OPCODE_PING = 9;
    private static final int OPCODE_PONG = 10;

    final ModelServer model;
    final List<String> authorizations = new CopyOnWriteArrayList<>();
    private final ServerSocket listener;
    private final List<Peer> peers = new ArrayList<>();
    private int refuseWith;
    private boolean mute;

    SocketServer(ModelServer model) {
        this.model = model;
        try {
            listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread.ofVirtual().start(this::accept);
    }

    URI uri() {
        return URI.create("http://127.0.0.1:" + listener.getLocalPort());
    }

    /** Answers upgrades with this HTTP status; 0 accepts them. */
    synchronized void refuse(int status) {
        refuseWith = status;
    }

    /** Leaves every connection open and says nothing more, not even in answer to pings; or speaks again. */
    synchronized void mute(boolean silent) {
        mute = silent;
    }

    /** Cuts every connection without a word. */
    synchronized void cut() {
        peers.forEach(Peer::cut);
        peers.clear();
    }

    /** Sends a frame to every device. */
    synchronized void say(Frame.FromServer frame) {
        peers.forEach(peer -> peer.session.out.add(frame));
        flush();
    }

    synchronized int connections() {
        return peers.size();
    }

    @Override
    public void close() {
        cut();
        try {
            listener.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void accept() {
        try {
            while (true) {
                Socket socket = listener.accept();
                Thread.ofVirtual().start(() -> serve(socket));
            }
        } catch (IOException closed) {
            // the test is over
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            DataInputStream in = new DataInputStream(socket.getInputStream());
            String key = "";
            for (String line = line(in); !line.isEmpty(); line = line(in)) {
                if (line.startsWith("Sec-WebSocket-Key: ")) {
                    key = line.substring(19);
                } else if (line.startsWith("Authorization: ")) {
                    authorizations.add(line.substring(15));
                }
            }
            Peer peer = new Peer(socket);
            if (!peer.answerUpgrade(key)) {
                return;
            }
            while (peer.read(in)) {
                synchronized (this) {
                    flush();
                }
            }
        } catch (IOException | FrameException cut) {
            // the client is gone, or the test cut the line
        }
    }

    private void flush() {
        peers.forEach(Peer::write);
    }

    private static String line(DataInputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int next = in.readUnsignedByte(); next != '\n'; next = in.readUnsignedByte()) {
            line.append((char) next);
        }
        return line.toString().strip();
    }

    private static String accept(String key) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-1")
                    .digest((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").getBytes(StandardCharsets.US_ASCII));
            return Base64.getEncoder().encodeToString(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private final class Peer {
        final ServerSession session;
        private final Socket socket;
        private final OutputStream out;

        Peer(Socket socket) throws IOException {
            this.socket = socket;
            this.out = socket.getOutputStream();
            synchronized (SocketServer.this) {
                session = model.connect();
            }
        }

        boolean answerUpgrade(String key) throws IOException {
            synchronized (SocketServer.this) {
                boolean refused = refuseWith != 0;
                String answer = refused
                        ? "HTTP/1.1 " + refuseWith + " Refused\r\nContent-Length: 0\r\n\r\n"
                        : "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                + "Sec-WebSocket-Protocol: " + Connection.SUBPROTOCOL + "\r\nSec-WebSocket-Accept: "
                                + accept(key) + "\r\n\r\n";
                out.write(answer.getBytes(StandardCharsets.US_ASCII));
                if (!refused) {
                    peers.add(this);
                }
                return !refused;
            }
        }

        /** Takes in one message; false at the end. */
        boolean read(DataInputStream in) throws IOException, FrameException {
            int opcode = in.readUnsignedByte() & 0x0F;
            long length = in.readUnsignedByte() & 0x7F;
            length = length == 126 ? in.readUnsignedShort() : length == 127 ? in.readLong() : length;
            byte[] mask = in.readNBytes(4);
            byte[] payload = in.readNBytes(Math.toIntExact(length));
            for (int i = 0; i < payload.length; i++) {
                payload[i] ^= mask[i % 4];
            }
            synchronized (SocketServer.this) {
                switch (opcode) {
                    case OPCODE_BINARY ->
                        session.receive((Frame.FromDevice) FrameCodec.decode(payload, FrameLimits.OF_A_NODE));
                    case OPCODE_PING -> send(OPCODE_PONG, payload);
                    case OPCODE_CLOSE -> {
                        send(OPCODE_CLOSE, payload);
                        peers.remove(this);
                        return false;
                    }
                    default -> throw new IOException("a message of kind " + opcode);
                }
            }
            return true;
        }

        void write() {
            while (!session.out.isEmpty()) {
                try {
                    send(OPCODE_BINARY, FrameCodec.encode(session.out.remove()));
                } catch (IOException cut) {
                    session.out.clear();
                }
            }
        }

        private void send(int opcode, byte[] payload) throws IOException {
            if (mute) {
                return;
            }
            ByteArrayOutputStream message = new ByteArrayOutputStream();
            message.write(0x80 | opcode);
            if (payload.length < 126) {
                message.write(payload.length);
            } else {
                message.write(126);
                message.write(payload.length >>> 8);
                message.write(payload.length & 0xFF);
            }
            message.writeBytes(payload);
            out.write(message.toByteArray());
            out.flush();
        }

        void cut() {
            try {
                socket.setSoLinger(true, 0);
                socket.close();
            } catch (IOException alreadyClosed) {
                session.out.clear();
            }
        }
    }
}
