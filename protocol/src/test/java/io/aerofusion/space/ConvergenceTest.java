package io.aerofusion.space;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;

/** The promises of the merge core, held against random histories. A failing seed is printed and replays the failure. */
class ConvergenceTest {
    @Property(tries = 400)
    void anyOrderAnyDuplicationAnyGroupingGivesTheSameSpace(@ForAll long seed) {
        World world = new World(seed, 3).run(60);
        SpaceState inOrder = World.replica();
        world.facts.forEach(inOrder::apply);
        for (int i = 0; i < 3; i++) {
            SpaceState other = World.replica();
            world.shuffled(seed + i).forEach(other::apply);
            assertThat(World.documents(other)).isEqualTo(World.documents(inOrder));
            assertThat(other.hash()).isEqualTo(inOrder.hash());
            assertThat(other.queue(null, null, 1_000)).isEqualTo(inOrder.queue(null, null, 1_000));
            assertThat(other.documents()).isEqualTo(inOrder.documents());
            assertThat(other.approximateBytes()).isEqualTo(inOrder.approximateBytes());
            assertThat(other.cursor()).isEqualTo(inOrder.cursor());
        }
        for (SpaceState region : world.regions) {
            world.facts.forEach(region::apply);
            assertThat(region.hash()).isEqualTo(inOrder.hash());
        }
    }

    @Property(tries = 200)
    void theIncrementalHashIsTheHashOfTheDocuments(@ForAll long seed) {
        World world = new World(seed, 1);
        for (int i = 0; i < 5; i++) {
            world.run(8);
            SpaceState state = world.regions.getFirst();
            List<SpaceHash.Leaf> leaves = state.stored()
                    .filter(Document::isLive)
                    .map(document -> new SpaceHash.Leaf(document.collection(), document.id(), document.json()))
                    .toList();
            assertThat(state.hash()).isEqualTo(SpaceHash.of(leaves));
        }
    }

    @Property(tries = 300)
    void aReaderOfPagesEndsInTheVisibleState(@ForAll long seed) {
        Random random = new Random(seed);
        World world = new World(seed, 1 + random.nextInt(3));
        World.Reader reader = new World.Reader();
        Cursor cursor = null;
        SpaceState last = world.regions.getFirst();
        for (int round = 0; round < 6; round++) {
            world.run(10);
            // A reader may move to any region that is not behind it.
            SpaceState next = world.regions.get(random.nextInt(world.regions.size()));
            if (cursor != null && next.check(cursor) != CursorCheck.USABLE) {
                next = last;
            }
            last = next;
            Page page;
            do {
                page = next.changes(cursor, Set.of(), 1 + random.nextInt(3), 1 + random.nextInt(200));
                page.changes().forEach(reader::apply);
                cursor = page.more() ? Cursor.decode(page.to().encode()) : page.to();
                if (page.more() && random.nextInt(3) == 0) {
                    world.run(2);
                }
            } while (page.more());
            assertThat(reader.documents()).isEqualTo(World.documents(next));
        }
    }

    @Property(tries = 200)
    void aFilteredReaderSeesItsCollections(@ForAll long seed) {
        World world = new World(seed, 1);
        World.Reader reader = new World.Reader();
        Cursor cursor = null;
        for (int round = 0; round < 5; round++) {
            world.run(6);
            SpaceState state = world.regions.getFirst();
            Page page;
            do {
                page = state.changes(cursor, Set.of("plain"), 2, 1 << 20);
                page.changes().forEach(reader::apply);
                cursor = page.to();
            } while (page.more());
            SortedMap<String, Object> wanted = new TreeMap<>(World.documents(state));
            wanted.keySet().removeIf(key -> !key.startsWith("plain/"));
            assertThat(reader.documents()).isEqualTo(wanted);
        }
    }

    @Property(tries = 200)
    void aLiveFollowerSeesEveryCommit(@ForAll long seed) {
        World world = new World(seed, 1);
        SpaceState follower = World.replica();
        World.Reader reader = new World.Reader();
        world.run(60);
        for (Merged fact : world.facts) {
            Cursor before = follower.cursor();
            follower.apply(fact);
            follower.changesOf(fact, before).forEach(reader::apply);
            assertThat(reader.documents()).isEqualTo(World.documents(follower));
        }
    }

