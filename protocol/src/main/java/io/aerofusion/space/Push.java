package io.aerofusion.space;

import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A device's mutations in the order it made them, all made on the same base.
 *
 * @param firstSeq number of the first mutation, counted from 1; the others follow without a gap
 * @param base what the device had seen when it made them; null means nothing
 */
public record Push(String device, long firstSeq, @Nullable Cursor base, List<Mutation> mutations) {
    public Push {
        mutations = List.copyOf(mutations);
    }

    /**
     * The push under another name of its device. Keys of list elements that the device made by itself, from its name and number, follow.
     *
     * @param merged the mutations merged under the other name
     * @param settings they say which paths are lists
     */
    public Push as(String name, SeqSet merged, SpaceSettings settings) {
        if (name.equals(device)) {
            return this;
        }
        UnaryOperator<String> key = given -> renamed(given, name, merged);
        return new Push(
                name,
                firstSeq,
                base,
                mutations.stream()
                        .map(mutation -> mutation.withKeys(settings.rules(mutation.collection()), key))
                        .toList());
    }

    private String renamed(String key, String name, SeqSet merged) {
        try {
            Dot dot = Dot.parse(key);
            boolean own =
                    merged.contains(dot.seq()) || (dot.seq() >= firstSeq && dot.seq() < firstSeq + mutations.size());
            return own && dot.device().equals(device) ? new Dot(name, dot.seq(), dot.index()).toString() : key;
        } catch (IllegalArgumentException e) {
            return key; // refused later, if it has to be one
        }
    }
}
