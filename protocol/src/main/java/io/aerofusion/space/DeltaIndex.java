package io.aerofusion.space;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongPredicate;

/**
 * One region's order of operations, reduced to the last operation of each document: number -> document. Entries are appended
 * and left behind when their document moves on; half of them being stale makes it compact itself. So a delta costs what
 * changed since, whatever the length of the history.
 */
final class DeltaIndex {
    private static final int COMPACT_MIN = 64;

    private long[] numbers = new long[16];
    private Slot[] slots = new Slot[16];
    private int size;
    private int stale;
    private boolean sorted = true;
    private final String region;

    DeltaIndex(String region) {
        this.region = region;
    }

    /**
     * Notes that an operation touched a document.
     *
     * @param moved the document stood in this index before
     */
    void add(long number, Slot slot, boolean moved) {
        if (moved && ++stale > COMPACT_MIN && stale > size / 2) {
            compact();
        }
        if (size == numbers.length) {
            numbers = Arrays.copyOf(numbers, size * 2);
            slots = Arrays.copyOf(slots, size * 2);
        }
        sorted &= size == 0 || numbers[size - 1] < number;
        numbers[size] = number;
        slots[size++] = slot;
    }

    /** Calls for every document whose last operation has a higher number, in their order, until told to stop. */
    void forEachAfter(long number, Visitor visitor) {
        sort();
        int from = Arrays.binarySearch(numbers, 0, size, number + 1);
        for (int i = from < 0 ? -from - 1 : from; i < size; i++) {
            if (slots[i].document.head(region) == numbers[i] && !visitor.visit(numbers[i], slots[i])) {
                return;
            }
        }
    }

    /** Takes a document at its number; false stops. */
    @FunctionalInterface
    interface Visitor {
        boolean visit(long number, Slot slot);
    }

    void compact() {
        keep(i -> slots[(int) i].document.head(region) == numbers[(int) i]);
        stale = 0;
    }

    private void keep(LongPredicate wanted) {
        int kept = 0;
        for (int i = 0; i < size; i++) {
            if (wanted.test(i)) {
                numbers[kept] = numbers[i];
                slots[kept++] = slots[i];
            }
        }
        Arrays.fill(slots, kept, size, null);
        size = kept;
    }

    /** Facts of another region may arrive out of order; it is rare, so sorting waits until somebody reads. */
    private void sort() {
        if (sorted) {
            return;
        }
        List<Integer> order = new ArrayList<>(size);
        for (int i = 0; i < size; i++) {
            order.add(i);
        }
        order.sort((left, right) -> Long.compare(numbers[left], numbers[right]));
        long[] sortedNumbers = new long[numbers.length];
        Slot[] sortedSlots = new Slot[slots.length];
        for (int i = 0; i < size; i++) {
            sortedNumbers[i] = numbers[order.get(i)];
            sortedSlots[i] = slots[order.get(i)];
        }
        numbers = sortedNumbers;
        slots = sortedSlots;
        sorted = true;
    }
}
