package io.aerofusion.gateway;

import io.aerofusion.gateway.upstream.Prober;
import io.aerofusion.gateway.upstream.Target;
import io.aerofusion.gateway.upstream.Transport;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

/** Asks endpoints for their health: a GET on a connection of its own, which is closed after the head of the answer. */
final class HealthProber implements Prober {
    private final Gateway gateway;

    HealthProber(Gateway gateway) {
        this.gateway = gateway;
    }

    @Override
    public CompletionStage<Integer> probe(Transport transport, Target target, String path, Duration timeout) {
        var status = new CompletableFuture<Integer>();
        var connecting = new Bootstrap()
                .group(gateway.group().next())
                .channelFactory(gateway.sockets()::client)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) timeout.toMillis())
                .handler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline().addLast(new HttpClientCodec(), new Answer(status));
                    }
                })
                .connect(target.socket());
        Channel channel = connecting.channel();
        connecting.addListener(connected -> {
            if (!connected.isSuccess()) {
                status.completeExceptionally(connected.cause());
                return;
            }
            String head = "GET " + path + " HTTP/1.1\r\nhost: " + target.hostname()
                    + "\r\nuser-agent: aerofusion-health\r\nconnection: close\r\n\r\n";
            channel.pipeline()
                    .firstContext()
                    .writeAndFlush(Unpooled.copiedBuffer(head, StandardCharsets.ISO_8859_1))
                    .addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
        });
        status.orTimeout(timeout.toMillis(), TimeUnit.MILLISECONDS).whenComplete((done, failed) -> channel.close());
        return status;
    }

    private static final class Answer extends SimpleChannelInboundHandler<HttpObject> {
        private final CompletableFuture<Integer> status;

        Answer(CompletableFuture<Integer> status) {
            this.status = status;
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, HttpObject message) {
            if (message instanceof HttpResponse response
                    && response.decoderResult().isSuccess()
                    && response.status().code() >= 200) {
                status.complete(response.status().code());
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            status.completeExceptionally(new IOException("closed without an answer"));
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            status.completeExceptionally(cause);
        }
    }
}
