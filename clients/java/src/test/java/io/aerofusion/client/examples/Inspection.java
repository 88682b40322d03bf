package io.aerofusion.client.examples;

import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.aerofusion.client.ClientOptions;
import io.aerofusion.client.ReplicaEvent;
import io.aerofusion.client.SqliteStore;
import io.aerofusion.client.SyncClient;
import io.aerofusion.client.SyncedSpace;
import java.net.URI;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** An inspector's tablet: notes are taken without a network and arrive when there is one. The README shows this code. */
public final class Inspection {
    private Inspection() {}

    /** Arguments: the node, the device's name, its credential, and the file to keep things in. */
    public static void main(String[] arguments) throws Exception {
        ClientOptions options = new ClientOptions(
                URI.create(arguments[0]), arguments[1], arguments[2], new SqliteStore(Path.of(arguments[3])));
        try (SyncClient client = SyncClient.offline(options)) {
            SyncedSpace ops = client.space("fleet");
            ops.observe(event -> {
                if (event instanceof ReplicaEvent.Rejected rejected) {
                    System.out.println("not accepted: " + rejected.rejected().detail());
                }
            });

            ops.merge("runways", "42", JsonNodeFactory.instance.objectNode().put("surface", "wet"));
            ops.set("runways", "42", "/lights/edge", BooleanNode.TRUE);
            System.out.println("offline: " + ops.get("runways", "42").orElseThrow());

            client.goOnline();
            ops.flush().get(30, TimeUnit.SECONDS); // only to wait for the server; nothing else here does
            System.out.println("pending: " + ops.pending() + ", rejected: "
                    + ops.rejected().size());
        }
    }
}
