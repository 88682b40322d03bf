package io.aerofusion.platform.cluster;

/** Marks messages and replies that travel between nodes; serialized as Jackson CBOR. */
public interface Durable {}