    @Property(tries = 200)
    void aSnapshotIsTheWholeState(@ForAll long seed) {
        World world = new World(seed, 2).run(30);
        SpaceState state = world.regions.getFirst();
        SpaceState copy = SpaceStateCodec.read(SpaceStateCodec.write(state));
        assertThat(copy.hash()).isEqualTo(state.hash());
        assertThat(copy.cursor()).isEqualTo(state.cursor());
        assertThat(copy.queue(null, null, 1_000)).isEqualTo(state.queue(null, null, 1_000));
        assertThat(copy.approximateBytes()).isEqualTo(state.approximateBytes());
        List<Merged> later = new ArrayList<>(world.run(30).facts);
        later.forEach(state::apply);
        later.forEach(copy::apply);
        assertThat(copy.hash()).isEqualTo(state.hash());
        World.Reader reader = new World.Reader();
        copy.changes(null, Set.of(), 1_000, 1 << 20).changes().forEach(reader::apply);
        assertThat(reader.documents()).isEqualTo(World.documents(state));
    }

    @Property(tries = 300)
    void purgeChangesNothingThatIsSeen(@ForAll long seed) {
        World world = new World(seed, 1).run(40);
        SpaceState state = world.regions.getFirst();
        World.Reader reader = new World.Reader();
        Page first = state.changes(null, Set.of(), 1_000, 1 << 20);
        first.changes().forEach(reader::apply);
        SpaceState replayed = World.replica();
        world.facts.forEach(replayed::apply);
        SortedMap<String, ?> before = World.documents(state);
        List<QueuedConflict> queue = state.queue(null, null, 1_000);
        Purged purged = new Purged(state.cursor().numbers(), World.NOW);

        state.apply(purged);
        replayed.apply(purged);
        assertThat(World.documents(state)).isEqualTo(before);
        assertThat(state.hash()).isEqualTo(replayed.hash());
        assertThat(state.queue(null, null, 1_000)).isEqualTo(queue);

        int known = world.facts.size();
        world.run(40);
        world.facts.subList(known, world.facts.size()).forEach(replayed::apply);
        assertThat(World.documents(replayed)).isEqualTo(World.documents(state));
        assertThat(replayed.hash()).isEqualTo(state.hash());
        state.changes(first.to(), Set.of(), 1_000, 1 << 20).changes().forEach(reader::apply);
        assertThat(reader.documents()).isEqualTo(World.documents(state));
    }

    /**
     * Every accepted value is live, or told in a conflict, or waits in the queue, or was replaced or deleted by somebody who knew
     * it (or by its own device later).
     */
    @Property(tries = 300)
    void nothingAcceptedVanishesUnexplained(@ForAll long seed) {
        World world = new World(seed, 1).run(60);
        SpaceState state = world.regions.getFirst();
        Set<String> told = new HashSet<>();
        world.decided.forEach(step -> step.decision().conflicts().forEach(conflict -> {
            told.add(conflict.id() + conflict.collection() + conflict.winner());
            told.add(conflict.id() + conflict.collection() + conflict.loser());
            // Who wrote the same value as the loser did was told with it.
            told.add(conflict.id() + conflict.collection() + conflict.path() + conflict.losing());
        }));
        for (Merged facts : world.facts) {
            for (Operation operation : facts.operations()) {
                if (!(operation.kind() instanceof Operation.Update update)) {
                    continue;
                }
                Document document = state.stored(operation.collection(), operation.id());
                String name = operation.id() + operation.collection();
                update.set().forEach((path, value) -> {
                    // An empty object only says that there is a place: it gives way to whatever lies beneath it.
                    boolean live = value.isObject() || value.equals(document.visible(path));
                    boolean toldOf =
                            told.contains(name + operation.stamp(facts.device())) || told.contains(name + path + value);
                    assertThat(live
                                    || toldOf
                                    || isLostWithTheDocument(world, operation, path, value)
                                    || isReplacedKnowingly(world, operation, path, value))
                            .as("%s of %s in %s", path, operation, facts.device())
                            .isTrue();
                });
                for (CellEdit edit : update.edits()) {
                    JsonNode value = edit.given();
                    boolean explained = value == null
                            || value.isObject()
                            || isIn(edit, document.visible(edit.path()))
                            || told.contains(name + operation.stamp(facts.device()))
                            || told.contains(name + edit.path() + value)
                            || isLostWithTheDocument(world, operation, edit)
                            || isTakenKnowingly(world, facts, operation, edit);
                    assertThat(explained)
                            .as("%s of %s in %s", edit, operation, facts.device())
                            .isTrue();
                }
            }
        }
    }

