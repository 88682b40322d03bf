package io.aerofusion.space;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The names of places in a document. */
final class PathTest {
    @ParameterizedTest
    @CsvSource({
        "length, length", // a single name stands for itself
        "/length, length",
        "/lights/edge, /lights/edge",
        "a~b, a~b", // no pointer, so no escape
        "/a~0b, a~b",
        "/~1x, /~1x", // a name that begins with a slash has to be a pointer
        "/a~1b/c, /a~1b/c",
        "/, /",
        "//a, //a",
        "/a/, /a/"
    })
    void a_path_has_one_spelling(String given, String canonical) {
        assertThat(Path.canonical(given)).isEqualTo(canonical);
        assertThat(Path.canonical(canonical)).isEqualTo(canonical);
        assertThat(Path.of(Path.segments(given))).isEqualTo(canonical);
    }

    @Test
    void names_with_every_kind_of_character_come_back() {
        for (List<String> names : List.of(
                List.of(""),
                List.of("", ""),
                List.of("~"),
                List.of("/"),
                List.of("~1", "~01"),
                List.of("a", "", "b"),
                List.of("é😀", "x y"))) {
            assertThat(Path.segments(Path.of(names))).isEqualTo(names);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/a~", "/a~2", "/~/b", "/\ud83d"})
    void wrong_escapes_and_lone_surrogates_are_refused(String path) {
        assertThatThrownBy(() -> Path.canonical(path)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void a_path_is_neither_empty_nor_endless() {
        assertThatThrownBy(() -> Path.canonical("")).isInstanceOf(IllegalArgumentException.class);
        assertThat(Path.canonical("x".repeat(Path.LENGTH_MAX))).hasSize(Path.LENGTH_MAX);
        assertThatThrownBy(() -> Path.canonical("x".repeat(Path.LENGTH_MAX + 1)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void children_and_parents_belong_to_each_other() {
        for (String path : List.of("lights", "/", "/~1x", "/lights/edge", "a~b")) {
            for (String member : List.of("edge", "", "a/b", "~")) {
                String child = Path.child(path, member);
                assertThat(Path.isNested(child)).isTrue();
                assertThat(Path.parent(child)).isEqualTo(path);
                assertThat(child).startsWith(Path.prefixOfChildren(path));
                assertThat(Path.segments(child).getLast()).isEqualTo(member);
            }
        }
        assertThat(Path.isNested("lights")).isFalse();
        assertThat(Path.isNested("/~1x")).isFalse();
        // "lightsaber" is not beneath "lights"
        assertThat("lightsaber").doesNotStartWith(Path.prefixOfChildren("lights"));
    }
}
