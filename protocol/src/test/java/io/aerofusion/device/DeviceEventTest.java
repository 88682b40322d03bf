package io.aerofusion.device;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** The stored examples must decode for ever: lines may be added here, never changed. */
class DeviceEventTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    private record Stored(String json, DeviceEvent event) {}

    private static List<Stored> examples() {
        return List.of(
                new Stored(
                        """
                        {"t":"registered","owner":"alice","name":"Phone","labels":{"b":"2","a":"1"},\
                        "credentialHash":"00ff","request":"r1","by":"user:alice","at":1}""",
                        new DeviceEvent.Registered(
                                "alice",
                                "Phone",
                                new TreeMap<>(Map.of("a", "1", "b", "2")),
                                "00ff",
                                "r1",
                                "user:alice",
                                1)),
                new Stored("""
                        {"t":"rotated","credentialHash":"11ee","by":"user:alice","at":2}""", new DeviceEvent.CredentialRotated("11ee", "user:alice", 2)),
                new Stored("""
                        {"t":"relabelled","name":"","labels":{},"by":"user:alice","at":3}""", new DeviceEvent.Relabelled("", new TreeMap<>(), "user:alice", 3)),
                new Stored("""
                        {"t":"leased","until":99,"at":4}""", new DeviceEvent.Leased(99, 4)),
                new Stored(
                        """
                        {"t":"desired","version":1,"patch":{"on":true,"old":null},"by":"user:alice","at":5}""",
                        new DeviceEvent.DesiredPatched(
                                1, JSON.createObjectNode().put("on", true).putNull("old"), "user:alice", 5)),
                new Stored(
                        """
                        {"t":"reported","version":1,"patch":{"on":false},"at":6}""",
                        new DeviceEvent.ReportedPatched(
                                1, JSON.createObjectNode().put("on", false), 6)),
                new Stored("""
                        {"t":"acknowledged","space":"home","cursor":"abc","at":7}""", new DeviceEvent.SpaceAcknowledged("home", "abc", 7)),
                new Stored("""
                        {"t":"revoked","by":"user:alice","at":8}""", new DeviceEvent.Revoked("user:alice", 8)),
                new Stored("""
                        {"t":"forgotten","by":"user:root","at":9}""", new DeviceEvent.Forgotten("user:root", 9)));
    }

    @Test
    void storedExamplesDecodeForEver() throws Exception {
        for (Stored stored : examples()) {
            assertThat(JSON.readValue(stored.json(), DeviceEvent.class)).isEqualTo(stored.event());
        }
    }

    @Test
    void everyEventHasAnExampleAndIsWrittenAsStored() throws Exception {
        assertThat(examples())
                .extracting(stored -> (Object) stored.event().getClass())
                .containsExactlyInAnyOrder((Object[]) DeviceEvent.class.getPermittedSubclasses());
        for (Stored stored : examples()) {
            assertThat(JSON.readTree(JSON.writeValueAsString(stored.event()))).isEqualTo(JSON.readTree(stored.json()));
        }
    }
}
