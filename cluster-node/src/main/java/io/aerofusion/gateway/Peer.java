package io.aerofusion.gateway;

import java.net.InetSocketAddress;

/** An endpoint of an upstream: the identity of its connections. */
record Peer(InetSocketAddress address) {}
