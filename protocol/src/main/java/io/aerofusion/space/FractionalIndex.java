package io.aerofusion.space;

import org.jspecify.annotations.Nullable;

/**
 * Positions between positions: texts over 62 digits that are compared by their characters and never end with the lowest digit,
 * so that there is always room between two of them.
 */
final class FractionalIndex {
    private static final String DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    private FractionalIndex() {}

    /**
     * A position above {@code low} and below {@code high}, as short as can be.
     *
     * @param low null for the beginning
     * @param high null for the end; above {@code low}
     */
    static String between(@Nullable String low, @Nullable String high) {
        String from = low == null ? "" : low;
        StringBuilder position = new StringBuilder();
        boolean bounded = high != null;
        for (int i = 0; ; i++) {
            int least = i < from.length() ? DIGITS.indexOf(from.charAt(i)) : 0;
            int most = bounded && high != null && i < high.length() ? DIGITS.indexOf(high.charAt(i)) : DIGITS.length();
            int middle = step(least, most, i >= from.length());
            if (middle > least) {
                return position.append(DIGITS.charAt(middle)).toString();
            }
            position.append(DIGITS.charAt(least));
            bounded &= least == most;
        }
    }

    /**
     * Appending is what lists see most: a small step there keeps positions short for long. Between neighbours, the middle.
     *
     * @param open nothing of the lower position is left
     */
    private static int step(int least, int most, boolean open) {
        if (most - least <= 1) {
            return least;
        }
        return most == DIGITS.length() && !open ? least + 1 : least + (most - least) / 2;
    }
}