    /** Whether what an edit brought is in what readers see. */
    private static boolean isIn(CellEdit edit, @Nullable JsonNode seen) {
        if (seen == null || seen.isMissingNode()) {
            return false;
        }
        return switch (edit) {
            case CellEdit.First first -> seen.equals(first.value());
            case CellEdit.Candidate candidate -> seen.equals(candidate.value());
            case CellEdit.Increment counted ->
                seen.isNumber(); // the sum itself is the vectors' and the simulation's matter
            case CellEdit.Extreme offered ->
                seen.isNumber()
                        && (offered.max()
                                ? seen.doubleValue() >= offered.value().doubleValue()
                                : seen.doubleValue() <= offered.value().doubleValue());
            case CellEdit.Elements elements -> contains(seen, elements.added());
            case CellEdit.Items items ->
                contains(seen, items.added().stream().map(CellEdit.Item::value).toList());
            case CellEdit.Clear clear -> true;
        };
    }

    private static boolean contains(JsonNode array, List<JsonNode> values) {
        List<JsonNode> held = new ArrayList<>();
        array.forEach(held::add);
        return held.containsAll(values);
    }

    /**
     * Somebody who knew it (or an equal one) wrote or took the path or the element away. A reset of a number forgets also what it did not
     * know, and who names an element of a list by its key knows it.
     */
    private static boolean isTakenKnowingly(World world, Merged facts, Operation written, CellEdit edit) {
        boolean anybody = !(edit instanceof CellEdit.Elements);
        JsonNode value = edit.given();
        return isTaken(world, facts, written, edit.path(), anybody)
                || world.facts.stream()
                        .anyMatch(others -> others.operations().stream()
                                .filter(same -> same.id().equals(written.id())
                                        && same.collection().equals(written.collection())
                                        && same.kind() instanceof Operation.Update update
                                        && update.edits().stream()
                                                .anyMatch(other -> other.path().equals(edit.path())
                                                        && Objects.equals(value, other.given())))
                                .anyMatch(same -> isTaken(world, others, same, edit.path(), anybody)));
    }

    private static boolean isTaken(World world, Merged facts, Operation written, String path, boolean anybody) {
        Origin origin = new Origin(facts.region(), written.number(), facts.device(), written.seq(), written.hlc());
        return isReplacedKnowingly(world, facts, written, path)
                || world.decided.stream().anyMatch(later -> {
                    for (int i = 0; i < later.push().mutations().size(); i++) {
                        Mutation mutation = later.push().mutations().get(i);
                        Knowledge knowledge = new Knowledge(
                                later.push().base(),
                                later.push().device(),
                                later.push().firstSeq() + i);
                        boolean takes = anybody
                                ? mutation.unset().contains(path)
                                        || mutation.remove().containsKey(path)
                                : knowledge.covers(origin)
                                        && (mutation.remove().containsKey(path)
                                                || mutation.add().containsKey(path));
                        if (takes
                                && mutation.id().equals(written.id())
                                && mutation.collection().equals(written.collection())) {
                            return true;
                        }
                    }
                    return false;
                });
    }

    /** The side that loses where an update meets a delete is told with everything it brought, whatever its type and policy. */
    @Property(tries = 300)
    void anUpdateThatIsLostToADeleteIsToldWhole(@ForAll long seed) {
        World world = new World(seed, 1).run(60);
        for (World.Decided step : world.decided) {
            for (Conflict conflict : step.decision().conflicts()) {
                for (Operation operation : step.decision().operations()) {
                    // One device may write and delete at one reading of its clock.
                    boolean lost = conflict.path().isEmpty()
                            && conflict.losing() != null
                            && conflict.loser()
                                    .equals(operation.stamp(step.push().device()))
                            && conflict.id().equals(operation.id())
                            && conflict.collection().equals(operation.collection());
                    if (lost && operation.kind() instanceof Operation.Update update) {
                        update.set().forEach((path, value) -> assertTold(conflict, path, value));
                        update.edits().forEach(edit -> assertTold(conflict, edit.path(), edit.given()));
                    }
                }
            }
        }
    }

    private static void assertTold(Conflict conflict, String path, @Nullable JsonNode value) {
        if (value != null && !value.isObject()) {
            assertThat(conflict.losing().at(Path.isNested(path) ? path : "/" + path))
                    .as("%s of %s", path, conflict)
                    .isEqualTo(value);
        }
    }

