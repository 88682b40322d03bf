package io.aerofusion.gateway.routing;

import static org.assertj.core.api.Assertions.assertThat;

import io.aerofusion.route.RouteSpec.Ambiguity;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NormalPathTest {
    @ParameterizedTest
    @ValueSource(strings = {"/", "/a", "/a/", "/a/b.c/d~e", "/a=1,b:2@c!$&'()*+", "/...", "/.a", "/a.", "/..a/b"})
    void aPlainPathIsNormalAsItIs(String path) {
        assertThat(NormalPath.isNormal(path)).isTrue();
        assertThat(NormalPath.of(path)).isEqualTo(new NormalPath(path, 0, null));
    }

    @ParameterizedTest
    @CsvSource({
        "/%61dmin, /admin",
        "/a%2db, /a-b",
        "/%7euser, /~user",
        "/a%3ab, /a:b",
        "/a b, /a%20b",
        "/a%20b, /a%20b",
        "/a|b, /a%7Cb",
        "/caf%c3%a9, /caf%C3%A9",
        "/%f0%9f%98%80x, /%F0%9F%98%80x",
        "/100%25, /100%25",
        "/a%3fb%23c, /a%3Fb%23C",
        "/%252e%252e, /%252e%252e"
    })
    void oneFormStandsForAllSpellings(String raw, String normal) {
        NormalPath path = NormalPath.of(raw);
        assertThat(path.refusal()).isNull();
        assertThat(path.path()).isEqualToIgnoringCase(normal);
        assertThat(path.ambiguities()).isZero();
        assertThat(NormalPath.of(path.path())).isEqualTo(path);
    }

    @ParameterizedTest
    @CsvSource({
        "/a%2fb, /a%2Fb, ENCODED_SLASH",
        "/a%2Fb, /a%2Fb, ENCODED_SLASH",
        "/a\\b, /a%5Cb, BACKSLASH",
        "/a%5cb, /a%5Cb, BACKSLASH",
        "/a/./b, /a/b, DOT_SEGMENTS",
        "/a/../b, /b, DOT_SEGMENTS",
        "/a/b/.., /a/, DOT_SEGMENTS",
        "/a/., /a/, DOT_SEGMENTS",
        "/a/%2e%2E/b, /b, DOT_SEGMENTS",
        "/a/.%2e, /, DOT_SEGMENTS",
        "//, //, EMPTY_SEGMENTS",
        "/a//b, /a//b, EMPTY_SEGMENTS",
        "//a, //a, EMPTY_SEGMENTS",
        "/a//, /a//, EMPTY_SEGMENTS",
        "/a;b/c, /a%3Bb/c, PATH_PARAMETERS",
        "/a%3bb, /a%3Bb, PATH_PARAMETERS",
        "/a//..//b%2fc, /a//b%2Fc, DOT_SEGMENTS EMPTY_SEGMENTS ENCODED_SLASH"
    })
    void ambiguousFormsAreNoted(String raw, String normal, String ambiguities) {
        NormalPath path = NormalPath.of(raw);
        assertThat(path.refusal()).isNull();
        assertThat(path.path()).isEqualTo(normal);
        assertThat(path.ambiguitySet())
                .containsExactlyInAnyOrderElementsOf(Arrays.stream(ambiguities.split(" "))
                        .map(Ambiguity::valueOf)
                        .toList());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "a",
                "http://a/",
                "/%",
                "/%4",
                "/%zz",
                "/a%00b",
                "/a%0d%0ab",
                "/%7f",
                "/a\u0000",
                "/a\u007f",
                "/a\u00e9",
                "/a#b",
                "/%c0%ae%c0%ae/",
                "/%c0%af",
                "/%e0%80%af",
                "/%ed%a0%80",
                "/%ff",
                "/%c3",
                "/%c3(",
                "/%f5%80%80%80",
                "/..",
                "/a/../..",
                "/../a",
                "/..;/a",
                "/..;x=1/a",
                "/.;/a",
                "/%2e%2e;/a",
                "/..%3b/a",
                "/%\u0661\u0661"
            })
    void formsThatNothingExcusesAreRefused(String raw) {
        assertThat(NormalPath.of(raw).refusal()).isNotNull();
        assertThat(NormalPath.of(raw).path()).isEmpty();
    }

    @Test
    void everyNormalPathIsItsOwnNormalForm() {
        List<String> pieces = List.of("/", "a", ".", "%2e", "%2f", "%2F", ";", "\\", "%41", "%25", "%c3%a9", "~", " ");
        for (int number = 0; number < 13 * 13 * 13 * 13; number++) {
            int rest = number;
            StringBuilder raw = new StringBuilder("/");
            for (int i = 0; i < 4; i++) {
                raw.append(pieces.get(rest % 13));
                rest /= 13;
            }
            NormalPath path = NormalPath.of(raw.toString());
            if (path.refusal() == null) {
                NormalPath again = NormalPath.of(path.path());
                assertThat(again.path()).as(raw.toString()).isEqualTo(path.path());
                assertThat(again.ambiguitySet()).doesNotContain(Ambiguity.DOT_SEGMENTS);
                // a segment of the normal path is never one that a server would take for another directory
                assertThat(Arrays.stream(path.path().split("/", -1)).collect(Collectors.toSet()))
                        .doesNotContain(".", "..");
            }
        }
    }
}
