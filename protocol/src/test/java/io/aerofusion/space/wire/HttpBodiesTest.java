package io.aerofusion.space.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.space.Conflict;
import io.aerofusion.space.ConflictPolicy;
import io.aerofusion.space.Cursor;
import io.aerofusion.space.DocumentChange;
import io.aerofusion.space.Mutation;
import io.aerofusion.space.Push;
import io.aerofusion.space.Rejection;
import io.aerofusion.space.Stamp;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HttpBodiesTest {
    private static final FrameLimits LIMITS = FrameLimits.OF_A_NODE;

    @Test
    void aPushBodyIsAPush() throws FrameException {
        Cursor base = new Cursor(7, 1, new TreeMap<>(Map.of("eu", 4L)), 9);
        Push push = push("""
                {"device": "phone", "firstSeq": 5, "base": "%s", "ops": [
                  {"collection": "tasks", "id": "1", "at": 1000, "set": {"title": "x", "place": {"city": null}}, "unset": ["old"]},
                  {"collection": "tasks", "id": "2", "delete": true},
                  {"collection": "tasks", "id": "3", "inc": {"count": -2}, "add": {"tags": ["a"]}, "remove": {"tags": [1]},
                   "insert": {"log": [{"value": null}, {"after": "phone:5:0", "value": {}}]}},
                  {"collection": "tasks", "id": "4", "set": {}}]}
                """.formatted(base.encode()));
        assertThat(push)
                .isEqualTo(new Push(
                        "phone",
                        5,
                        base,
                        List.of(
                                new Mutation(
                                        "tasks",
                                        "1",
                                        1000L << 16,
                                        Map.of("title", json("\"x\""), "place", json("{\"city\":null}")),
                                        List.of("old"),
                                        false,
                                        Map.of(),
                                        Map.of(),
                                        Map.of(),
                                        Map.of()),
                                Mutation.delete("tasks", "2", 0),
                                new Mutation(
                                        "tasks",
                                        "3",
                                        0,
                                        Map.of(),
                                        List.of(),
                                        false,
                                        Map.of("count", -2L),
                                        Map.of("tags", List.of(json("\"a\""))),
                                        Map.of("tags", List.of(json("1"))),
                                        Map.of(
                                                "log",
                                                List.of(
                                                        new Mutation.Insertion(null, json("null")),
                                                        new Mutation.Insertion("phone:5:0", json("{}"))))),
                                Mutation.set("tasks", "4", 0, Map.of()))));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "7; The body must be a JSON object.",
                "{}; device must be a string that is not empty.",
                "{'device':'d','firstSeq':0,'ops':[]}; firstSeq must be a whole number from 1 to 2^53.",
                "{'device':'d','firstSeq':1.5,'ops':[]}; firstSeq must be a whole number from 1 to 2^53.",
                "{'device':'d','firstSeq':1}; ops must be an array.",
                "{'device':'d','firstSeq':1,'operations':[]}; operations is not a member that is known here.",
                "{'device':'d','firstSeq':1,'ops':[7]}; ops[0] must be a JSON object.",
                "{'device':'d','firstSeq':1,'ops':[{'id':'1'}]}; ops[0].collection must be a string that is not empty.",
                "{'device':'d','firstSeq':1,'ops':[{'collection':'c','id':'1'}]}; ops[0] changes nothing: give set, unset, delete, inc, add, remove or insert.",
                "{'device':'d','firstSeq':1,'ops':[{'collection':'c','id':'1','sett':{}}]}; ops[0].sett is not a member that is known here.",
                "{'device':'d','firstSeq':1,'ops':[{'collection':'c','id':'1','set':7}]}; ops[0].set must be an object of paths.",
                "{'device':'d','firstSeq':1,'ops':[{'collection':'c','id':'1','unset':'a'}]}; ops[0].unset must be an array of paths.",
                "{'device':'d','firstSeq':1,'ops':[{'collection':'c','id':'1','delete':1}]}; ops[0].delete must be true or false.",
                "{'device':'d','firstSeq':1,'ops':[{'collection':'c','id':'1','delete':true,'inc':{'a':1}}]}; ops[0].delete goes together with no other change.",
                "{'device':'d','firstSeq':1,'ops':[{'collection':'c','id':'1','inc':{'a':0.5}}]}; ops[0].inc.a must be a whole number.",
                "{'device':'d','firstSeq':1,'ops':[{'collection':'c','id':'1','add':{'a':5}}]}; ops[0].add.a must be an array of elements.",
                "{'device':'d','firstSeq':1,'ops':[{'collection':'c','id':'1','insert':{'a':[{}]}}]}; ops[0].insert.a[0].value is missing.",
                "{'device':'d','firstSeq':1,'ops':[{'collection':'c','id':'1','at':-5,'set':{}}]}; ops[0].at must be a whole number from 0 to 2^53.",
            },
            quoteCharacter = '`')
    void aBadPushIsToldWhereItIsBad(String body, String detail) {
        FrameException refusal = refused(body.replace('\'', '"'));
        assertThat(refusal.code()).isEqualTo(ErrorCode.INVALID_REQUEST);
        assertThat(refusal.detail()).isEqualTo(detail);
    }

    @Test
    void otherRefusalsHaveTheirCodes() {
        assertThat(refused("{\"device\":\"d\",").code()).isEqualTo(ErrorCode.MALFORMED_JSON);
        assertThat(refused("{\"device\":\"d\",\"device\":\"e\"}").code()).isEqualTo(ErrorCode.MALFORMED_JSON);
        assertThat(refused("{\"device\":NaN}").code()).isEqualTo(ErrorCode.MALFORMED_JSON);
        assertThat(refused("{\"device\":1e999}").code()).isEqualTo(ErrorCode.INVALID_VALUE);
        assertThat(refused("{\"ops\":" + "[".repeat(100) + "]".repeat(100) + "}")
                        .code())
                .isEqualTo(ErrorCode.NESTED_TOO_DEEP);
        assertThat(refused("{\"device\":\"d\",\"firstSeq\":1,\"base\":\"forged\",\"ops\":[]}")
                        .code())
                .isEqualTo(ErrorCode.BAD_CURSOR);
        String op = "{\"collection\":\"c\",\"id\":\"1\",\"delete\":true}";
        assertThat(refused("{\"device\":\"d\",\"firstSeq\":1,\"ops\":[" + (op + ",").repeat(500) + op + "]}")
                        .code())
                .isEqualTo(ErrorCode.BATCH_TOO_LARGE);
    }

    @Test
    void anAnswerSaysWhatBecameOfThePush() {
        assertThat(HttpBodies.pushed(
                        9,
                        List.of(new Rejection(8, ErrorCode.SCHEMA_VIOLATION, "must be a number", "length", json("3"))),
                        List.of(new Conflict(
                                "tasks",
                                "1",
                                "title",
                                ConflictPolicy.SERVER_WINS,
                                Stamp.at(5, 1, "a"),
                                json("null"),
                                Stamp.at(6, 0, "b"),
                                null,
                                false)),
                        "CURSOR"))
                .hasToString(
                        "{\"ackedUpTo\":9,\"rejected\":[{\"seq\":8,\"code\":\"schema-violation\",\"detail\":\"must be a number\",\"path\":\"length\",\"serverValue\":3,\"retryable\":false}],\"conflicts\":[{\"collection\":\"tasks\",\"id\":\"1\",\"path\":\"title\",\"policy\":\"server-wins\",\"winner\":{\"at\":5,\"counter\":1,\"device\":\"a\"},\"winning\":null,\"loser\":{\"at\":6,\"counter\":0,\"device\":\"b\"},\"queued\":false}],\"cursor\":\"CURSOR\"}");
    }

    @Test
    void aPageOfChangesShowsOnlyWhatThereIs() {
        List<DocumentChange> changes = List.of(
                new DocumentChange("tasks", "1", false, false, Map.of("n", json("1")), List.of("o"), Map.of()),
                DocumentChange.deleted("tasks", "2"),
                new DocumentChange("tasks", "3", false, true, Map.of(), List.of(), Map.of()),
                new DocumentChange(
                        "tasks",
                        "4",
                        false,
                        false,
                        Map.of("l", json("[1]")),
                        List.of(),
                        Map.of("l", List.of("a:1:0"))));
        assertThat(HttpBodies.changes("C", changes, true, false))
                .hasToString(
                        "{\"cursor\":\"C\",\"changes\":[{\"collection\":\"tasks\",\"id\":\"1\",\"set\":{\"n\":1},\"unset\":[\"o\"]},{\"collection\":\"tasks\",\"id\":\"2\",\"deleted\":true},{\"collection\":\"tasks\",\"id\":\"3\",\"whole\":true,\"set\":{}},{\"collection\":\"tasks\",\"id\":\"4\",\"set\":{\"l\":[1]},\"keys\":{\"l\":[\"a:1:0\"]}}],\"more\":true}");
        assertThat(HttpBodies.changes("C", List.of(), false, true))
                .hasToString("{\"cursor\":\"C\",\"reset\":true,\"changes\":[],\"more\":false}");
    }

    private static JsonNode json(String text) {
        return FrameExamples.json(text);
    }

    private static Push push(String body) throws FrameException {
        return HttpBodies.push(HttpBodies.read(body.getBytes(StandardCharsets.UTF_8), LIMITS), LIMITS);
    }

    private static FrameException refused(String body) {
        FrameException refusal = catchThrowableOfType(FrameException.class, () -> push(body));
        assertThat(refusal).isNotNull();
        return refusal;
    }
}
