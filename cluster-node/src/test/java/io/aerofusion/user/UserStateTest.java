package io.aerofusion.user;

import static org.assertj.core.api.Assertions.assertThat;

import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.security.Principal;
import io.aerofusion.user.UserState.Standing;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class UserStateTest {
    private static final long DAY = 86_400_000;

    private final UserState created = UserState.unknown()
            .apply(new UserEvent.Created("Alice", new TreeSet<>(Set.of("user", "operator")), "", "user:admin", DAY));

    @Test
    void rolesAreThoseOfTheEvents() {
        assertThat(created.principalRoles()).containsExactlyInAnyOrder(Principal.Role.USER, Principal.Role.OPERATOR);
        assertThat(created.apply(new UserEvent.RolesChanged(new TreeSet<>(Set.of("admin")), "user:admin", DAY))
                        .principalRoles())
                .containsExactly(Principal.Role.ADMIN);
        assertThat(UserState.complaintAboutRoles(Set.of())).isPresent();
        assertThat(UserState.complaintAboutRoles(Set.of("admin", "emperor"))).isPresent();
        assertThat(UserState.complaintAboutRoles(Set.of("admin", "user"))).isEmpty();
    }

    @Test
    void aTokenIsGoodUntilItExpiresOrIsRevoked() {
        UserState issued = created.apply(new UserEvent.TokenIssued("k1", "laptop", "aa", 3 * DAY, "user:alice", DAY))
                .apply(new UserEvent.TokenIssued("k2", "phone", "bb", 9 * DAY, "user:alice", DAY));

        assertThat(issued.tokenOf("aa", 2 * DAY)).contains("k1");
        assertThat(issued.tokenOf("bb", 2 * DAY)).contains("k2");
        assertThat(issued.tokenOf("cc", 2 * DAY)).isEmpty();
        assertThat(issued.tokenOf("aa", 3 * DAY)).isEmpty();
        assertThat(issued.apply(new UserEvent.TokenRevoked("k2", "user:alice", 2 * DAY))
                        .tokenOf("bb", 2 * DAY))
                .isEmpty();
    }

    @Test
    void theUseOfATokenIsWrittenOnceADay() {
        UserState issued = created.apply(new UserEvent.TokenIssued("k1", "laptop", "aa", 9 * DAY, "user:alice", DAY));
        assertThat(issued.useIsDue("k1", DAY)).isTrue();
        UserState used = issued.apply(new UserEvent.TokenUsed("k1", DAY));
        assertThat(used.useIsDue("k1", 2 * DAY - 1)).isFalse();
        assertThat(used.useIsDue("k1", 2 * DAY)).isTrue();
        assertThat(used.useIsDue("k9", 2 * DAY)).isFalse();
    }

    @Test
    void tokensAreBoundedAndExpiredOnesMakeRoom() {
        UserState full = created;
        for (int i = 0; i < UserState.TOKENS_MAX; i++) {
            full = full.apply(new UserEvent.TokenIssued("k" + i, "n", "h" + i, 5 * DAY, "user:alice", DAY));
        }

        assertThat(full.refusalOfToken("one-more", 6 * DAY, 2 * DAY))
                .hasValueSatisfying(refused -> assertThat(refused.code()).isEqualTo(ErrorCode.INVALID_REQUEST));
        assertThat(full.refusalOfToken("k3", 6 * DAY, 2 * DAY)).isEmpty();
        assertThat(full.refusalOfToken("one-more", 6 * DAY, 5 * DAY)).isEmpty();
        assertThat(full.apply(new UserEvent.TokenIssued("one-more", "n", "h", 9 * DAY, "user:alice", 5 * DAY))
                        .tokens())
                .containsOnlyKeys("one-more");
    }

    @Test
    void aTokenLivesForABoundedTime() {
        assertThat(created.refusalOfToken("k", DAY, DAY)).isPresent();
        assertThat(created.refusalOfToken("k", DAY + UserState.TOKEN_LIFETIME_MAX.toMillis() + 1, DAY))
                .isPresent();
        assertThat(created.refusalOfToken("k", DAY + UserState.TOKEN_LIFETIME_MAX.toMillis(), DAY))
                .isEmpty();
    }

    @Test
    void whoIsBeingErasedIsRefusedFromTheFirstEventOn() {
        UserState issued = created.apply(new UserEvent.TokenIssued("k1", "laptop", "aa", 9 * DAY, "user:alice", DAY));
        UserState erasing = issued.apply(new UserEvent.ErasureRequested("user:root", 2 * DAY));

        assertThat(erasing.standing()).isEqualTo(Standing.ERASING);
        assertThat(erasing.erasedBy()).isEqualTo("user:root");
        assertThat(erasing.tokenOf("aa", 2 * DAY)).isEmpty();
        assertThat(erasing.principalRoles()).isEmpty();
        UserState cleared = erasing.apply(new UserEvent.Erased(2, 1, 3 * DAY));
        assertThat(cleared.standing()).isEqualTo(Standing.CLEARED);
        assertThat(cleared.name()).isEmpty();
    }
}
