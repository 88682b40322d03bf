package io.aerofusion.client;

import static io.aerofusion.client.TestDevice.json;
import static org.assertj.core.api.Assertions.assertThat;

import io.aerofusion.platform.ErrorCode;
import io.aerofusion.space.Conflict;
import io.aerofusion.space.ConflictPolicy;
import io.aerofusion.space.Mutation;
import io.aerofusion.space.Stamp;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What stores in the field hold must be read for ever: these texts are never changed, only added to. */
class StoredFormsTest {
    private static final String MUTATION = """
            {"collection":"runways","id":"42","at":117613852262400003,"set":{"length":2500},"unset":["closed"],\
            "inc":{"visits":-2},"add":{"tags":["wet"]},"remove":{"marks":["dry"]},\
            "insert":{"log":[{"after":"phone:7:0","value":null}]}""";

    @Test
    void aMutationInTheQueue() {
        String text = MUTATION + ",\"base\":\"AQA9\"}";
        QueuedMutation read = StoredForms.mutation(17, bytes(text));
        assertThat(read.number()).isEqualTo(17);
        assertThat(read.base()).isEqualTo("AQA9");
        assertThat(read.mutation())
                .isEqualTo(new Mutation(
                        "runways",
                        "42",
                        117613852262400003L,
                        Map.of("length", json("2500")),
                        List.of("closed"),
                        false,
                        Map.of("visits", -2L),
                        Map.of("tags", List.of(json("\"wet\""))),
                        Map.of("marks", List.of(json("\"dry\""))),
                        Map.of("log", List.of(new Mutation.Insertion("phone:7:0", json("null"))))));
        assertThat(text(StoredForms.mutation(read.mutation(), read.base()))).isEqualTo(text);
    }

    @Test
    void aDelete() {
        String text = "{\"collection\":\"runways\",\"id\":\"42\",\"at\":1,\"delete\":true}";
        QueuedMutation read = StoredForms.mutation(1, bytes(text));
        assertThat(read.mutation()).isEqualTo(Mutation.delete("runways", "42", 1));
        assertThat(read.base()).isNull();
        assertThat(text(StoredForms.mutation(read.mutation(), null))).isEqualTo(text);
    }

    @Test
    void aDocumentWithAndWithoutAList() {
        for (String text : List.of("[{\"a\":1,\"b\":{\"c\":1.5}}]", "[{\"log\":[\"x\"]},{\"log\":[\"phone:7:0\"]}]")) {
            assertThat(text(StoredForms.document(StoredForms.document(bytes(text)))))
                    .isEqualTo(text);
        }
        LocalDocument read = StoredForms.document(bytes("[{\"log\":[\"x\"]},{\"log\":[\"phone:7:0\"]}]"));
        assertThat(read.value()).isEqualTo(json("{\"log\":[\"x\"]}"));
        assertThat(read.keys()).isEqualTo(Map.of("log", List.of("phone:7:0")));
    }

    @Test
    void aRejection() {
        String text = "{\"mutation\":" + MUTATION
                + "},\"code\":\"schema-violation\",\"detail\":\"must be a number\",\"path\":\"length\",\"serverValue\":null}";
        RejectedMutation read = StoredForms.rejection(17, bytes(text));
        assertThat(read.code()).isEqualTo(ErrorCode.SCHEMA_VIOLATION);
        assertThat(read.path()).isEqualTo("length");
        assertThat(read.serverValue()).isEqualTo(json("null"));
        assertThat(text(StoredForms.rejection(read))).isEqualTo(text);
    }

    @Test
    void aConflict() {
        String text = """
                {"collection":"runways","id":"42","path":"surface","policy":"MANUAL","queued":true,\
                "winner":[117613852262400003,"phone"],"winning":"asphalt","loser":[117613852262400001,"tablet"]}""";
        Conflict read = StoredForms.conflict(bytes(text));
        assertThat(read)
                .isEqualTo(new Conflict(
                        "runways",
                        "42",
                        "surface",
                        ConflictPolicy.MANUAL,
                        new Stamp(117613852262400003L, "phone"),
                        json("\"asphalt\""),
                        new Stamp(117613852262400001L, "tablet"),
                        null,
                        true));
        assertThat(text(StoredForms.conflict(read))).isEqualTo(text);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
