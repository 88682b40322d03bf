package io.aerofusion.route;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RevocationsStateTest {
    private static Revocation revocation(String id, long expiresAt) {
        return new Revocation(id, id, null, null, 0, expiresAt, "", "user:admin", 0);
    }

    private static RevocationEvent revoked(long revision, Revocation revocation, long at) {
        return new RevocationEvent.Revoked(revision, "t" + revision, revocation, at);
    }

    @Test
    void what_is_over_disappears_by_itself_but_not_before_the_clocks_of_issuers_agree() {
        RevocationsState state = RevocationsState.EMPTY
                .apply(revoked(1, revocation("a", 1_000), 0))
                .apply(revoked(2, revocation("b", 5_000_000), 0));
        long over = 1_000 + RevocationsState.KEPT_AFTER.toMillis();
        assertThat(state.living(over - 1)).extracting(Revocation::id).containsExactly("a", "b");
        assertThat(state.living(over)).extracting(Revocation::id).containsExactly("b");
        RevocationsState later = state.apply(revoked(3, revocation("c", 9_000_000), over));
        assertThat(later.all()).containsOnlyKeys("b", "c");
        assertThat(later.revision().number()).isEqualTo(3);
        assertThat(later.apply(new RevocationEvent.Lifted(4, "t4", "b", "user:admin", over))
                        .all())
                .containsOnlyKeys("c");
    }

    @Test
    void there_is_room_for_so_many_and_for_what_is_replaced() {
        RevocationsState state = RevocationsState.EMPTY;
        java.util.TreeMap<String, Revocation> all = new java.util.TreeMap<>();
        for (int i = 0; i < 20; i++) {
            all.put("r" + i, revocation("r" + i, 1_000));
        }
        state = new RevocationsState(state.revision(), all);
        assertThat(state.hasRoomFor(revocation("new", 9), 0, 20)).isFalse();
        assertThat(state.hasRoomFor(revocation("r7", 9), 0, 20)).isTrue();
        assertThat(state.hasRoomFor(revocation("new", 9), 1_000 + RevocationsState.KEPT_AFTER.toMillis(), 20))
                .isTrue();
    }

    @Test
    void what_is_written_is_read_again() {
        RevocationsContent content = RevocationsContent.INSTANCE;
        Revocation one = new Revocation("a", null, "i", "s", 5, 6, "n", "user:admin", 7);
        RevocationEvent event = revoked(1, one, 7);
        assertThat(content.readChange(content.writeChange(event))).isEqualTo(event);
        RevocationsState state = content.empty().apply(event);
        assertThat(content.read(content.write(state))).isEqualTo(state);
    }
}
