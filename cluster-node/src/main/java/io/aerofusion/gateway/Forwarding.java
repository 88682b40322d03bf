package io.aerofusion.gateway;

import io.netty.util.NetUtil;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The fields that tell an upstream who asked, and whom we believe about them. */
public final class Forwarding {
    private static final List<String> FIELDS = List.of(
            "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port", "x-real-ip", "forwarded");

    private Forwarding() {}

    /** Takes out what a peer that is not trusted says. */
    public static void forget(Headers fields) {
        for (String field : FIELDS) fields.remove(field);
    }

    /** Replaces {@code Forwarded} (RFC 7239) by what was there, if a trusted proxy said it, and an element for this hop. */
    public static void tell(Exchange x, InetAddress peer) {
        Headers fields = x.request;
        List<String> before = fields.all("forwarded");
        String own = "for=" + node(peer) + (x.authority.isEmpty() ? "" : ";host=\"" + x.authority + "\"") + ";proto="
                + x.scheme;
        fields.set("forwarded", before.isEmpty() ? own : String.join(", ", before) + ", " + own);
    }

    private static String node(InetAddress address) {
        return address instanceof Inet6Address
                ? "\"[" + NetUtil.toAddressString(address) + "]\""
                : address.getHostAddress();
    }

    /** Adds the peer to what a trusted proxy said, and takes its last statement as the client's address. */
    public static void believe(Exchange x, InetAddress peer) {
        Headers fields = x.request;
        List<String> before = fields.all("x-forwarded-for");
        InetAddress said = before.isEmpty() ? null : lastOf(before.get(before.size() - 1));
        if (said != null) x.clientAddress = said;
        before = List.copyOf(before);
        String chain =
                before.isEmpty() ? peer.getHostAddress() : String.join(", ", before) + ", " + peer.getHostAddress();
        fields.set("x-forwarded-for", chain);
        if (!fields.contains("x-forwarded-proto")) fields.add("x-forwarded-proto", x.scheme);
        if (!fields.contains("x-forwarded-host") && !x.authority.isEmpty()) fields.add("x-forwarded-host", x.authority);
    }

    private static @Nullable InetAddress lastOf(String chain) {
        String last = chain.substring(chain.lastIndexOf(',') + 1).strip();
        return NetUtil.createInetAddressFromIpAddressString(last);
    }
}
