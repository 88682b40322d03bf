package io.aerofusion.platform.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OidcProviderTest {
    private static OidcProvider provider(String prefix) {
        return new OidcProvider(
                "corp",
                "default",
                "sub",
                prefix,
                Map.of(Principal.Role.ADMIN, Set.of("root", "boss"), Principal.Role.OPERATOR, Set.of("ops")),
                true);
    }

    @Test
    void what_makes_an_id_is_taken_as_it_is() {
        assertThat(provider("corp.").userOf("248289761001")).isEqualTo("corp.248289761001");
        assertThat(provider("").userOf("ada@example.com")).isEqualTo("ada@example.com");
        assertThat(provider("corp.").userOf("a".repeat(59))).isEqualTo("corp." + "a".repeat(59));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "auth0|5f7c8ec7c33c6c004bbafe82",
                "größe",
                "a b",
                "a/b",
                "h-DquKCjOAq_TH0fsLQ7Zqr7tkpLlT5OstzMpXlGGRLQw"
            })
    void what_makes_no_id_or_looks_like_a_digest_becomes_one(String value) {
        String user = provider("corp.").userOf(value);
        assertThat(user).matches("corp\\.h-[A-Za-z0-9_-]{43}").isNotEqualTo("corp." + value);
        assertThat(Names.isName(user)).isTrue();
        assertThat(provider("0123456789abcdef").userOf("x".repeat(5000))).matches(Names.PATTERN);
    }

    @Test
    void the_digest_is_that_of_the_value() {
        assertThat(provider("").userOf("a|b")).isEqualTo("h-DquKCjOAq_TH0fsLQ7Zqr7tkpLlT5OstzMpXlGGRLQw");
        assertThat(provider("").userOf("a|b")).isNotEqualTo(provider("").userOf("a|c"));
    }

    @Test
    void words_bring_roles_where_the_settings_say_so() {
        assertThat(provider("").rolesOf(Set.of("boss", "other"))).containsExactly(Principal.Role.ADMIN);
        assertThat(provider("").rolesOf(Set.of("ops", "root")))
                .containsExactlyInAnyOrder(Principal.Role.ADMIN, Principal.Role.OPERATOR);
        assertThat(provider("").rolesOf(Set.of("admin"))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {".x", "a|", "0123456789abcdefg", "ä"})
    void a_prefix_is_the_beginning_of_an_id(String prefix) {
        assertThatThrownBy(() -> provider(prefix)).isInstanceOf(IllegalArgumentException.class);
    }
}
