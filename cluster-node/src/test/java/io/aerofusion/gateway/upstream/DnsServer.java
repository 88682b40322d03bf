package io.aerofusion.gateway.upstream;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.handler.codec.dns.DatagramDnsQuery;
import io.netty.handler.codec.dns.DatagramDnsQueryDecoder;
import io.netty.handler.codec.dns.DatagramDnsResponse;
import io.netty.handler.codec.dns.DatagramDnsResponseEncoder;
import io.netty.handler.codec.dns.DefaultDnsRawRecord;
import io.netty.handler.codec.dns.DnsQuestion;
import io.netty.handler.codec.dns.DnsRecordType;
import io.netty.handler.codec.dns.DnsResponseCode;
import io.netty.handler.codec.dns.DnsSection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** A name server on loopback that knows the names a test tells it, and can refuse to know anything. */
public final class DnsServer implements AutoCloseable {
    /** @param content in hexadecimal digits */
    private record Entry(DnsRecordType type, int ttl, String content) {}

    private final Map<String, List<Entry>> zone = new ConcurrentHashMap<>();
    final List<String> questions = new CopyOnWriteArrayList<>();
    volatile boolean failing;
    private final DatagramChannel channel;

    public DnsServer(EventLoopGroup group) {
        Bootstrap bootstrap = new Bootstrap()
                .group(group)
                .channel(NioDatagramChannel.class)
                .handler(new ChannelInitializer<DatagramChannel>() {
                    @Override
                    protected void initChannel(DatagramChannel made) {
                        made.pipeline()
                                .addLast(new DatagramDnsQueryDecoder())
                                .addLast(new DatagramDnsResponseEncoder())
                                .addLast(new Answers());
                    }
                });
        channel = (DatagramChannel) bootstrap
                .bind(InetAddress.getLoopbackAddress(), 0)
                .syncUninterruptibly()
                .channel();
    }

    public void forgetAll() {
        zone.clear();
    }

    public InetSocketAddress address() {
        return channel.localAddress();
    }

    public void addresses(String name, int ttl, String... addresses) {
        zone.put(
                name + ".",
                List.of(addresses).stream().map(text -> record(ttl, text)).toList());
    }

    private static Entry record(int ttl, String address) {
        try {
            byte[] bytes = InetAddress.getByName(address).getAddress();
            return new Entry(bytes.length == 4 ? DnsRecordType.A : DnsRecordType.AAAA, ttl, ByteBufUtil.hexDump(bytes));
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    /** Each service as {@code priority weight port target}. */
    public void services(String name, int ttl, String... services) {
        zone.put(
                name + ".",
                List.of(services).stream()
                        .map(text -> service(ttl, text.split(" ")))
                        .toList());
    }

    /** A service whose target is a pointer to where nothing is. */
    void unreadableService(String name) {
        zone.put(name + ".", List.of(new Entry(DnsRecordType.SRV, 30, "000a00001f91c0ff")));
    }

    private static Entry service(int ttl, String[] parts) {
        ByteBuf content = Unpooled.buffer();
        for (int i = 0; i < 3; i++) {
            content.writeShort(Integer.parseInt(parts[i]));
        }
        for (String label : parts[3].split("\\.")) {
            content.writeByte(label.length());
            content.writeCharSequence(label, StandardCharsets.US_ASCII);
        }
        content.writeByte(0);
        return new Entry(DnsRecordType.SRV, ttl, ByteBufUtil.hexDump(content));
    }

    private final class Answers extends SimpleChannelInboundHandler<DatagramDnsQuery> {
        @Override
        protected void channelRead0(ChannelHandlerContext context, DatagramDnsQuery query) {
            DnsQuestion question = query.recordAt(DnsSection.QUESTION);
            questions.add(question.type().name() + " " + question.name());
            DatagramDnsResponse response = new DatagramDnsResponse(
                    /* sender= */ query.recipient(), /* recipient= */ query.sender(), query.id());
            response.addRecord(
                    DnsSection.QUESTION,
                    new io.netty.handler.codec.dns.DefaultDnsQuestion(question.name(), question.type()));
            List<Entry> records = zone.get(question.name());
            if (failing) {
                response.setCode(DnsResponseCode.SERVFAIL);
            } else if (records == null) {
                response.setCode(DnsResponseCode.NXDOMAIN);
            } else {
                for (Entry record : records) {
                    if (record.type.equals(question.type())) {
                        response.addRecord(
                                DnsSection.ANSWER,
                                new DefaultDnsRawRecord(
                                        question.name(),
                                        record.type,
                                        record.ttl,
                                        Unpooled.wrappedBuffer(ByteBufUtil.decodeHexDump(record.content))));
                    }
                }
            }
            context.writeAndFlush(response);
        }
    }

    @Override
    public void close() {
        channel.close().syncUninterruptibly();
    }
}
