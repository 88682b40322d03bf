package io.aerofusion.space;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Events as they stand in journals: these examples are never changed, only added to. */
class SpaceEventExamplesTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @ParameterizedTest
    @ValueSource(strings = {"""
                {"@":"created","owner":"alice","title":"Runways","declared":true,"request":"k:r","by":"user:alice","at":1}""", """
                {"@":"member","user":"bob","right":"WRITE","by":"user:alice","at":2}""", """
                {"@":"member-removed","user":"bob","by":"user:alice","at":3}""", """
                {"@":"schema","collection":"runways","schema":{"type":"object"},"by":"user:alice","at":4}""", """
                {"@":"quota","documents":5,"bytes":6,"by":"user:root","at":5}""", """
                {"@":"device","device":"phone","user":"alice","cursor":\
                {"space":7,"epoch":1,"numbers":{"local":9},"progress":{},"hlc":65536},"at":6}""", """
                {"@":"device","device":"phone","user":"alice","at":6}""", """
                {"@":"device","device":"phone","user":"alice","at":6,"untold":true,"numbered":"~2~phone"}""", """
                {"@":"purged","h":{"local":7},"t":9}""", """
                {"@":"quarantine-decided","device":"phone","seq":3,"accepted":true,"by":"user:alice","at":7}""", """
                {"@":"conflict-resolved","collection":"runways","document":"1","path":"length","by":"user:alice","at":8}""", """
                {"@":"erased","by":"user:alice","at":8}""", """
                {"@":"merged","r":"local","d":"phone","t":9,"o":[{"s":1,"n":1,"h":65536,"c":"runways","i":"1",\
                "k":{"k":"u","s":{"length":900}}}],"c":0}"""})
    void events_are_read_and_written_as_ever(String stored) throws Exception {
        JsonNode tree = JSON.readTree(stored);
        SpaceEvent event = JSON.readerFor(SpaceEvent.class).readValue(tree);
        assertThat(JSON.<JsonNode>valueToTree(JSON.readerFor(SpaceEvent.class)
                        .readValue(JSON.writerFor(SpaceEvent.class).writeValueAsString(event))))
                .isEqualTo(JSON.<JsonNode>valueToTree(event));
        assertThat(JSON.readTree(JSON.writerFor(SpaceEvent.class).writeValueAsString(event)))
                .isEqualTo(tree);
    }
}
