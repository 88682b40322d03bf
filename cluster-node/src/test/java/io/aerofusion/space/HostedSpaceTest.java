package io.aerofusion.space;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.typed.ActorRef;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.NodeConfig;
import io.aerofusion.platform.security.Principal;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The rules around a space's documents, without an actor. */
final class HostedSpaceTest {
    private static final EntityLimits LIMITS = EntityLimits.of(NodeConfig.load());
    private static final HostedSpace.Identity IDENTITY = new HostedSpace.Identity("default", "runways", "local", 1);
    private static final Principal ALICE = new Principal("default", "alice", Set.of(Principal.Role.USER), null);
    private static final Principal BOB = new Principal("default", "bob", Set.of(Principal.Role.USER), null);
    private static final Principal ADMIN = new Principal("default", "root", Set.of(Principal.Role.ADMIN), null);
    private static final long NOW = 1_800_000_000_000L;
    private static final long DAY = Duration.ofDays(1).toMillis();
    private static final ActorRef<Space.Reply> NOBODY = null;
    private static final JsonNode LOG = Api.parse("{\"properties\":{\"log\":{\"x-sync\":\"list\"}}}");

    private final HostedSpace space = created();

    private static HostedSpace created() {
        HostedSpace space = new HostedSpace(IDENTITY, LIMITS);
        persist(space, space.charter().create(new Space.Create(ALICE, "Runways", false, "r", NOBODY), NOW));
        return space;
    }

    private static void persist(HostedSpace space, SpaceOutcome outcome) {
        assertThat(outcome).isInstanceOf(SpaceOutcome.Persist.class);
        ((SpaceOutcome.Persist) outcome).facts().forEach(space::apply);
    }

    private static ErrorCode refusal(SpaceOutcome outcome) {
        assertThat(outcome).isInstanceOf(SpaceOutcome.Refuse.class);
        return ((SpaceOutcome.Refuse) outcome).refused().code();
    }

    private Decision push(Principal by, String device, long seq, Cursor base, long at, Mutation... mutations) {
        HostedSpace.Verdict verdict =
                space.judge(new Space.Push(by, new Push(device, seq, base, List.of(mutations)), null, null), at);
        assertThat(verdict).isInstanceOf(HostedSpace.Verdict.Merge.class);
        HostedSpace.Verdict.Merge merge = (HostedSpace.Verdict.Merge) verdict;
        merge.facts().forEach(space::apply);
        return merge.decision();
    }

    private static Mutation set(String id, int value) {
        return Mutation.set("c", id, 0, Map.of("v", JsonNodeFactory.instance.numberNode((long) value)));
    }

    @Test
    void the_owner_and_administrators_manage_and_others_see_nothing() {
        assertThat(space.charter().refusal(ALICE, SpaceRight.MANAGE)).isEmpty();
        assertThat(space.charter().refusal(ADMIN, SpaceRight.MANAGE)).isEmpty();
        assertThat(space.charter().refusal(BOB, SpaceRight.READ).orElseThrow().code())
                .isEqualTo(ErrorCode.SPACE_NOT_FOUND);
        Principal otherTenant = new Principal("other", "alice", Set.of(Principal.Role.ADMIN), null);
        assertThat(space.charter()
                        .refusal(otherTenant, SpaceRight.READ)
                        .orElseThrow()
                        .code())
                .isEqualTo(ErrorCode.SPACE_NOT_FOUND);
    }

    @Test
    void a_member_gets_no_more_than_the_right() {
        persist(space, space.charter().setMember(new Space.SetMember(ALICE, "bob", SpaceRight.WRITE, 1L, NOBODY), NOW));
        assertThat(space.charter().refusal(BOB, SpaceRight.WRITE)).isEmpty();
        assertThat(space.charter().refusal(BOB, SpaceRight.MANAGE).orElseThrow().code())
                .isEqualTo(ErrorCode.FORBIDDEN);
        assertThat(refusal(
                        space.charter().setMember(new Space.SetMember(ALICE, "bob", SpaceRight.READ, 1L, NOBODY), NOW)))
                .isEqualTo(ErrorCode.PRECONDITION_FAILED);
        assertThat(refusal(
                        space.charter().setMember(new Space.SetMember(BOB, "eve", SpaceRight.READ, null, NOBODY), NOW)))
                .isEqualTo(ErrorCode.FORBIDDEN);
    }

