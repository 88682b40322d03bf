package io.aerofusion.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.aerofusion.gateway.GatewaySettings.Listener;
import io.aerofusion.gateway.GatewaySettings.Protocol;
import io.aerofusion.gateway.Http2Peer.Frame;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A request over HTTP/2 that is refused before its body has ended: the client reads why. */
class Http2RefusalTest {
    @Test
    void theReasonArrivesBeforeTheReset() throws Exception {
        List<Listener> listeners = List.of(new Listener("http", "127.0.0.1", 0, Protocol.HTTP));
        try (Gateway gateway = Gateway.start(GatewaySettings.of(listeners).withThreads(1));
                var client = Http2Peer.client(gateway.addresses().getFirst())) {
            // there is no route, and a body is still to come
            client.post(1, "/");
            assertThat(client.on(1).status()).isEqualTo("404");
            assertThat(client.rest(1)).contains("\"status\":404");
            Frame last = client.on(1);
            assertThat(last.type()).isEqualTo(Http2Peer.RST_STREAM);
            assertThat(last.number(0)).as("no error").isZero();
        }
    }
}
