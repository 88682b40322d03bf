package io.aerofusion.client;

/** A server in the test's own process, which answers when the test lets it. */
interface TestServer {
    ServerSession connect();
}