    @Test
    void creating_again_is_told_from_a_repetition() {
        assertThat(space.charter().create(new Space.Create(ALICE, "Runways", false, "r", NOBODY), NOW))
                .isEqualTo(new SpaceOutcome.Persist(List.of()));
        assertThat(refusal(space.charter().create(new Space.Create(ALICE, "Other", false, "r2", NOBODY), NOW)))
                .isEqualTo(ErrorCode.ALREADY_EXISTS);
        assertThat(refusal(space.charter().create(new Space.Create(BOB, "Runways", false, "r", NOBODY), NOW)))
                .isEqualTo(ErrorCode.ALREADY_EXISTS);
    }

    @Test
    void tombstones_go_when_every_leased_device_has_seen_them_and_the_expired_one_reconciles() {
        push(ALICE, "phone", 1, null, NOW, set("1", 1), set("2", 2));
        push(ALICE, "tablet", 1, null, NOW, set("3", 3));
        Cursor old = space.documents().cursor();
        push(ALICE, "phone", 3, old, NOW, Mutation.delete("c", "1", 0));
        Cursor present = space.documents().cursor();
        space.seen(new Space.Seen(ALICE, "phone", present), NOW).forEach(space::apply);
        space.told(ALICE, "tablet", old.encode(), NOW).forEach(space::apply);
        assertThat(space.purge(NOW)).as("the tablet has not been told yet").isEmpty();

        long later = NOW + 31 * DAY;
        space.seen(new Space.Seen(ALICE, "phone", present), later).forEach(space::apply);
        List<SpaceEvent> purge = space.purge(later);
        assertThat(purge).hasSize(1);
        purge.forEach(space::apply);
        assertThat(space.purge(later)).as("nothing more to gain").isEmpty();

        assertThat(space.start(old.encode(), "tablet").reset()).isEqualTo(ErrorCode.CURSOR_EXPIRED);
        Decision late = push(ALICE, "tablet", 2, old, later, set("1", 7), set("2", 8));
        assertThat(late.rejections()).extracting(Rejection::code).containsExactly(ErrorCode.QUARANTINED);
        assertThat(space.documents().document("c", "1")).isEmpty();
        assertThat(space.documents().quarantine()).hasSize(1);

        push(ALICE, "phone", 4, present, later, set("1", 6)); // somebody else writes it anew meanwhile
        assertThat(push(ALICE, "tablet", 2, old, later, set("1", 7), set("2", 8))
                        .rejections())
                .as("what waits stays where it is")
                .extracting(Rejection::code)
                .containsExactly(ErrorCode.QUARANTINED);
        SpaceOutcome accepted = space.decide(new Space.DecideQuarantine(ALICE, "tablet", 2, true, NOBODY), later);
        persist(space, accepted);
        assertThat(space.documents().document("c", "1").orElseThrow().path("v").asInt())
                .isEqualTo(7);
        assertThat(refusal(space.decide(new Space.DecideQuarantine(ALICE, "tablet", 2, true, NOBODY), later)))
                .isEqualTo(ErrorCode.NOT_FOUND);
        Decision repeated = push(ALICE, "tablet", 2, old, later, set("1", 7), set("2", 8));
        assertThat(repeated.rejections()).isEmpty();
        assertThat(repeated.operations()).as("it was made already").isEmpty();
    }

