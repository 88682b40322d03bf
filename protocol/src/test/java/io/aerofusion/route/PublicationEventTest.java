package io.aerofusion.route;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The stored examples must decode for ever: examples may be added here, never changed. */
class PublicationEventTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final ObjectNode DOCUMENT = JSON.createObjectNode().put("kind", "Upstream");

    @Test
    void a_stored_publication_decodes_for_ever() throws Exception {
        String stored = """
                {"t":"published","generation":7,"tag":"00ff","changes":[{"kind":"Upstream","name":"a",\
                "document":{"kind":"Upstream"},"previous":3},{"kind":"HTTPRoute","name":"b","previous":6}],\
                "note":"why","restored":2,"by":"user:alice","at":9}""";
        PublicationEvent event = new PublicationEvent.Published(
                7,
                "00ff",
                List.of(
                        new ResourceChange(Kind.UPSTREAM, "a", DOCUMENT, 3),
                        new ResourceChange(Kind.HTTP_ROUTE, "b", null, 6)),
                "why",
                2,
                "user:alice",
                9);
        assertThat(JSON.readValue(stored, PublicationEvent.class)).isEqualTo(event);
    }

    @Test
    void a_stored_change_of_a_resource_decodes_for_ever() throws Exception {
        assertThat(JSON.readValue("""
                        {"t":"changed","generation":7,"document":{"kind":"Upstream"},"note":"","by":"user:alice","at":9}""", ResourceEvent.class))
                .isEqualTo(new ResourceEvent.Changed(7, DOCUMENT, "", "user:alice", 9));
        assertThat(JSON.readValue("""
                        {"t":"changed","generation":8,"note":"gone","by":"user:bob","at":10}""", ResourceEvent.class))
                .isEqualTo(new ResourceEvent.Changed(8, null, "gone", "user:bob", 10));
    }
}
