package io.aerofusion.device;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MergePatchTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** The examples of RFC 7396, appendix A. */
    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            quoteCharacter = '`',
            value = {
                "{'a':'b'};{'a':'c'};{'a':'c'}",
                "{'a':'b'};{'b':'c'};{'a':'b','b':'c'}",
                "{'a':'b'};{'a':null};{}",
                "{'a':'b','b':'c'};{'a':null};{'b':'c'}",
                "{'a':['b']};{'a':'c'};{'a':'c'}",
                "{'a':'c'};{'a':['b']};{'a':['b']}",
                "{'a':{'b':'c'}};{'a':{'b':'d','c':null}};{'a':{'b':'d'}}",
                "{'a':[{'b':'c'}]};{'a':[1]};{'a':[1]}",
                "['a','b'];['c','d'];['c','d']",
                "{'a':'b'};['c'];['c']",
                "{'a':'foo'};null;null",
                "{'a':'foo'};'bar';'bar'",
                "{'e':null};{'a':1};{'e':null,'a':1}",
                "[1,2];{'a':'b','c':null};{'a':'b'}",
                "{};{'a':{'bb':{'ccc':null}}};{'a':{'bb':{}}}"
            })
    void followsTheExamplesOfTheRfc(String target, String patch, String expected) throws Exception {
        JsonNode before = read(target);
        JsonNode untouched = before.deepCopy();

        assertThat(MergePatch.apply(before, read(patch))).isEqualTo(read(expected));
        assertThat(before).isEqualTo(untouched);
    }

    @Test
    void sharesNothingWithThePatch() throws Exception {
        JsonNode patch = read("{'a':{'b':[1]}}");

        JsonNode result = MergePatch.apply(read("{}"), patch);
        ((com.fasterxml.jackson.databind.node.ArrayNode) patch.at("/a/b")).add(2);

        assertThat(result).isEqualTo(read("{'a':{'b':[1]}}"));
    }

    @Test
    void countsNestingUpToALimit() throws Exception {
        assertThat(MergePatch.depth(read("1"), 9)).isZero();
        assertThat(MergePatch.depth(read("{}"), 9)).isEqualTo(1);
        assertThat(MergePatch.depth(read("{'a':[{'b':1}],'c':2}"), 9)).isEqualTo(3);
        assertThat(MergePatch.depth(read("[[[[[[1]]]]]]"), 3)).isEqualTo(4);
    }

    private static JsonNode read(String singleQuoted) throws Exception {
        return JSON.readTree(singleQuoted.replace('\'', '"'));
    }
}