    @Test
    void a_device_that_was_never_told_anything_keeps_no_tombstones() {
        push(ALICE, "sensor", 1, null, NOW, set("1", 1), set("2", 2));
        push(ALICE, "sensor", 3, null, NOW, Mutation.delete("c", "1", 0));
        List<SpaceEvent> purge = space.purge(NOW);
        assertThat(purge).as("it only pushes").hasSize(1);
        purge.forEach(space::apply);

        space.told(ALICE, "sensor", null, NOW).forEach(space::apply);
        push(ALICE, "other", 1, space.documents().cursor(), NOW, Mutation.delete("c", "2", 0));
        HostedSpace back = HostedSpaceCodec.read(HostedSpaceCodec.write(space), IDENTITY, LIMITS);
        for (HostedSpace any : List.of(space, back)) {
            assertThat(any.purge(NOW)).as("since it reads it waits for it").isEmpty();
        }
        Cursor present = space.documents().cursor();
        space.told(ALICE, "sensor", present.encode(), NOW).forEach(space::apply);
        space.seen(new Space.Seen(ALICE, "other", present), NOW).forEach(space::apply);
        space.purge(NOW).forEach(space::apply);
        assertThat(space.documents().keptDocuments()).isZero();
        assertThat(space.purgeAtRest(NOW + 1)).as("rarely").isEmpty();
    }

    @Test
    void a_device_that_changes_what_it_read_elsewhere_counts_by_its_base() {
        push(ALICE, "curl", 1, null, NOW, set("1", 1), set("2", 1));
        Cursor base = space.documents().cursor();
        push(ALICE, "curl", 3, base, NOW, Mutation.delete("c", "1", 0));
        assertThat(space.purge(NOW))
                .as("what came after its base it may not know")
                .isEmpty();
        push(ALICE, "curl", 4, space.documents().cursor(), NOW, set("2", 2));
        assertThat(space.purge(NOW)).hasSize(1);
    }

    @Test
    void a_device_is_recorded_when_it_is_new_and_then_once_a_day() {
        push(ALICE, "phone", 1, null, NOW, set("1", 1));
        assertThat(space.sighting(ALICE, "phone", NOW + DAY / 2)).isEmpty();
        assertThat(space.sighting(ALICE, "phone", NOW + 2 * DAY)).hasSize(1);
    }

    @Test
    void a_credential_proves_whose_device_it_is() {
        persist(
                space,
                space.charter().setMember(new Space.SetMember(ALICE, "bob", SpaceRight.WRITE, null, NOBODY), NOW));
        persist(space, space.setSchema(new Space.SetSchema(ALICE, "c", LOG, null, NOBODY), NOW));
        push(ALICE, "phone", 1, null, NOW, set("1", 1), set("1", 1));
        assertThat(space.refusalToFollow(BOB, "phone").orElseThrow().code()).isEqualTo(ErrorCode.DEVICE_UNKNOWN);
        Principal bobsPhone = new Principal("default", "bob", Set.of(), "phone");
        assertThat(space.refusalToFollow(bobsPhone, "phone")).isEmpty();

        Decision own = push(bobsPhone, "phone", 1, null, NOW, set("1", 2), insert("2", null), insert("2", "phone:2:0"));
        assertThat(own.rejections()).isEmpty();
        assertThat(own.operations()).as("its numbers are its own").hasSize(3);
        assertThat(space.documents().document("c", "1").orElseThrow().path("v").asInt())
                .isEqualTo(2);
        assertThat(space.documents().document("c", "2").orElseThrow().path("log"))
                .as("the keys that the device gave are those of its elements")
                .extracting(node -> node.asText())
                .containsExactly("at the head", "after phone:2:0");
        assertThat(space.refusalToFollow(ALICE, "phone").orElseThrow().code()).isEqualTo(ErrorCode.DEVICE_UNKNOWN);

        HostedSpace back = HostedSpaceCodec.read(HostedSpaceCodec.write(space), IDENTITY, LIMITS);
        for (HostedSpace any : List.of(space, back)) {
            HostedSpace.Verdict again = any.judge(
                    new Space.Push(bobsPhone, new Push("phone", 1, null, List.of(set("1", 2))), null, null), NOW);
            assertThat(((HostedSpace.Verdict.Merge) again).decision().operations())
                    .as("and told again they have no effect")
                    .isEmpty();
            assertThat(any.refusalToFollow(ALICE, "phone")).isPresent();
        }
    }