    /** What waits where an update met a delete waits until somebody who knew it chose, in every order, and over a purge. */
    @Property(tries = 300)
    void whatIsQueuedWaitsUntilSomebodyWhoKnewItChose(@ForAll long seed) {
        World world = new World(seed, 1).run(60);
        SpaceState state = world.regions.getFirst();
        state.apply(new Purged(state.cursor().numbers(), World.NOW));
        for (World.Decided step : world.decided) {
            for (Conflict conflict : step.decision().conflicts()) {
                assertThat(conflict.queued()).isEqualTo(conflict.policy() == ConflictPolicy.MANUAL);
                if (conflict.path().isEmpty() && conflict.queued()) {
                    boolean waits = state.queueOf(conflict.collection(), conflict.id()).stream()
                            .filter(queued -> queued.path().isEmpty())
                            .flatMap(queued -> queued.waiting().stream())
                            .anyMatch(choice -> choice.stamp().equals(conflict.loser())
                                    && Objects.equals(choice.value(), conflict.losing()));
                    boolean chosen = world.facts.stream()
                            .flatMap(facts -> facts.operations().stream())
                            .filter(operation -> operation.id().equals(conflict.id())
                                    && operation.collection().equals(conflict.collection()))
                            .anyMatch(operation -> !operation.settled().isEmpty());
                    assertThat(waits || chosen).as("%s", conflict).isTrue();
                }
            }
        }
    }

    /** A delete that won tells the whole document that it took. */
    private static boolean isLostWithTheDocument(World world, Operation written, String path, JsonNode value) {
        String pointer = Path.isNested(path) ? path : "/" + path;
        return world.decided.stream()
                .flatMap(step -> step.decision().conflicts().stream())
                .filter(conflict -> conflict.path().isEmpty() && conflict.losing() != null)
                .filter(conflict -> conflict.id().equals(written.id())
                        && conflict.collection().equals(written.collection()))
                .anyMatch(conflict -> conflict.losing().at(pointer).equals(value));
    }

    private static boolean isLostWithTheDocument(World world, Operation written, CellEdit edit) {
        String pointer = Path.isNested(edit.path()) ? edit.path() : "/" + edit.path();
        return world.decided.stream()
                .flatMap(step -> step.decision().conflicts().stream())
                .filter(conflict -> conflict.path().isEmpty() && conflict.losing() != null)
                .filter(conflict -> conflict.id().equals(written.id())
                        && conflict.collection().equals(written.collection()))
                .anyMatch(conflict -> isIn(edit, conflict.losing().at(pointer)));
    }

    /** Who knew the same value of somebody else and replaced it replaced this one too: the outcome was the same. */
    private static boolean isReplacedKnowingly(World world, Operation written, String path, JsonNode value) {
        return world.facts.stream()
                .anyMatch(facts -> facts.operations().stream()
                        .filter(same -> same.id().equals(written.id())
                                && same.collection().equals(written.collection())
                                && same.kind() instanceof Operation.Update update
                                && value.equals(update.set().get(path)))
                        .anyMatch(same -> isReplacedKnowingly(world, facts, same, path)));
    }

    private static boolean isReplacedKnowingly(World world, Merged facts, Operation written, String path) {
        Origin origin = new Origin(facts.region(), written.number(), facts.device(), written.seq(), written.hlc());
        for (World.Decided later : world.decided) {
            for (int i = 0; i < later.push().mutations().size(); i++) {
                Mutation mutation = later.push().mutations().get(i);
                Knowledge knowledge = new Knowledge(
                        later.push().base(), later.push().device(), later.push().firstSeq() + i);
                boolean sameDocument = mutation.id().equals(written.id())
                        && mutation.collection().equals(written.collection());
                if (sameDocument && knowledge.covers(origin) && (mutation.delete() || touches(mutation, path))) {
                    return true;
                }
            }
        }
        return false;
    }

    private static boolean touches(Mutation mutation, String path) {
        List<String> touched = new ArrayList<>(mutation.set().keySet());
        touched.addAll(mutation.unset());
        return touched.stream()
                .anyMatch(other -> other.equals(path)
                        || path.startsWith(Path.prefixOfChildren(other))
                        || other.startsWith(Path.prefixOfChildren(path)));
    }
}
