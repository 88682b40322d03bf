package io.aerofusion.gateway;

import io.aerofusion.gateway.GatewaySettings.Listener;
import io.aerofusion.gateway.GatewaySettings.Protocol;
import io.aerofusion.route.UpstreamSpec;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Server;
import io.grpc.ServerBuilder;
import io.grpc.ServerInterceptors;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.testing.integration.AbstractInteropTest;
import io.grpc.testing.integration.TestServiceImpl;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * The interop suite of gRPC's own Java client and server, with the gateway between them: HTTP/2 on both sides, with trailers.
 *
 * <p>Left out of it: {@code getServerAddressAndLocalAddressFromClient}, since both ends would have to be those of one connection;
 * {@code sendsTimeoutHeader} and {@code censusContextsPropagated}, which look into a server that the suite itself has started. The
 * compressed calls go without the probe whether the server refuses what is not compressed: gRPC's Java server does not.
 */
class GrpcInteropTest {
    private interface Case {
        void run(Interop interop) throws Exception;
    }

    private static final class Interop extends AbstractInteropTest {
        private final ScheduledExecutorService worker = Executors.newScheduledThreadPool(2);
        /** Some cases make a second channel. */
        private final List<Gateway> gateways = new ArrayList<>();

        private final List<Server> servers = new ArrayList<>();

        void stop() {
            tearDown();
            gateways.forEach(Gateway::close);
            servers.forEach(Server::shutdownNow);
            worker.shutdownNow();
        }

        @Override
        protected @Nullable ServerBuilder<?> getServerBuilder() {
            // it is started here, since only so its port is known
            return null;
        }

        @Override
        protected ManagedChannelBuilder<?> createChannelBuilder() {
            Gateway gateway;
            try {
                Server server = NettyServerBuilder.forAddress(
                                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                                InsecureServerCredentials.create())
                        .maxInboundMessageSize(MAX_MESSAGE_SIZE)
                        .addService(ServerInterceptors.intercept(
                                new TestServiceImpl(worker), TestServiceImpl.interceptors()))
                        .build()
                        .start();
                servers.add(server);
                gateway = Gateway.start(GatewaySettings.of(List.of(new Listener("grpc", "127.0.0.1", 0, Protocol.HTTP)))
                        .withThreads(1));
                gateways.add(gateway);
                var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), server.getPort());
                TestRoutes.all(gateway, "/", TestRoutes.upstream(UpstreamSpec.Protocol.GRPC, address));
            } catch (Exception e) {
                throw new AssertionError(e);
            }
            return NettyChannelBuilder.forAddress(gateway.addresses().getFirst())
                    .maxInboundMessageSize(MAX_MESSAGE_SIZE)
                    .usePlaintext();
        }

        /** The suite's own five seconds are for a machine that does nothing else. */
        @Override
        protected int operationTimeoutMillis() {
            return 60_000;
        }

        @Override
        protected boolean metricsExpected() {
            // they are of the connection between client and server, which the gateway parts
            return false;
        }
    }

    @TestFactory
    Stream<DynamicTest> suite() {
        return Stream.of(
                dynamic("emptyUnary", Interop::emptyUnary),
                dynamic("emptyUnaryWithRetriableStream", Interop::emptyUnaryWithRetriableStream),
                dynamic("largeUnary", Interop::largeUnary),
                dynamic("clientCompressedUnary", interop -> interop.clientCompressedUnary(false)),
                dynamic("serverCompressedUnary", Interop::serverCompressedUnary),
                dynamic("serverStreaming", Interop::serverStreaming),
                dynamic("clientStreaming", Interop::clientStreaming),
                dynamic("clientCompressedStreaming", interop -> interop.clientCompressedStreaming(false)),
                dynamic("serverCompressedStreaming", Interop::serverCompressedStreaming),
                dynamic("pingPong", Interop::pingPong),
                dynamic("emptyStream", Interop::emptyStream),
                dynamic("cancelAfterBegin", Interop::cancelAfterBegin),
                dynamic("cancelAfterFirstResponse", Interop::cancelAfterFirstResponse),
                dynamic("fullDuplexCallShouldSucceed", Interop::fullDuplexCallShouldSucceed),
                dynamic("halfDuplexCallShouldSucceed", Interop::halfDuplexCallShouldSucceed),
                dynamic("serverStreamingShouldBeFlowControlled", Interop::serverStreamingShouldBeFlowControlled),
                dynamic("veryLargeRequest", Interop::veryLargeRequest),
                dynamic("veryLargeResponse", Interop::veryLargeResponse),
                dynamic("exchangeMetadataUnaryCall", Interop::exchangeMetadataUnaryCall),
                dynamic("exchangeMetadataStreamingCall", Interop::exchangeMetadataStreamingCall),
                dynamic("deadlineNotExceeded", Interop::deadlineNotExceeded),
                dynamic("deadlineExceeded", Interop::deadlineExceeded),
                dynamic("deadlineExceededServerStreaming", Interop::deadlineExceededServerStreaming),
                dynamic("deadlineInPast", Interop::deadlineInPast),
                dynamic("maxInboundSize_exact", Interop::maxInboundSize_exact),
                dynamic("maxInboundSize_tooBig", Interop::maxInboundSize_tooBig),
                dynamic("maxOutboundSize_exact", Interop::maxOutboundSize_exact),
                dynamic("maxOutboundSize_tooBig", Interop::maxOutboundSize_tooBig),
                dynamic("gracefulShutdown", Interop::gracefulShutdown),
                dynamic("customMetadata", Interop::customMetadata),
                dynamic("statusCodeAndMessage", Interop::statusCodeAndMessage),
                dynamic("specialStatusMessage", Interop::specialStatusMessage),
                dynamic("unimplementedMethod", Interop::unimplementedMethod),
                dynamic("unimplementedService", Interop::unimplementedService),
                dynamic("timeoutOnSleepingServer", Interop::timeoutOnSleepingServer));
    }

    private static DynamicTest dynamic(String name, Case one) {
        return DynamicTest.dynamicTest(name, () -> {
            var interop = new Interop();
            try {
                interop.setUp();
                one.run(interop);
            } finally {
                interop.stop();
            }
        });
    }
}
