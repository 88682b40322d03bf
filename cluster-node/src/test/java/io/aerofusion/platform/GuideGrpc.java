package io.aerofusion.platform;

import io.grpc.CallOptions;
import io.grpc.HandlerRegistry;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerMethodDefinition;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ServerCalls;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/** The gRPC service of the guide's examples: it says that it is well, and every method of it answers with the metadata that reached it. */
final class GuideGrpc implements AutoCloseable {
    private static final long SECONDS_MAX = 30;

    private final Server server;

    GuideGrpc() throws IOException {
        HealthStatusManager health = new HealthStatusManager();
        health.setStatus("chat.v1.Chat", ServingStatus.SERVING);
        server = NettyServerBuilder.forAddress(
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), InsecureServerCredentials.create())
                .addService(health.getHealthService())
                .fallbackHandlerRegistry(new HandlerRegistry() {
                    @Override
                    public ServerMethodDefinition<?, ?> lookupMethod(String name, String authority) {
                        return ServerMethodDefinition.create(method(name), GuideGrpc::answer);
                    }
                })
                .build()
                .start();
    }

    int port() {
        return server.getPort();
    }

    private static ServerCall.Listener<String> answer(ServerCall<String, String> call, Metadata metadata) {
        StringBuilder seen = new StringBuilder();
        for (String name : metadata.keys()) {
            if (!name.endsWith(Metadata.BINARY_HEADER_SUFFIX)) {
                seen.append(name)
                        .append(": ")
                        .append(metadata.get(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER)))
                        .append('\n');
            }
        }
        ServerCallHandler<String, String> unary = ServerCalls.asyncUnaryCall((asked, reply) -> {
            reply.onNext(seen.toString());
            reply.onCompleted();
        });
        return unary.startCall(call, metadata);
    }

    /** Calls through the gateway at this port; what the service saw. @throws io.grpc.StatusRuntimeException if it did not answer */
    static String call(int port, String host, String method) throws InterruptedException {
        ManagedChannel channel = NettyChannelBuilder.forAddress(
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
                .usePlaintext()
                .overrideAuthority(host)
                .build();
        try {
            return ClientCalls.blockingUnaryCall(
                    channel,
                    method(method),
                    CallOptions.DEFAULT.withDeadlineAfter(SECONDS_MAX, TimeUnit.SECONDS),
                    "hello");
        } finally {
            channel.shutdownNow().awaitTermination(SECONDS_MAX, TimeUnit.SECONDS);
        }
    }

    private static MethodDescriptor<String, String> method(String name) {
        return MethodDescriptor.newBuilder(new Text(), new Text())
                .setType(MethodDescriptor.MethodType.UNARY)
                .setFullMethodName(name)
                .build();
    }

    @Override
    public void close() {
        server.shutdownNow();
    }

    private static final class Text implements MethodDescriptor.Marshaller<String> {
        @Override
        public InputStream stream(String value) {
            return new ByteArrayInputStream(value.getBytes(StandardCharsets.UTF_8));
        }

        @Override
        public String parse(InputStream stream) {
            try {
                return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
            } catch (IOException failure) {
                throw new UncheckedIOException(failure);
            }
        }
    }
}
