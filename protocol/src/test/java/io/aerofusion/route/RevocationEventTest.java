package io.aerofusion.route;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import org.junit.jupiter.api.Test;

/** The stored examples must decode for ever: examples may be added here, never changed. */
class RevocationEventTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @Test
    void a_stored_revocation_decodes_for_ever() throws Exception {
        assertThat(JSON.readValue("""
                        {"t":"revoked","revision":1,"tag":"00ff","revocation":{"id":"a1","jti":"t-1",\
                        "issuedBefore":0,"expiresAt":90,"note":"lost","by":"user:alice","at":9},"at":9}""", RevocationEvent.class))
                .isEqualTo(new RevocationEvent.Revoked(
                        1, "00ff", new Revocation("a1", "t-1", null, null, 0, 90, "lost", "user:alice", 9), 9));
        assertThat(JSON.readValue("""
                        {"t":"revoked","revision":2,"tag":"01ff","revocation":{"id":"a2","issuer":"i","subject":"s",\
                        "issuedBefore":5,"expiresAt":90,"note":"","by":"user:alice","at":9},"at":9}""", RevocationEvent.class))
                .isEqualTo(new RevocationEvent.Revoked(
                        2, "01ff", new Revocation("a2", null, "i", "s", 5, 90, "", "user:alice", 9), 9));
        assertThat(JSON.readValue("""
                        {"t":"lifted","revision":3,"tag":"02ff","id":"a2","by":"user:bob","at":10}""", RevocationEvent.class))
                .isEqualTo(new RevocationEvent.Lifted(3, "02ff", "a2", "user:bob", 10));
    }

    @Test
    void a_revocation_names_one_thing() {
        assertThatThrownBy(() -> new Revocation("r", null, null, "s", 0, 1, "", "", 0))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Revocation("r", "t", "i", "s", 0, 1, "", "", 0))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Revocation("r", "t", null, null, 7, 1, "", "", 0))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
