package io.aerofusion.device;

import static org.assertj.core.api.Assertions.assertThat;

import io.aerofusion.device.DeviceState.Registration;
import io.aerofusion.device.DeviceState.Standing;
import io.aerofusion.platform.ErrorCode;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DeviceStateTest {
    private static final long DAY = 86_400_000;

    private final DeviceState registered = DeviceState.unregistered()
            .apply(new DeviceEvent.Registered("alice", "Phone", new TreeMap<>(), "aa", "key:body", "user:alice", DAY));

    @Test
    void aNewDeviceMayRegisterAndHasALease() {
        assertThat(DeviceState.unregistered().registration("alice", "")).isEqualTo(new Registration.Fresh());
        assertThat(registered.standing()).isEqualTo(Standing.ACTIVE);
        assertThat(registered.leaseUntil()).isEqualTo(31 * DAY);
        assertThat(registered.accepts("aa")).isTrue();
        assertThat(registered.accepts("ab")).isFalse();
        assertThat(registered.accepts("")).isFalse();
    }

    @Test
    void aRepeatedRegistrationGetsANewCredentialOnlyUntilOneWasUsed() {
        assertThat(registered.registration("alice", "key:body")).isEqualTo(new Registration.RepeatedUnused());
        DeviceState used = registered.apply(new DeviceEvent.Leased(40 * DAY, 2 * DAY));
        assertThat(used.registration("alice", "key:body")).isEqualTo(new Registration.RepeatedUsed());
    }

    @Test
    void aTakenIdIsRefused() {
        assertRefused(registered.registration("alice", ""), ErrorCode.ALREADY_EXISTS);
        assertRefused(registered.registration("bob", "other:body"), ErrorCode.ALREADY_EXISTS);
        assertRefused(registered.registration("alice", "key:other"), ErrorCode.IDEMPOTENCY_MISMATCH);
    }

    @Test
    void aRevokedDeviceAcceptsNothingAndOnlyItsOwnerRegistersItAgain() {
        DeviceState revoked = registered.apply(new DeviceEvent.Revoked("user:alice", 3 * DAY));

        assertThat(revoked.accepts("aa")).isFalse();
        assertThat(revoked.accepts("")).isFalse();
        assertThat(revoked.leaseIsDue(9 * DAY)).isFalse();
        assertThat(revoked.registration("alice", "")).isEqualTo(new Registration.Fresh());
        assertRefused(revoked.registration("bob", ""), ErrorCode.ALREADY_EXISTS);
        assertThat(revoked.apply(new DeviceEvent.Registered(
                                "alice", "", new TreeMap<>(), "bb", "", "user:alice", 4 * DAY))
                        .accepts("bb"))
                .isTrue();
    }

    @Test
    void aForgottenDeviceKeepsNothingToReadAndNeverComesBack() {
        DeviceState forgotten = registered.apply(new DeviceEvent.Forgotten("user:root", 3 * DAY));

        assertThat(forgotten.name()).isEmpty();
        assertThat(forgotten.accepts("aa")).isFalse();
        assertRefused(forgotten.registration("alice", "key:body"), ErrorCode.ERASED);
    }

    @Test
    void aLeaseIsRenewedAtMostOnceAnHour() {
        assertThat(registered.leaseIsDue(DAY)).isTrue();
        DeviceState seen = registered.apply(new DeviceEvent.Leased(32 * DAY, 2 * DAY));
        long hour = DeviceState.LEASE_RENEWED_EVERY.toMillis();
        assertThat(seen.leaseIsDue(2 * DAY + hour - 1)).isFalse();
        assertThat(seen.leaseIsDue(2 * DAY + hour)).isTrue();
        assertThat(seen.leaseUntil()).isEqualTo(32 * DAY);
    }

    @Test
    void acknowledgedCursorsAreBoundedInRateAndNumber() {
        Duration minute = Duration.ofMinutes(1);
        assertThat(registered.acknowledges("home", "c1")).isTrue();
        assertThat(registered.millisUntilAcknowledgement("home", DAY, minute)).isZero();
        DeviceState acknowledged = registered.apply(new DeviceEvent.SpaceAcknowledged("home", "c1", DAY));
        assertThat(acknowledged.acknowledges("home", "c1")).isFalse();
        assertThat(acknowledged.acknowledges("home", "c2")).isTrue();
        assertThat(acknowledged.millisUntilAcknowledgement("home", DAY + 59_999, minute))
                .isEqualTo(1);
        assertThat(acknowledged.millisUntilAcknowledgement("home", DAY + 60_000, minute))
                .isZero();
        assertThat(acknowledged.millisUntilAcknowledgement("work", DAY, minute)).isZero();

        for (int i = 0; i < DeviceState.ACKNOWLEDGED_MAX; i++) {
            acknowledged = acknowledged.apply(new DeviceEvent.SpaceAcknowledged("space-" + i, "c", 2 * DAY + i));
        }
        assertThat(acknowledged.acknowledged())
                .hasSize(DeviceState.ACKNOWLEDGED_MAX)
                .doesNotContainKey("home")
                .containsKey("space-0");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "-a", "a b", "ä", "a|b", "1234567890123456789012345678901234567890123456789012345678901234"})
    void labelsHavePlainNames(String name) {
        assertThat(DeviceState.complaint("", Map.of(name, "v"))).isPresent();
    }

    @Test
    void labelsAndNamesAreBoundedText() {
        assertThat(DeviceState.complaint("Phone", Map.of("app.kubernetes.io/name", "grün")))
                .isEmpty();
        assertThat(DeviceState.complaint("x".repeat(129), Map.of())).isPresent();
        assertThat(DeviceState.complaint("a\nb", Map.of())).isPresent();
        assertThat(DeviceState.complaint("", Map.of("a", "x".repeat(129)))).isPresent();
        assertThat(DeviceState.complaint("", Map.of("a", "\u0000"))).isPresent();
        assertThat(DeviceState.complaint("", Map.of("a", "\ud800"))).isPresent();
        Map<String, String> many = new HashMap<>();
        for (int i = 0; i <= DeviceState.LABELS_MAX; i++) {
            many.put("l" + i, "v");
        }
        assertThat(DeviceState.complaint("", many)).isPresent();
    }

    private static void assertRefused(Registration registration, ErrorCode code) {
        assertThat(registration)
                .isInstanceOfSatisfying(
                        Registration.Refused.class,
                        refused -> assertThat(refused.code()).isEqualTo(code));
    }
}
