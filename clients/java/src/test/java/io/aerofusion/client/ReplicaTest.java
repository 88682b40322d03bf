package io.aerofusion.client;

import static io.aerofusion.client.TestDevice.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.TextNode;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.space.Mutation;
import io.aerofusion.space.wire.Frame;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ReplicaTest {
    private static final String SPACE = TestDevice.SPACE;

    private final FakeClock clock = new FakeClock();
    private final ModelServer server = new ModelServer(clock);
    private final TestDevice alice = new TestDevice("alice", clock);
    private final TestDevice bob = new TestDevice("bob", clock);

    @Test
    void whatIsWrittenOfflineIsThereAtOnceAndReachesTheOther() {
        alice.set("r1", "length", 100);
        assertThat(alice.get("r1", "length").asInt()).isEqualTo(100);
        alice.connect(server);
        bob.connect(server);
        TestDevice.settle(alice, bob);
        assertThat(alice.replica.pending(SPACE)).isZero();
        assertThat(bob.get("r1", "length").asInt()).isEqualTo(100);
        assertThat(alice.replica.complete(SPACE)).isTrue();
        assertThat(alice.replica.hash(SPACE)).isEqualTo(bob.replica.hash(SPACE)).hasSize(64);
    }

    @Test
    void everythingUnacknowledgedIsSentAgainWithTheSameNumbersAndTakesEffectOnce() {
        alice.connect(server);
        alice.settle();
        alice.set("r1", "length", 1);
        alice.mutate(Mutation.inc("runways", "r1", 0, "visits", 2));
        alice.send(); // the acknowledgement gets lost
        alice.disconnect();
        bob.connect(server);
        bob.settle();
        bob.set("r1", "length", 9);
        bob.settle();
        alice.restart();
        alice.connect(server);
        alice.settle();
        assertThat(server.effects).containsExactly("alice:1", "alice:2", "bob:1");
        assertThat(alice.replica.pending(SPACE)).isZero();
        assertThat(alice.get("r1")).isEqualTo(json("{\"length\":9,\"visits\":2}"));
    }

    @Test
    void aPushGroupsConsecutiveMutationsOfOneBaseWithinTheLimits() {
        for (int i = 0; i < 4; i++) {
            alice.set("r" + i, "length", i);
        }
        alice.connect(server);
        alice.settle();
        alice.set("r5", "length", 5);
        alice.settle();
        assertThat(alice.pushes()).extracting(push -> push.mutations().size()).containsExactly(3, 1, 1);
        assertThat(alice.pushes()).extracting(Frame.Push::firstSeq).containsExactly(1L, 4L, 5L);
        assertThat(alice.pushes().getFirst().base()).isNull();
        assertThat(alice.pushes().getLast().base()).isEqualTo("1/4");
    }

    @Test
    void noMorePushesAreInFlightThanTheServerAllows() {
        alice.connect(server);
        alice.settle();
        for (int i = 0; i < 30; i++) {
            alice.set("r" + i, "length", i);
        }
        alice.send();
        assertThat(alice.pushes()).hasSize(2);
        alice.settle();
        assertThat(alice.replica.pending(SPACE)).isZero();
        assertThat(alice.pushes()).hasSize(10);
    }

    @Test
    void nothingIsPushedBeforeTheSubscriptionIsAnswered() {
        alice.set("r1", "length", 1);
        alice.connect(server);
        alice.send();
        alice.deliver();
        alice.send();
        assertThat(alice.session.in.getLast()).isInstanceOf(Frame.Sub.class);
        assertThat(alice.pushes()).isEmpty();
    }

    @Test
    void aRejectedMutationIsSurfacedAndDoesNotHoldUpTheOthers() {
        alice.set("r1", "length", 1);
        long refused = alice.set("forbidden", "length", 2);
        alice.set("r2", "length", 3);
        alice.connect(server);
        alice.settle();
        assertThat(server.effects).containsExactly("alice:1", "alice:3");
        assertThat(alice.get("forbidden")).isNull();
        assertThat(alice.events(ReplicaEvent.Rejected.class)).hasSize(1);
        alice.restart();
        assertThat(alice.replica.rejections(SPACE)).singleElement().satisfies(rejected -> {
            assertThat(rejected.number()).isEqualTo(refused);
            assertThat(rejected.code()).isEqualTo(ErrorCode.FORBIDDEN);
            assertThat(rejected.mutation().set()).containsKey("length");
        });
        alice.replica.dismissRejection(SPACE, refused);
        alice.restart();
        assertThat(alice.replica.rejections(SPACE)).isEmpty();
    }

    @Test
    void aServerThatLostWhatItAcknowledgedGetsItAgain() {
        alice.connect(server);
        alice.settle();
        alice.set("r1", "length", 1);
        alice.settle();
        assertThat(alice.replica.pending(SPACE)).isZero();
        alice.disconnect();
        server.loseEverything();
        alice.set("r2", "length", 2);
        alice.connect(server);
        alice.settle();
        assertThat(alice.events(ReplicaEvent.Restarted.class))
                .containsExactly(new ReplicaEvent.Restarted(SPACE, ErrorCode.CURSOR_EXPIRED));
        assertThat(server.documents().keySet()).extracting(DocumentKey::id).containsExactlyInAnyOrder("r1", "r2");
        assertThat(alice.get("r1", "length").asInt()).isEqualTo(1);
    }

    @Test
    void whatIsReplicatedIsNotKeptAnyLonger() {
        alice.connect(server);
        alice.settle();
        long last = alice.set("r1", "length", 1);
        alice.settle();
        alice.replica.received(new Frame.Ack(SPACE, last, "replicated", null, List.of(), Map.of()), 10);
        alice.disconnect();
        server.loseEverything();
        alice.connect(server);
        alice.settle();
        assertThat(server.effects).containsExactly("alice:1");
        assertThat(alice.get("r1")).isNull();
    }

    @Test
    void acknowledgementsOfPushesFromBeforeAResetMeanNothing() {
        alice.connect(server);
        alice.settle();
        alice.set("r1", "length", 1);
        alice.settle();
        alice.set("r2", "length", 2);
        assertThat(alice.replica.nextFrame().orElseThrow()).isInstanceOf(Frame.Push.class);
        alice.replica.received(new Frame.Reset(SPACE, ErrorCode.CURSOR_EXPIRED), 10);
        assertThat(alice.replica.pending(SPACE)).isEqualTo(2);
        alice.replica.received(new Frame.Ack(SPACE, 2, "committed", null, List.of(), Map.of()), 10);
        assertThat(alice.replica.pending(SPACE)).isEqualTo(2);
        assertThat(alice.replica.nextFrame().orElseThrow())
                .isInstanceOfSatisfying(
                        Frame.Push.class, push -> assertThat(push.firstSeq()).isEqualTo(1));
    }

    @Test
    void aMutationMadeBetweenPagesStandsOnTheLastCompletePage() {
        bob.connect(server);
        for (int i = 0; i < 5; i++) {
            bob.set("r" + i, "length", i);
        }
        bob.settle();
        alice.connect(server);
        alice.send();
        alice.deliver();
        alice.send();
        alice.deliver(); // the first of three pages
        assertThat(alice.replica.complete(SPACE)).isFalse();
        alice.set("r0", "length", 7);
        alice.settle();
        assertThat(alice.pushes().getFirst().base()).isNull();
        assertThat(alice.replica.complete(SPACE)).isTrue();
        assertThat(alice.events(ReplicaEvent.CaughtUp.class)).hasSize(1);
    }

    @Test
    void aPageThatDoesNotContinueWhatIsHereIsAskedForAgain() {
        alice.connect(server);
        alice.settle();
        String before = alice.replica.cursor(SPACE);
        alice.replica.received(new Frame.Delta(SPACE, "1/77", "1/78", List.of(), false, null), 10);
        assertThat(alice.replica.cursor(SPACE)).isEqualTo(before);
        alice.send();
        assertThat(alice.session.in.getLast()).isEqualTo(new Frame.Sub(SPACE, List.of(), before));
    }

    @Test
    void losingAccessRemovesTheCopyAndGivesBackTheQueue() {
        bob.connect(server);
        bob.set("r1", "length", 1);
        bob.settle();
        alice.connect(server);
        alice.settle();
        assertThat(alice.get("r1")).isNotNull();
        alice.set("r2", "length", 2);
        alice.replica.received(new Frame.Gone(SPACE, ErrorCode.SPACE_NOT_FOUND), 10);
        assertThat(alice.get("r1")).isNull();
        assertThat(alice.get("r2")).isNull();
        assertThat(alice.replica.rejections(SPACE)).hasSize(1);
        assertThat(alice.events(ReplicaEvent.Gone.class)).hasSize(1);
        assertThatThrownBy(() -> alice.set("r3", "length", 3)).isInstanceOf(IllegalStateException.class);
        // access that is given again is taken up with the next session
        alice.disconnect();
        alice.connect(server);
        alice.settle();
        assertThat(alice.get("r1")).isNotNull();
    }

    @Test
    void theClockFollowsTheServersAndReadingsNeverRepeat() {
        long serverTime = clock.millis();
        clock.advance(Duration.ofDays(-400));
        alice.connect(server);
        alice.replica.nextFrame();
        alice.replica.received(new Frame.Welcome("s", "n", serverTime, ModelServer.LIMITS, 1, 400_000), 10);
        alice.replica.nextFrame();
        alice.replica.received(new Frame.Snap(SPACE, "1/0", List.of(), true), 10);
        alice.replica.nextFrame();
        alice.set("r1", "a", 1);
        alice.set("r1", "a", 2);
        Frame.Push push = (Frame.Push) alice.replica.nextFrame().orElseThrow();
        assertThat(push.mutations()).extracting(Mutation::at).isSorted().doesNotHaveDuplicates();
        assertThat(push.mutations().getFirst().at() >>> 16).isEqualTo(serverTime);
    }

    @Test
    void aStoreThatLostItsPastGetsNumbersAboveThoseTheServerKnows() {
        TestDevice reborn = new TestDevice("alice", clock);
        reborn.set("r9", "length", 9);
        reborn.connect(server);
        reborn.replica.nextFrame();
        reborn.replica.received(new Frame.Welcome("s", "n", clock.millis(), ModelServer.LIMITS, 1, 400_000), 10);
        reborn.replica.nextFrame();
        reborn.replica.received(new Frame.Snap(SPACE, "1/2", List.of(), true), 10);
        reborn.send(); // the push goes out with the number 1, which the server has seen
        reborn.replica.received(new Frame.Ack(SPACE, 2, "committed", null, List.of(), Map.of()), 10);
        assertThat(reborn.replica.pending(SPACE)).isEqualTo(1);
        assertThat(reborn.events(ReplicaEvent.Renumbered.class)).containsExactly(new ReplicaEvent.Renumbered(SPACE, 2));
        assertThat(reborn.replica.nextFrame().orElseThrow())
                .isInstanceOfSatisfying(
                        Frame.Push.class, push -> assertThat(push.firstSeq()).isEqualTo(3));
        reborn.restart();
        assertThat(reborn.set("r9", "length", 10)).isEqualTo(4);
    }

    @Test
    void aNewStoreCountsAboveWhatAnEarlierLifeCanHaveUsed() {
        long before = alice.set("r1", "length", 1);
        clock.advance(Duration.ofMinutes(1));
        TestDevice reborn = new TestDevice("alice", clock);
        assertThat(reborn.set("r1", "length", 2)).isEqualTo(before + 59_999);
        reborn.restart();
        assertThat(reborn.set("r1", "length", 3)).isEqualTo(before + 60_000);
    }

    @Test
    void aQuietDeviceLetsItselfBeHeard() {
        alice.connect(server);
        alice.settle();
        long due = alice.replica.tick();
        assertThat(due).isEqualTo(clock.millis() + 300_000);
        clock.advance(Duration.ofMinutes(5));
        assertThat(alice.replica.nextFrame()).contains(new Frame.Credit(0));
        assertThat(alice.replica.nextFrame()).isEmpty();
    }

    @Test
    void aFailedPushHoldsBackThoseBehindItSoThatTheOrderStays() {
        alice.connect(server);
        alice.settle();
        for (int i = 0; i < 6; i++) {
            alice.set("r" + i, "length", i);
        }
        Frame.Push first = (Frame.Push) alice.replica.nextFrame().orElseThrow();
        Frame.Push second = (Frame.Push) alice.replica.nextFrame().orElseThrow();
        alice.replica.received(new Frame.Failure(SPACE, ErrorCode.UNAVAILABLE, "try again"), 10);
        clock.advance(Duration.ofMinutes(1));
        alice.send();
        assertThat(alice.pushes()).isEmpty(); // the second is still to be answered
        alice.session.receive(second);
        alice.deliver();
        assertThat(alice.replica.pending(SPACE)).isEqualTo(6);
        alice.settle();
        assertThat(alice.replica.pending(SPACE)).isZero();
        assertThat(alice.pushes()).extracting(Frame.Push::firstSeq).containsExactly(4L, 1L, 4L);
        assertThat(first.firstSeq()).isEqualTo(1);
    }

    @Test
    void aSessionThatEndsOverAPushIsTakenUpAgainWithLess() {
        alice.connect(server);
        alice.settle();
        alice.set("r1", "length", 1);
        alice.set("r2", "length", 2);
        assertThat(alice.replica.nextFrame()).isPresent();
        alice.replica.received(new Frame.Bye(ErrorCode.MALFORMED_FRAME, "cannot be read", -1), 10);
        assertThat(alice.events(ReplicaEvent.Ended.class).getFirst().retryAfterMillis())
                .isZero();
        alice.disconnect();
        alice.connect(server);
        alice.settle();
        assertThat(alice.pushes()).extracting(push -> push.mutations().size()).containsExactly(1, 1);
    }

    @Test
    void creditIsGivenBackWhenHalfOfItIsUsed() {
        alice.connect(server);
        alice.settle();
        String cursor = alice.replica.cursor(SPACE);
        alice.replica.received(new Frame.Delta(SPACE, cursor, cursor, List.of(), false, null), 4_000);
        assertThat(alice.replica.nextFrame()).isEmpty();
        alice.replica.received(new Frame.Delta(SPACE, cursor, cursor, List.of(), false, null), 1_000);
        assertThat(alice.replica.nextFrame()).contains(new Frame.Credit(5_100));
    }

    @Test
    void aBusyServerIsLeftAloneAsLongAsItAsks() {
        alice.connect(server);
        alice.settle();
        alice.replica.received(new Frame.Slow(5_000), 10);
        alice.set("r1", "length", 1);
        assertThat(alice.replica.nextFrame()).isEmpty();
        assertThat(alice.replica.tick()).isEqualTo(clock.millis() + 5_000);
        clock.advance(Duration.ofSeconds(5));
        assertThat(alice.replica.nextFrame()).isPresent();
    }

    @Test
    void aPushWithoutAnswerEndsTheSessionAndIsSentInTheNext() {
        alice.connect(server);
        alice.settle();
        alice.set("r1", "length", 1);
        assertThat(alice.replica.nextFrame()).isPresent();
        assertThat(alice.replica.nextFrame()).isEmpty();
        clock.advance(Duration.ofMillis(SpaceSession.ANSWER_MS_MAX));
        alice.replica.tick();
        // in the same session a late answer could be taken for that of something else
        assertThat(alice.replica.nextFrame()).isEmpty();
        assertThat(alice.events(ReplicaEvent.Ended.class))
                .extracting(ReplicaEvent.Ended::reason)
                .containsExactly(ErrorCode.TIMEOUT);
        alice.disconnect();
        alice.connect(server);
        alice.settle();
        assertThat(alice.pushes()).hasSize(1);
        assertThat(alice.replica.pending(SPACE)).isZero();
    }

    @Test
    void aMutationThatMakesPushesFailIsFoundAndGivenBack() {
        alice.connect(server);
        alice.settle();
        for (int i = 0; i < 6; i++) {
            alice.set("r" + i, "length", i);
        }
        for (int step = 0; step < 20; step++) {
            for (var frame = alice.replica.nextFrame(); frame.isPresent(); frame = alice.replica.nextFrame()) {
                boolean poisonous = frame.get() instanceof Frame.Push push
                        && push.mutations().stream()
                                .anyMatch(mutation -> mutation.id().equals("r4"));
                if (poisonous) {
                    alice.session.out.add(new Frame.Failure(SPACE, ErrorCode.MALFORMED_FRAME, "cannot be read"));
                } else {
                    alice.session.receive(frame.get());
                }
            }
            while (alice.deliver()) {
                alice.events.clear();
            }
        }
        assertThat(alice.replica.pending(SPACE)).isZero();
        assertThat(alice.replica.rejections(SPACE))
                .extracting(rejected -> rejected.mutation().id())
                .containsExactly("r4");
        assertThat(server.effects).hasSize(5);
    }

    @Test
    void aRefusedSubscriptionIsTriedAgainLater() {
        alice.connect(server);
        alice.replica.nextFrame();
        alice.replica.received(new Frame.Welcome("s", "n", clock.millis(), ModelServer.LIMITS, 1, 400_000), 10);
        assertThat(alice.replica.nextFrame().orElseThrow()).isInstanceOf(Frame.Sub.class);
        alice.replica.received(new Frame.Failure(SPACE, ErrorCode.SPACE_NOT_FOUND, "no such space"), 10);
        assertThat(alice.replica.nextFrame()).isEmpty();
        assertThat(alice.replica.tick()).isEqualTo(clock.millis() + SpaceSession.REFUSED_MS);
        clock.advance(Duration.ofMillis(SpaceSession.REFUSED_MS));
        assertThat(alice.replica.nextFrame().orElseThrow()).isInstanceOf(Frame.Sub.class);
    }

    @Test
    void aMutationLargerThanAFrameIsGivenBack() {
        alice.mutate(Mutation.set("runways", "r1", 0, Map.of("text", TextNode.valueOf("x".repeat(70_000)))));
        alice.set("r2", "length", 2);
        alice.connect(server);
        alice.settle();
        assertThat(alice.replica.rejections(SPACE))
                .extracting(RejectedMutation::code)
                .containsExactly(ErrorCode.DOCUMENT_TOO_LARGE);
        assertThat(server.effects).containsExactly("alice:2");
    }

    @Test
    void otherCollectionsMeanANewStart() {
        alice.connect(server);
        alice.settle();
        alice.choose(List.of("runways"));
        assertThat(alice.session).as("the session in which all were followed").isNull();
        alice.connect(server);
        alice.settle();
        assertThat(alice.session.in).contains(new Frame.Sub(SPACE, List.of("runways"), null));
        alice.choose(List.of("runways"));
        assertThat(alice.session).as("no other choice").isNotNull();
    }

    @Test
    void collectionsThatAreChosenBeforeTheSpaceIsFollowedNeedNoOtherSession() {
        alice.connect(server);
        alice.choose(List.of("runways"));
        alice.settle();
        assertThat(alice.session.in).contains(new Frame.Sub(SPACE, List.of("runways"), null));
    }

    @Test
    void nothingOfAnEarlierChoiceComesInWhileTheSpaceIsLoaded() {
        for (int i = 0; i < 6; i++) {
            bob.set("r" + i, "length", i);
        }
        bob.connect(server);
        bob.settle();
        alice.connect(server);
        alice.send();
        alice.deliver();
        alice.send();
        alice.deliver(); // the first of three pages
        ServerSession former = alice.session;
        alice.replica.close(SPACE);
        alice.choose(List.of("airports"));
        assertThat(former.out).hasSize(2).allSatisfy(page -> assertThat(page).isInstanceOf(Frame.Snap.class));
        former.out.forEach(page -> alice.replica.received(page, 10));
        assertThat(alice.replica.cursor(SPACE)).isNull();
        assertThat(alice.get("r5")).isNull();
    }

    @Test
    void whatIsChangedInACollectionThatIsNotHeldIsLetGoOfWhenItIsAcknowledged() {
        alice.choose(List.of("airports"));
        alice.connect(server);
        alice.settle();
        alice.set("r1", "length", 1);
        assertThat(alice.get("r1", "length").asInt()).isEqualTo(1);
        alice.settle();
        assertThat(server.effects).containsExactly("alice:1");
        assertThat(alice.get("r1")).isNull();
    }

    @Test
    void aSubscriptionWithoutAnswerEndsTheSession() {
        alice.connect(server);
        alice.send();
        alice.deliver();
        alice.send();
        clock.advance(Duration.ofMillis(SpaceSession.ANSWER_MS_MAX));
        alice.replica.tick();
        // asked again in the same session, its pages would come in among those of the second answer
        assertThat(alice.replica.nextFrame()).isEmpty();
        assertThat(alice.events(ReplicaEvent.Ended.class))
                .extracting(ReplicaEvent.Ended::reason)
                .containsExactly(ErrorCode.TIMEOUT);
    }

    @Test
    void presenceLastsAsLongAsTheSession() {
        alice.replica.announce(SPACE, json("{\"editing\":\"r0\"}"));
        alice.connect(server);
        bob.connect(server);
        TestDevice.settle(alice, bob);
        alice.replica.announce(SPACE, json("{\"editing\":\"r1\"}"));
        TestDevice.settle(alice, bob);
        assertThat(bob.replica.presence(SPACE)).containsEntry("alice", json("{\"editing\":\"r1\"}"));
        bob.disconnect();
        assertThat(bob.replica.presence(SPACE)).isEmpty();
    }

    @Test
    void reportsAreSentUntilASessionOutlivesThem() {
        Frame.Report report = new Frame.Report(json("{\"battery\":50}"));
        alice.replica.report(report.patch());
        alice.connect(server);
        alice.settle();
        assertThat(alice.session.in).contains(report);
        alice.restart();
        alice.connect(server);
        alice.settle();
        assertThat(alice.session.in).contains(report);
        clock.advance(Duration.ofMillis(TwinCopy.SETTLED_MS));
        alice.replica.tick();
        alice.restart();
        alice.connect(server);
        alice.settle();
        assertThat(alice.session.in).doesNotContain(report);
    }

    @Test
    void theDesiredTwinIsRememberedAndOldNewsIgnored() {
        alice.connect(server);
        alice.settle();
        alice.replica.received(new Frame.Desired(3, json("{\"rate\":5}")), 10);
        alice.replica.received(new Frame.Desired(2, json("{\"rate\":4}")), 10);
        assertThat(alice.events(ReplicaEvent.TwinDesired.class)).hasSize(1);
        alice.restart();
        assertThat(alice.replica.desired()).isEqualTo(json("{\"rate\":5}"));
    }
}