    private static Mutation insert(String id, String after) {
        return new Mutation(
                "c",
                id,
                0,
                Map.of(),
                List.of(),
                false,
                Map.of(),
                Map.of(),
                Map.of(),
                Map.of(
                        "log",
                        List.of(new Mutation.Insertion(
                                after,
                                JsonNodeFactory.instance.textNode(after == null ? "at the head" : "after " + after)))));
    }

    @Test
    void a_name_stays_its_users_when_the_lease_is_over() {
        persist(
                space,
                space.charter().setMember(new Space.SetMember(ALICE, "bob", SpaceRight.WRITE, null, NOBODY), NOW));
        push(ALICE, "phone", 1, null, NOW, set("1", 1));
        long later = NOW + 31 * DAY;
        push(ALICE, "tablet", 1, null, later, set("2", 1));
        space.purge(later).forEach(space::apply);
        assertThat(space.view().devices()).isEqualTo(1);
        assertThat(space.refusalToFollow(BOB, "phone").orElseThrow().code()).isEqualTo(ErrorCode.DEVICE_UNKNOWN);
        assertThat(space.refusalToFollow(ALICE, "phone")).isEmpty();
    }

    @Test
    void an_erased_space_says_so_to_everybody() {
        space.charter().erase("user:alice", NOW).forEach(space::apply);
        assertThat(space.charter().refusal(ALICE, SpaceRight.READ).orElseThrow().code())
                .isEqualTo(ErrorCode.ERASED);
        assertThat(space.charter().erase("user:alice", NOW)).isEmpty();
    }

    @Test
    void a_snapshot_holds_everything() {
        persist(
                space,
                space.charter().setMember(new Space.SetMember(ALICE, "bob", SpaceRight.READ, null, NOBODY), NOW));
        persist(
                space,
                space.setSchema(
                        new Space.SetSchema(
                                ALICE,
                                "c",
                                JsonNodeFactory.instance.objectNode().put("type", "object"),
                                null,
                                NOBODY),
                        NOW));
        push(ALICE, "phone", 1, null, NOW, set("1", 1));
        HostedSpace back = HostedSpaceCodec.read(HostedSpaceCodec.write(space), IDENTITY, LIMITS);
        assertThat(back.view()).isEqualTo(space.view());
        assertThat(back.documents().hash()).isEqualTo(space.documents().hash());
        assertThat(back.readSchema("c")).isEqualTo(space.readSchema("c"));
        assertThat(back.sighting(ALICE, "phone", NOW)).isEmpty();
    }

    @Test
    void a_restored_backup_in_a_new_epoch_expires_the_cursors_of_the_old_one() {
        push(ALICE, "phone", 1, null, NOW, set("1", 1));
        byte[] backup = HostedSpaceCodec.write(space);
        push(ALICE, "phone", 2, null, NOW, set("1", 2));
        String cursor = space.documents().cursor().encode();

        HostedSpace restored =
                HostedSpaceCodec.read(backup, new HostedSpace.Identity("default", "runways", "local", 2), LIMITS);

        assertThat(restored.start(cursor, "phone").reset()).isEqualTo(ErrorCode.CURSOR_EXPIRED);
        assertThat(restored.start(restored.documents().cursor().encode(), "phone")
                        .reset())
                .isNull();
        assertThat(restored.documents().mergedOf("phone").contains(1)).isTrue();
        assertThat(restored.documents().mergedOf("phone").contains(2)).isFalse();
    }
}
