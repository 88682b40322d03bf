package io.aerofusion.route;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.aerofusion.platform.ErrorCode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** What a change set would do, decided without Akka. */
class ProposalTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Instant NOW = Instant.parse("2026-11-21T10:00:00Z");

    private Configuration configuration = Configuration.EMPTY;
    private Function<Generation, List<Problem>> check = generation -> List.of();

    private static JsonNode upstream(String name, int port) {
        return json("{'kind':'Upstream','metadata':{'name':'" + name + "'},'spec':{'endpoints':[{'address':'h','port':"
                + port + "}]}}");
    }

    private static JsonNode json(String text) {
        try {
            return JSON.readTree(text.replace('\'', '"'));
        } catch (JsonProcessingException e) {
            throw new AssertionError(e);
        }
    }

    private Proposal propose(ChangeSet set) {
        // over the wire and back, as in production
        return Proposal.of(configuration, ChangeSet.read(set.write()), NOW, check);
    }

    private Proposal.Valid publish(ChangeSet set) {
        Proposal.Valid valid = (Proposal.Valid) propose(set);
        configuration = configuration.apply(new PublicationEvent.Published(
                configuration.generation() + 1, "t", valid.changes(), "", 0, "user:a", 1));
        // as it comes back from the disk
        configuration = ConfigurationContent.INSTANCE.read(ConfigurationContent.INSTANCE.write(configuration));
        return valid;
    }

    private Proposal.Refused refused(ChangeSet set) {
        return (Proposal.Refused) propose(set);
    }

    private static ChangeSet all(boolean prune, JsonNode... documents) {
        return ChangeSet.all(List.of(documents), prune, null, "");
    }

    @Test
    void a_whole_file_is_one_generation_and_pruning_removes_the_rest() {
        assertThat(publish(all(false, upstream("a", 1), upstream("b", 2))).changes())
                .hasSize(2);
        Proposal.Valid next = publish(all(true, upstream("b", 3), upstream("c", 4)));
        assertThat(next.differences())
                .extracting(difference -> difference.operation() + " " + difference.name())
                .containsExactlyInAnyOrder("update b", "create c", "delete a");
        assertThat(next.changes())
                .extracting(change -> change.name() + " after " + change.previous())
                .containsExactlyInAnyOrder("b after 1", "c after 0", "a after 1");
        assertThat(configuration.items().keySet())
                .extracting(ResourceKey::toString)
                .containsExactly("Upstream/b", "Upstream/c");
        assertThat(publish(all(true, upstream("b", 3), upstream("c", 4))).changes())
                .as("what is already so is no change")
                .isEmpty();
    }

    @Test
    void what_expired_since_it_was_published_keeps_nothing_else_from_being_changed() {
        publish(all(false, upstream("old", 1)));
        check = generation -> generation.resources().stream()
                .filter(resource -> resource.name().equals("old"))
                .map(resource -> Problem.of(resource, "/spec", Problem.EXPIRED_CERTIFICATE, "It has expired."))
                .toList();
        publish(all(false, upstream("other", 2)));
        publish(all(false, upstream("old", 1), upstream("other", 3))); // a whole file with it as it was
        assertThat(refused(all(false, upstream("old", 4))).problems())
                .extracting(Problem::code)
                .containsExactly(Problem.EXPIRED_CERTIFICATE);
        publish(all(true, upstream("other", 3))); // without it
    }

    @Test
    void all_reasons_are_told_at_once_those_of_documents_and_those_of_the_whole() {
        check = generation -> {
            List<Problem> problems = new ArrayList<>();
            generation
                    .resources()
                    .forEach(resource ->
                            problems.add(Problem.of(resource, "/spec", Problem.DUPLICATE_MATCH, "as a whole")));
            return problems;
        };
        Proposal.Refused refused = refused(all(
                false, upstream("a", 1), upstream("b", 0), json("{'kind':'Nothing'}"), json("7"), upstream("a", 2)));
        assertThat(refused.code()).isEqualTo(ErrorCode.CONFIGURATION_INVALID);
        assertThat(refused.problems())
                .extracting(problem -> problem.kind() + "/" + problem.name() + problem.pointer())
                .contains("Upstream/b/spec/endpoints/0/port", "Nothing//kind", "Upstream/a/spec", "Upstream/a", "/");
    }

    @Test
    void versions_and_the_generation_are_held_against_what_is_there() {
        publish(all(false, upstream("a", 1)));
        assertThat(refused(ChangeSet.put(upstream("a", 2), 7L, "")).code()).isEqualTo(ErrorCode.PRECONDITION_FAILED);
        assertThat(refused(ChangeSet.put(upstream("a", 2), ChangeSet.ABSENT, ""))
                        .code())
                .isEqualTo(ErrorCode.ALREADY_EXISTS);
        assertThat(refused(ChangeSet.put(upstream("b", 2), 1L, "")).code()).isEqualTo(ErrorCode.PRECONDITION_FAILED);
        assertThat(refused(ChangeSet.remove(Kind.UPSTREAM, "b", null, "")).code())
                .isEqualTo(ErrorCode.NOT_FOUND);
        assertThat(refused(ChangeSet.remove(Kind.UPSTREAM, "a", 9L, "")).code())
                .isEqualTo(ErrorCode.PRECONDITION_FAILED);
        assertThat(refused(ChangeSet.all(List.of(), false, 0L, "")).code()).isEqualTo(ErrorCode.PRECONDITION_FAILED);
        assertThat(publish(ChangeSet.put(upstream("a", 2), 1L, "")).changes()).hasSize(1);
        assertThat(publish(ChangeSet.remove(Kind.UPSTREAM, "a", 2L, "")).changes())
                .hasSize(1);
    }

    @Test
    void no_more_resources_are_held_than_the_bound() {
        JsonNode[] all = new JsonNode[Proposal.RESOURCES_MAX];
        for (int i = 0; i < all.length; i++) all[i] = upstream("u" + i, 1);
        assertThat(publish(all(false, all)).changes()).hasSize(20_000);
        Proposal.Refused refused = refused(ChangeSet.put(upstream("more", 1), null, ""));
        assertThat(refused.code()).isEqualTo(ErrorCode.QUOTA_EXCEEDED);
        assertThat(refused.detail()).contains("20000 resources");
    }

    @Test
    void a_resource_keeps_the_time_it_was_made_at() {
        publish(all(false, upstream("a", 1)));
        Proposal.Valid later =
                (Proposal.Valid) Proposal.of(configuration, all(false, upstream("a", 2)), NOW.plusSeconds(60), check);
        assertThat(later.changes()
                        .getFirst()
                        .document()
                        .at("/metadata/createdAt")
                        .asText())
                .isEqualTo(NOW.toString());
    }

    @Test
    void secrets_are_not_shown_and_what_was_shown_can_be_sent_back() {
        JsonNode stored = json("{'spec':{'privateKey':'PEM 1','x':[{'clientSecret':'s1'},{'clientSecret':'s2'}]}}");
        JsonNode shown = Secrets.hidden(stored);
        assertThat(shown.toString()).doesNotContain("PEM", "s1", "s2");
        assertThat(Secrets.restored(shown, stored)).isEqualTo(stored);
        // also when somebody changed the order, or one of them
        ObjectNode edited = shown.deepCopy();
        var list = (com.fasterxml.jackson.databind.node.ArrayNode) edited.at("/spec/x");
        list.add(list.remove(0));
        ((ObjectNode) list.get(0)).put("clientSecret", "new");
        assertThat(Secrets.restored(edited, stored))
                .isEqualTo(json("{'spec':{'privateKey':'PEM 1','x':[{'clientSecret':'new'},{'clientSecret':'s1'}]}}"));
        assertThat(Difference.of(
                                new ResourceKey(Kind.CERTIFICATE, "c"), stored, json("{'spec':{'privateKey':'PEM 2'}}"))
                        .toString())
                .doesNotContain("PEM", "s1");
    }

    @Test
    void a_stored_resource_that_cannot_be_read_any_more_is_named_and_can_be_replaced() {
        JsonNode old = json("{'kind':'Upstream','metadata':{'name':'old'},'spec':{'of an older version':1}}");
        configuration = configuration.apply(new PublicationEvent.Published(
                1, "t", List.of(new ResourceChange(Kind.UPSTREAM, "old", old, 0)), "", 0, "user:a", 1));
        assertThat(refused(all(false, upstream("new", 1))).problems())
                .extracting(Problem::name)
                .containsExactly("old");
        assertThat(publish(all(false, upstream("old", 1))).changes()).hasSize(1);
    }

    @Test
    void what_is_told_of_differences_fits_into_a_message() {
        List<Difference> many = new ArrayList<>();
        Difference large = Difference.of(
                new ResourceKey(Kind.UPSTREAM, "u"),
                json("{'a':'" + "x".repeat(100_000) + "'}"),
                json("{'a':'" + "y".repeat(100_000) + "'}"));
        for (int i = 0; i < 2_000; i++) {
            many.add(large);
        }
        List<Difference> told = Difference.bounded(many);
        assertThat(told).hasSize(Difference.DIFFERENCES_MAX);
        assertThat(told.toString().length()).isLessThan(1_000_000);
        assertThat(told.getLast().more()).isTrue();
    }
}
