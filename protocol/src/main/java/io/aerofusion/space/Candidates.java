package io.aerofusion.space;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A cell that people resolve: the value with the highest stamp is live, the others that did not know it wait. An operation takes
 * away the candidates it knew, so what waits follows from the facts alone and is the same everywhere.
 *
 * @param candidates the live one first, never empty
 * @param superseded candidates that some operation knew and replaced
 */
record Candidates(String path, List<Candidate> candidates, List<Superseded> superseded) implements Cell {
    /** A value that somebody wrote. {@code value} is null for an unset. */
    record Candidate(@Nullable JsonNode value, Origin origin) {}

    /** A candidate that is gone. {@code origin} is null while it has not even arrived. */
    record Superseded(Dot dot, @Nullable Origin origin, Origin by) {}

    @Override
    public Kind kind() {
        return Kind.CANDIDATES;
    }

    @Override
    public @Nullable JsonNode value() {
        return candidates.getFirst().value;
    }

    @Override
    public Origin origin() {
        return candidates.getFirst().origin;
    }

    /** The candidates that wait because they would make a difference. */
    List<Candidate> waiting() {
        return candidates.stream()
                .skip(1)
                .filter(candidate -> !Objects.equals(candidate.value, value()))
                .toList();
    }

    static Candidates of(CellEdit.Candidate edit, Origin origin) {
        return new Candidates(edit.path(), List.of(), List.of()).merge(edit, origin);
    }

    Candidates merge(CellEdit.Candidate edit, Origin origin) {
        List<Candidate> present = new ArrayList<>(candidates);
        List<Superseded> gone = new ArrayList<>(superseded);
        for (Dot dot : edit.supersedes()) {
            if (gone.stream().noneMatch(entry -> entry.dot.equals(dot))) {
                Origin known = null;
                for (Candidate candidate : candidates) {
                    known = dot.isOf(candidate.origin) ? candidate.origin : known;
                }
                gone.add(new Superseded(dot, known, origin));
            }
        }
        present.removeIf(candidate -> gone.stream().anyMatch(entry -> entry.dot.isOf(candidate.origin)));
        Dot own = origin.dot();
        boolean alreadyGone = false;
        for (int i = 0; i < gone.size(); i++) {
            if (gone.get(i).dot.equals(own)) {
                alreadyGone = true;
                gone.set(i, new Superseded(own, origin, gone.get(i).by));
            }
        }
        if (!alreadyGone) {
            // One mutation that two regions accepted is one candidate, with the higher stamp.
            present.removeIf(candidate -> own.isOf(candidate.origin) && candidate.origin.compareTo(origin) <= 0);
            if (present.stream().noneMatch(candidate -> own.isOf(candidate.origin))) {
                present.add(new Candidate(edit.value(), origin));
            }
        }
        present.sort((left, right) -> right.origin.compareTo(left.origin));
        return new Candidates(path, List.copyOf(present), List.copyOf(gone));
    }

    @Override
    public boolean isAfter(Cursor cursor) {
        return !origin().isCoveredBy(cursor);
    }

    /** The candidates stay, a lone unset too: a region that forgot it would not see the next value replace it. */
    @Override
    public Cell purged(Cursor horizon) {
        List<Superseded> kept = superseded.stream()
                .filter(entry ->
                        entry.origin == null || !entry.origin.isCoveredBy(horizon) || !entry.by.isCoveredBy(horizon))
                .toList();
        return kept.size() == superseded.size() ? this : new Candidates(path, candidates, kept);
    }
}
