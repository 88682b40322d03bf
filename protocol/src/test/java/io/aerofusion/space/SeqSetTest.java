package io.aerofusion.space;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Sets of mutation numbers, held against a set that stores each of them. */
final class SeqSetTest {
    @Test
    void intervals_that_touch_become_one() {
        assertThat(SeqSet.range(1, 3).with(4).bounds()).containsExactly(1, 4);
        assertThat(SeqSet.range(1, 3).with(5).bounds()).containsExactly(1, 3, 5, 5);
        assertThat(SeqSet.range(1, 3).with(5).with(4).bounds()).containsExactly(1, 5);
        assertThat(SeqSet.range(5, 6).with(1, 10).bounds()).containsExactly(1, 10);
        assertThat(SeqSet.range(1, 2).with(4, 5).with(7, 8).with(2, 7).bounds()).containsExactly(1, 8);
        assertThat(SeqSet.range(1, 3).with(5)).hasToString("1-3,5");
    }

    @Test
    void what_is_no_interval_is_refused() {
        for (long[] bounds : new long[][] {{1}, {0, 1}, {-3, -1}, {5, 4}}) {
            assertThatThrownBy(() -> SeqSet.ofBounds(bounds)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void the_largest_number_is_a_number_like_others() {
        SeqSet set = SeqSet.range(1, 1).with(Long.MAX_VALUE);
        assertThat(set.max()).isEqualTo(Long.MAX_VALUE);
        assertThat(set.contains(Long.MAX_VALUE)).isTrue();
        assertThat(set.with(Long.MAX_VALUE - 1).bounds()).containsExactly(1, 1, Long.MAX_VALUE - 1, Long.MAX_VALUE);
        assertThat(SeqSet.EMPTY.max()).isZero();
        assertThat(SeqSet.EMPTY.contains(1)).isFalse();
    }

    @Test
    void it_holds_what_was_put_in_and_nothing_else() {
        long seed = new SplittableRandom().nextLong();
        SplittableRandom random = new SplittableRandom(seed);
        for (int run = 0; run < 200; run++) {
            TreeSet<Long> expected = new TreeSet<>();
            SeqSet set = SeqSet.EMPTY;
            SeqSet other = SeqSet.EMPTY;
            for (int step = 0; step < 30; step++) {
                long first = random.nextLong(1, 60);
                long last = first + random.nextLong(0, 6);
                for (long number = first; number <= last; number++) {
                    expected.add(number);
                }
                if (random.nextBoolean()) {
                    set = set.with(first, last);
                } else {
                    other = other.with(first, last);
                }
            }
            SeqSet union = set.union(other);
            for (long number = 0; number < 80; number++) {
                assertThat(union.contains(number))
                        .as("seed %d, %d", seed, number)
                        .isEqualTo(expected.contains(number));
            }
            assertThat(union)
                    .as("seed %d", seed)
                    .isEqualTo(other.union(set))
                    .isEqualTo(SeqSet.ofBounds(union.bounds()));
            assertThat(union.max()).isEqualTo(expected.last());
        }
    }

    @Test
    void theOldestGapsAreClosedBeyondTheLimit() {
        SeqSet set = SeqSet.EMPTY;
        for (int i = 0; i < 20_000; i++) {
            set = set.with(1 + 2L * i).bounded();
        }
        assertThat(set.intervals()).isEqualTo(SeqSet.INTERVALS_MAX);
        assertThat(set.contains(39_999)).isTrue();
        assertThat(set.contains(39_998)).isFalse();
        assertThat(set.isTooOld(39_998)).isFalse();
        assertThat(set.isTooOld(2)).isTrue();
        assertThat(SeqSet.range(1, 9).isTooOld(2)).isFalse();
    }
}
