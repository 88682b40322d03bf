package io.aerofusion.platform.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.aerofusion.platform.http.ProblemException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenAuthenticatorTest {
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final Principal ALICE = new Principal("default", "alice", Set.of(Principal.Role.USER), null);

    private final BearerToken token = BearerToken.issue(BearerToken.Kind.USER, "default", "alice", RANDOM);
    private final List<String> asked = new ArrayList<>();
    private final AtomicLong nanos = new AtomicLong();
    private Optional<Principal> answer = Optional.of(ALICE);
    private final TokenAuthenticator authenticator = asking((tenant, id, hash) -> {
        asked.add(tenant + "|" + id + "|" + hash);
        return CompletableFuture.completedFuture(answer);
    });

    @Test
    void aTokenCarriesWhoseItIsAndHidesItselfInLogs() {
        BearerToken read = BearerToken.parse(token.text()).orElseThrow();

        assertThat(read.identity()).isEqualTo(new BearerToken.Identity(BearerToken.Kind.USER, "default", "alice"));
        assertThat(read.hash()).isEqualTo(token.hash()).matches("[0-9a-f]{64}");
        assertThat(token.text()).startsWith("aft_");
        assertThat(token.toString()).doesNotContain(token.text());
        assertThat(BearerToken.issue(BearerToken.Kind.USER, "default", "alice", RANDOM)
                        .hash())
                .isNotEqualTo(token.hash());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "aft_", "aft_####", "aft_AAAA", "Bearer x", "aft_AQ", "ghp_AAAAAAAAAAAAAAAAAAAA"})
    void garbageIsRefusedWithoutALookup(String garbage) throws Exception {
        assertThat(authenticate(garbage)).isEmpty();
        assertThat(authenticate("aft_" + "A".repeat(10_000))).isEmpty();
        assertThat(asked).isEmpty();
    }

    @Test
    void aTokenWithOneChangedByteIsRefusedWithoutALookup() throws Exception {
        byte[] bytes = Base64.getUrlDecoder().decode(token.text().substring(BearerToken.PREFIX.length()));
        for (int at = 0; at < bytes.length; at++) {
            byte[] changed = bytes.clone();
            changed[at] ^= 1;
            assertThat(authenticate(BearerToken.PREFIX
                            + Base64.getUrlEncoder().withoutPadding().encodeToString(changed)))
                    .isEmpty();
        }
        assertThat(asked).isEmpty();
    }

    @Test
    void aKindThatNobodyAnswersForIsRefused() throws Exception {
        BearerToken device = BearerToken.issue(BearerToken.Kind.DEVICE, "default", "d1", RANDOM);

        assertThat(authenticate(device.text())).isEmpty();
    }

    @Test
    void aGoodAnswerIsTrustedForSecondsOnly() throws Exception {
        assertThat(authenticate(token.text())).contains(ALICE);
        nanos.addAndGet(TokenAuthenticator.ACCEPTED_FOR.toNanos() - 1);
        answer = Optional.empty();
        assertThat(authenticate(token.text())).contains(ALICE);
        nanos.addAndGet(2);

        assertThat(authenticate(token.text())).isEmpty();
        assertThat(asked).hasSize(2).containsOnly("default|alice|" + token.hash());
    }

    @Test
    void aRefusalIsRememberedSoThatADeadTokenIsCheap() throws Exception {
        answer = Optional.empty();
        for (int i = 0; i < 100; i++) {
            assertThat(authenticate(token.text())).isEmpty();
        }
        assertThat(asked).hasSize(1);
        nanos.addAndGet(
                TokenAuthenticator.REFUSED_FOR.plus(Duration.ofMillis(1)).toNanos());
        authenticate(token.text());
        assertThat(asked).hasSize(2);
    }

    @Test
    void aRevocationCountsAtOnceEvenForALookupUnderWay() throws Exception {
        CompletableFuture<Optional<Principal>> slow = new CompletableFuture<>();
        List<CompletableFuture<Optional<Principal>>> answers =
                new ArrayList<>(List.of(slow, CompletableFuture.completedFuture(Optional.empty())));
        TokenAuthenticator lagging = asking((tenant, id, hash) -> answers.removeFirst());
        lagging.authenticate(token.text());

        lagging.forget(token.identity());
        slow.complete(Optional.of(ALICE));

        assertThat(lagging.authenticate(token.text()).toCompletableFuture().get(60, TimeUnit.SECONDS))
                .isEqualTo(Authenticator.UNKNOWN);
    }

    @Test
    void lookupsAtOnceAreBoundedAndFailuresAreNotRemembered() throws Exception {
        List<CompletableFuture<Optional<Principal>>> open = new ArrayList<>();
        TokenAuthenticator busy = asking((tenant, id, hash) -> {
            CompletableFuture<Optional<Principal>> lookup = new CompletableFuture<>();
            open.add(lookup);
            return lookup;
        });
        for (int i = 0; i < TokenAuthenticator.LOOKUPS_MAX; i++) {
            busy.authenticate(BearerToken.issue(BearerToken.Kind.USER, "default", "u" + i, RANDOM)
                    .text());
        }

        assertThatThrownBy(() ->
                        busy.authenticate(token.text()).toCompletableFuture().get(60, TimeUnit.SECONDS))
                .hasCauseInstanceOf(ProblemException.class);
        open.forEach(lookup -> lookup.complete(Optional.empty()));
        CompletableFuture<Authenticator.Outcome> later =
                busy.authenticate(token.text()).toCompletableFuture();
        open.getLast().complete(Optional.of(ALICE));
        assertThat(later.get(60, TimeUnit.SECONDS)).isEqualTo(new Authenticator.Accepted(ALICE));
    }

    private TokenAuthenticator asking(TokenAuthenticator.Lookup lookup) {
        TokenAuthenticator asking = new TokenAuthenticator(nanos::get);
        asking.answers(BearerToken.Kind.USER, lookup);
        return asking;
    }

    private Optional<Principal> authenticate(String text) throws Exception {
        Authenticator.Outcome outcome =
                authenticator.authenticate(text).toCompletableFuture().get(60, TimeUnit.SECONDS);
        return outcome instanceof Authenticator.Accepted accepted
                ? Optional.of(accepted.principal())
                : Optional.empty();
    }
}
