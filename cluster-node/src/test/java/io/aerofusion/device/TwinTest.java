package io.aerofusion.device;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.aerofusion.platform.ErrorCode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TwinTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @Test
    void aPatchChangesOnlyWhatItNames() throws Exception {
        Twin.Change change = Twin.change(read("{'a':1,'b':{'c':2,'d':3}}"), read("{'b':{'c':null,'e':4}}"));

        assertThat(change)
                .isInstanceOfSatisfying(
                        Twin.Change.Changed.class,
                        changed ->
                                assertThat(changed.result().toString()).isEqualTo("{\"a\":1,\"b\":{\"d\":3,\"e\":4}}"));
    }

    @Test
    void numbersHaveOneFormSoThatNothingChangesByBeingWrittenDifferently() throws Exception {
        Twin.Change first = Twin.change(read("{}"), read("{'a':1,'b':2.5,'c':1e2}"));
        JsonNode stored = ((Twin.Change.Changed) first).result();

        assertThat(Twin.change(stored, read("{'a':1.0,'b':25e-1,'c':100}"))).isEqualTo(new Twin.Change.Same());
        assertThat(stored.get("a").isLong()).isTrue();
    }

    @Test
    void theGreatestIntegersAreKeptExactly() throws Exception {
        Twin.Change change = Twin.change(read("{}"), read("{'a':9007199254740992,'b':-9007199254740992}"));

        assertThat(change).isInstanceOfSatisfying(Twin.Change.Changed.class, changed -> {
            assertThat(changed.result().get("a").longValue()).isEqualTo(1L << 53);
            assertThat(changed.result().get("b").longValue()).isEqualTo(-(1L << 53));
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"9007199254740993", "123456789012345678901234567890", "1e999", "-1e400"})
    void numbersThatNotEveryLanguageHoldsAreRefused(String number) throws Exception {
        assertRefused(Twin.change(read("{}"), read("{'a':[{'b':" + number + "}]}")), ErrorCode.INVALID_VALUE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"[]", "1", "null", "'text'"})
    void onlyObjectsArePatches(String patch) throws Exception {
        assertRefused(Twin.change(read("{}"), read(patch)), ErrorCode.INVALID_REQUEST);
    }

    @Test
    void nestingIsBounded() throws Exception {
        String deepest = "{'a':".repeat(Twin.NESTING_MAX) + "1" + "}".repeat(Twin.NESTING_MAX);

        assertThat(Twin.change(read("{}"), read(deepest))).isInstanceOf(Twin.Change.Changed.class);
        assertRefused(Twin.change(read("{}"), read("{'a':" + deepest + "}")), ErrorCode.NESTED_TOO_DEEP);
    }

    @Test
    void sizeIsBoundedByWhatItWouldBecome() throws Exception {
        JsonNode half = ((Twin.Change.Changed) Twin.change(
                        read("{}"), read("{'a':'" + "x".repeat(Twin.BYTES_MAX / 2) + "'}")))
                .result();

        assertRefused(
                Twin.change(half, read("{'b':'" + "ü".repeat(Twin.BYTES_MAX / 4) + "'}")),
                ErrorCode.DOCUMENT_TOO_LARGE);
        assertThat(Twin.change(half, read("{'a':null,'b':'" + "ü".repeat(Twin.BYTES_MAX / 4) + "'}")))
                .isInstanceOf(Twin.Change.Changed.class);
    }

    private static void assertRefused(Twin.Change change, ErrorCode code) {
        assertThat(change)
                .isInstanceOfSatisfying(
                        Twin.Change.Refused.class,
                        refused -> assertThat(refused.code()).isEqualTo(code));
    }

    private static JsonNode read(String singleQuoted) throws Exception {
        return JSON.readTree(singleQuoted.replace('\'', '"'));
    }
}
