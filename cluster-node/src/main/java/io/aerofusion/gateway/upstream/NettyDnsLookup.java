package io.aerofusion.gateway.upstream;

import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.dns.DefaultDnsQuestion;
import io.netty.handler.codec.dns.DefaultDnsRecordDecoder;
import io.netty.handler.codec.dns.DnsRawRecord;
import io.netty.handler.codec.dns.DnsRecord;
import io.netty.handler.codec.dns.DnsRecordType;
import io.netty.handler.codec.dns.DnsResponseCode;
import io.netty.resolver.dns.DnsErrorCauseException;
import io.netty.resolver.dns.DnsNameResolver;
import io.netty.resolver.dns.DnsNameResolverBuilder;
import io.netty.resolver.dns.NoopAuthoritativeDnsServerCache;
import io.netty.resolver.dns.NoopDnsCache;
import io.netty.resolver.dns.NoopDnsCnameCache;
import io.netty.resolver.dns.SequentialDnsServerAddressStreamProvider;
import io.netty.util.ReferenceCountUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * DNS by Netty's resolver: the system's name servers or those of the node's settings, the system's search domains and hosts file, over UDP
 * and, for long answers, TCP. It keeps nothing: who asks knows for how long an answer holds.
 */
final class NettyDnsLookup implements DnsLookup, AutoCloseable {
    /** A name server is waited for so long before the next is asked. */
    static final Duration QUERY_TIMEOUT = Duration.ofSeconds(2);

    private final DnsNameResolver resolver;

    /** @param servers asked in this order; empty for those of the system */
    NettyDnsLookup(EventLoop loop, List<InetSocketAddress> servers) {
        DnsNameResolverBuilder builder = new DnsNameResolverBuilder(loop)
                .datagramChannelType(NioDatagramChannel.class)
                .socketChannelType(NioSocketChannel.class)
                .queryTimeoutMillis(QUERY_TIMEOUT.toMillis())
                .resolveCache(NoopDnsCache.INSTANCE)
                .cnameCache(NoopDnsCnameCache.INSTANCE)
                .authoritativeDnsServerCache(NoopAuthoritativeDnsServerCache.INSTANCE);
        if (!servers.isEmpty()) {
            builder.nameServerProvider(new SequentialDnsServerAddressStreamProvider(servers));
        }
        resolver = builder.build();
    }

    @Override
    public CompletionStage<Answer<InetAddress>> addresses(String name) {
        CompletionStage<Answer<InetAddress>> four = ask(name, DnsRecordType.A, NettyDnsLookup::address);
        CompletionStage<Answer<InetAddress>> six = ask(name, DnsRecordType.AAAA, NettyDnsLookup::address);
        return four.handle(Outcome::new)
                .thenCombine(six.handle(Outcome::new), NettyDnsLookup::either)
                .thenCompose(stage -> stage);
    }

    /** What became of one of the two questions. */
    private record Outcome(
            @Nullable Answer<InetAddress> answer, @Nullable Throwable failure) {}

    /** Addresses of either kind; a failure if there are none and one of the questions failed. */
    private static CompletionStage<Answer<InetAddress>> either(Outcome four, Outcome six) {
        List<InetAddress> addresses = new ArrayList<>();
        Duration ttl = RefreshedSource.REFRESH_MAX;
        Throwable failure = null;
        for (Outcome outcome : List.of(four, six)) {
            Answer<InetAddress> answer = outcome.answer;
            if (answer == null) {
                failure = outcome.failure;
            } else if (!answer.records().isEmpty()) {
                addresses.addAll(answer.records());
                ttl = answer.ttl().compareTo(ttl) < 0 ? answer.ttl() : ttl;
            }
        }
        return addresses.isEmpty() && failure != null
                ? CompletableFuture.failedStage(failure)
                : CompletableFuture.completedStage(new Answer<>(addresses, ttl));
    }

    @Override
    public CompletionStage<Answer<Service>> services(String name) {
        return ask(name, DnsRecordType.SRV, NettyDnsLookup::service);
    }

    private <T> CompletionStage<Answer<T>> ask(
            String name, DnsRecordType type, Function<ByteBuf, @Nullable T> content) {
        CompletableFuture<Answer<T>> answer = new CompletableFuture<>();
        resolver.resolveAll(new DefaultDnsQuestion(name, type)).addListener(done -> {
            if (done.isSuccess()) {
                complete(answer, (List<?>) done.getNow(), type, content);
            } else if (isNothing(done.cause())) {
                answer.complete(new Answer<>(List.of(), Duration.ZERO));
            } else {
                answer.completeExceptionally(done.cause());
            }
        });
        return answer;
    }

    /** What a server said may be unreadable, a name with a pointer to nowhere; whoever waits has to hear that, or would never ask again. */
    private static <T> void complete(
            CompletableFuture<Answer<T>> answer,
            List<?> records,
            DnsRecordType type,
            Function<ByteBuf, @Nullable T> content) {
        try {
            answer.complete(read(records, type, content));
        } catch (RuntimeException unreadable) {
            answer.completeExceptionally(unreadable);
        } finally {
            records.forEach(ReferenceCountUtil::release);
        }
    }

    private static <T> Answer<T> read(List<?> records, DnsRecordType type, Function<ByteBuf, @Nullable T> content) {
        List<T> found = new ArrayList<>();
        long ttl = Long.MAX_VALUE;
        for (Object each : records) {
            if (each instanceof DnsRecord record && record.type().equals(type)) {
                T value = each instanceof DnsRawRecord raw
                        ? content.apply(raw.content().duplicate())
                        : null;
                if (value != null) {
                    found.add(value);
                    ttl = Math.min(ttl, record.timeToLive());
                }
            }
        }
        return new Answer<>(found, Duration.ofSeconds(found.isEmpty() ? 0 : ttl));
    }

    /** Whether a server said that there is no such name or no such record. */
    private static boolean isNothing(Throwable failure) {
        Throwable cause = failure;
        while (cause instanceof UnknownHostException && cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause instanceof UnknownHostException
                || (cause instanceof DnsErrorCauseException error && DnsResponseCode.NXDOMAIN.equals(error.getCode()));
    }

    private static @Nullable InetAddress address(ByteBuf content) {
        byte[] bytes = new byte[content.readableBytes()];
        content.readBytes(bytes);
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException notAnAddress) {
            return null;
        }
    }

    private static @Nullable Service service(ByteBuf content) {
        if (content.readableBytes() < 7) {
            return null;
        }
        int priority = content.readUnsignedShort();
        int weight = content.readUnsignedShort();
        int port = content.readUnsignedShort();
        String target = DefaultDnsRecordDecoder.decodeName(content);
        return target.equals(".") || port == 0 ? null : new Service(priority, weight, port, target);
    }

    @Override
    public void close() {
        resolver.close();
    }
}
