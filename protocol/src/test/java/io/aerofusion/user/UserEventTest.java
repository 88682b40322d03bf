package io.aerofusion.user;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** The stored examples must decode for ever: lines may be added here, never changed. */
class UserEventTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    private record Stored(String json, UserEvent event) {}

    private static List<Stored> examples() {
        return List.of(
                new Stored(
                        """
                        {"t":"created","name":"Alice","roles":["operator","user"],"request":"r1","by":"user:admin","at":1}""",
                        new UserEvent.Created(
                                "Alice", new TreeSet<>(Set.of("user", "operator")), "r1", "user:admin", 1)),
                new Stored("""
                        {"t":"roles","roles":["user"],"by":"user:admin","at":2}""", new UserEvent.RolesChanged(new TreeSet<>(Set.of("user")), "user:admin", 2)),
                new Stored("""
                        {"t":"token-issued","token":"k1","name":"laptop","hash":"00ff","expiresAt":9,"by":"user:alice","at":3}""", new UserEvent.TokenIssued("k1", "laptop", "00ff", 9, "user:alice", 3)),
                new Stored("""
                        {"t":"token-used","token":"k1","at":4}""", new UserEvent.TokenUsed("k1", 4)),
                new Stored("""
                        {"t":"token-revoked","token":"k1","by":"user:alice","at":5}""", new UserEvent.TokenRevoked("k1", "user:alice", 5)),
                new Stored("""
                        {"t":"erasure-requested","by":"user:alice","at":6}""", new UserEvent.ErasureRequested("user:alice", 6)),
                new Stored("""
                        {"t":"erased","devices":2,"spaces":1,"at":7}""", new UserEvent.Erased(2, 1, 7)));
    }

    @Test
    void storedExamplesDecodeForEver() throws Exception {
        for (Stored stored : examples()) {
            assertThat(JSON.readValue(stored.json(), UserEvent.class)).isEqualTo(stored.event());
        }
    }

    @Test
    void everyEventHasAnExampleAndIsWrittenAsStored() throws Exception {
        assertThat(examples())
                .extracting(stored -> (Object) stored.event().getClass())
                .containsExactlyInAnyOrder((Object[]) UserEvent.class.getPermittedSubclasses());
        for (Stored stored : examples()) {
            assertThat(JSON.readTree(JSON.writeValueAsString(stored.event()))).isEqualTo(JSON.readTree(stored.json()));
        }
    }
}
