package io.aerofusion.client;

/** Names a document within its space. */
public record DocumentKey(String collection, String id) {}
