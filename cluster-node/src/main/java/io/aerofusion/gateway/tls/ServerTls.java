package io.aerofusion.gateway.tls;

import io.aerofusion.gateway.tls.ServerCertificates.Identity;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.ssl.AbstractSniHandler;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.concurrent.Future;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.Locale;
import java.util.function.Supplier;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLProtocolException;
import org.jspecify.annotations.Nullable;

/**
 * The beginning of a TLS connection of a client: reads the server name from its hello, continues with the certificate of the
 * generation that is served at that moment, and hands the connection over when the handshake is done. Connections that exist
 * are not touched when certificates change.
 */
public final class ServerTls extends AbstractSniHandler<Identity> {
    /** Of a ClientHello; a longer one is refused. */
    private static final int HELLO_BYTES_MAX = 16_384;

    /**
     * What is known of a connection after its handshake.
     *
     * @param certificate the name of the certificate that was shown
     * @param serverName which the client asked for, in lower case; empty if it named none
     */
    public record Session(
            String certificate,
            String serverName,
            boolean http2,
            @Nullable X509Certificate client) {
        /** Whether the client named a server. */
        public boolean named() {
            return !serverName.isEmpty();
        }
    }

    /** Takes a connection over once its handshake is done. */
    @FunctionalInterface
    public interface Ready {
        void ready(Channel channel, Session session);
    }

    private final Supplier<ServerCertificates> certificates;
    private final Ready ready;

    /** The handshake, hello included, may take this long. */
    public ServerTls(Supplier<ServerCertificates> certificates, long handshakeMillis, Ready ready) {
        super(HELLO_BYTES_MAX, handshakeMillis);
        this.certificates = certificates;
        this.ready = ready;
    }

    @Override
    protected Future<Identity> lookup(ChannelHandlerContext context, @Nullable String hostname) {
        Identity found = certificates.get().select(hostname);
        return found == null
                ? context.executor().newFailedFuture(new SSLProtocolException("no certificate for this server name"))
                : context.executor().newSucceededFuture(found);
    }

    @Override
    protected void onLookupComplete(ChannelHandlerContext context, @Nullable String hostname, Future<Identity> found) {
        if (!found.isSuccess()) {
            context.close();
            return;
        }
        Identity identity = found.getNow();
        SslHandler tls = identity.context().newHandler(context.alloc());
        tls.setHandshakeTimeoutMillis(handshakeTimeoutMillis);
        String serverName = hostname == null ? "" : hostname.toLowerCase(Locale.ROOT);
        context.pipeline().addAfter(context.name(), null, new AfterHandshake(tls, identity.name(), serverName, ready));
        context.pipeline().replace(this, null, tls);
    }

    /** Waits for the end of the handshake. */
    private static final class AfterHandshake extends io.netty.channel.ChannelInboundHandlerAdapter {
        private final SslHandler tls;
        private final String certificate;
        private final String serverName;
        private final Ready ready;

        AfterHandshake(SslHandler tls, String certificate, String serverName, Ready ready) {
            this.tls = tls;
            this.certificate = certificate;
            this.serverName = serverName;
            this.ready = ready;
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            if (!(event instanceof SslHandshakeCompletionEvent done)) {
                context.fireUserEventTriggered(event);
                return;
            }
            if (!done.isSuccess()) {
                context.close();
                return;
            }
            boolean http2 = ApplicationProtocolNames.HTTP_2.equals(tls.applicationProtocol());
            ready.ready(context.channel(), new Session(certificate, serverName, http2, client()));
            context.pipeline().remove(this);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }

        private @Nullable X509Certificate client() {
            try {
                Certificate[] chain = tls.engine().getSession().getPeerCertificates();
                return chain.length > 0 && chain[0] instanceof X509Certificate leaf ? leaf : null;
            } catch (SSLPeerUnverifiedException none) {
                return null;
            }
        }
    }
}
