package io.aerofusion.gateway.conformance;

import io.aerofusion.gateway.Headers;
import io.aerofusion.gateway.conformance.Exchanged.Answer;
import io.aerofusion.gateway.conformance.Exchanged.Sent;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptors;
import io.grpc.HandlerRegistry;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerMethodDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/** A gRPC server that tells in its response headers which one it is and what it saw, and a client that reads them. */
final class GrpcEcho implements AutoCloseable {
    private static final long CALL_SECONDS_MAX = 30;
    private static final Metadata.Key<String> BACKEND = key("x-echo-backend");
    private static final Metadata.Key<String> METHOD = key("x-echo-method");

    private final Server server;

    GrpcEcho(String pods) throws IOException {
        server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .fallbackHandlerRegistry(new Everything(pods))
                .directExecutor()
                .build()
                .start();
    }

    int port() {
        return server.getPort();
    }

    /** Calls through the gateway that listens there. */
    static Answer call(InetSocketAddress gateway, Sent sent) throws InterruptedException {
        ManagedChannel channel = NettyChannelBuilder.forAddress(gateway)
                .usePlaintext()
                .overrideAuthority(sent.host())
                .directExecutor()
                .build();
        try {
            Metadata asked = new Metadata();
            sent.headers().forEach((name, value) -> {
                if (!List.of("content-type", "te").contains(name)) {
                    asked.put(key(name), value);
                }
            });
            AtomicReference<Metadata> answered = new AtomicReference<>(new Metadata());
            Channel intercepted = ClientInterceptors.intercept(
                    channel,
                    MetadataUtils.newAttachHeadersInterceptor(asked),
                    MetadataUtils.newCaptureMetadataInterceptor(answered, new AtomicReference<>()));
            CallOptions options = CallOptions.DEFAULT.withDeadlineAfter(CALL_SECONDS_MAX, TimeUnit.SECONDS);
            ClientCall<byte[], byte[]> call =
                    intercepted.newCall(method(sent.target().substring(1)), options);
            byte[] echoed = ClientCalls.blockingUnaryCall(call, new byte[] {1, 2, 3});
            Metadata headers = answered.get();
            return new Answer(
                    echoed.length == 3 ? 200 : 500,
                    new Headers(),
                    headers.get(BACKEND),
                    "POST",
                    sent.host(),
                    headers.get(METHOD),
                    new Headers(),
                    List.of());
        } catch (StatusRuntimeException refused) {
            if (refused.getStatus().getCode() != Status.Code.UNIMPLEMENTED) {
                throw refused;
            }
            // what the suite expects of a call without a route
            return Answer.of(404, new Headers());
        } finally {
            channel.shutdownNow().awaitTermination(CALL_SECONDS_MAX, TimeUnit.SECONDS);
        }
    }

    private static Metadata.Key<String> key(String name) {
        return Metadata.Key.of(name.toLowerCase(Locale.ROOT), Metadata.ASCII_STRING_MARSHALLER);
    }

    private static MethodDescriptor<byte[], byte[]> method(String name) {
        return MethodDescriptor.newBuilder(new Bytes(), new Bytes())
                .setType(MethodDescriptor.MethodType.UNARY)
                .setFullMethodName(name)
                .build();
    }

    @Override
    public void close() {
        server.shutdownNow();
        try {
            server.awaitTermination(CALL_SECONDS_MAX, TimeUnit.SECONDS);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    /** Serves every method: sends the message back. */
    private static final class Everything extends HandlerRegistry implements ServerCallHandler<byte[], byte[]> {
        private final String pods;

        Everything(String pods) {
            this.pods = pods;
        }

        @Override
        public ServerMethodDefinition<?, ?> lookupMethod(String name, String authority) {
            return ServerMethodDefinition.create(method(name), this);
        }

        @Override
        public ServerCall.Listener<byte[]> startCall(ServerCall<byte[], byte[]> call, Metadata headers) {
            call.request(2);
            return new ServerCall.Listener<>() {
                @Override
                public void onMessage(byte[] message) {
                    Metadata answer = new Metadata();
                    answer.put(BACKEND, pods);
                    answer.put(METHOD, "/" + call.getMethodDescriptor().getFullMethodName());
                    call.sendHeaders(answer);
                    call.sendMessage(message);
                    call.close(Status.OK, new Metadata());
                }
            };
        }
    }

    private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
        @Override
        public InputStream stream(byte[] value) {
            return new ByteArrayInputStream(value);
        }

        @Override
        public byte[] parse(InputStream stream) {
            try {
                return stream.readAllBytes();
            } catch (IOException failure) {
                throw new UncheckedIOException(failure);
            }
        }
    }
}
