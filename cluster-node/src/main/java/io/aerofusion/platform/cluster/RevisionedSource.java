package io.aerofusion.platform.cluster;

import io.aerofusion.platform.cluster.RevisionedMessage.Announced;
import io.aerofusion.platform.cluster.RevisionedMessage.Answer;
import io.aerofusion.platform.cluster.RevisionedMessage.Change;
import io.aerofusion.platform.cluster.RevisionedMessage.Changes;
import io.aerofusion.platform.cluster.RevisionedMessage.Current;
import io.aerofusion.platform.cluster.RevisionedMessage.Part;
import io.aerofusion.platform.cluster.RevisionedMessage.Question;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The writer's side of a revisioned snapshot: lives in the entity that takes the writes and is confined to it. It remembers the last
 * changes within bounds; a node that missed more gets the whole, in parts that fit into a message.
 */
public final class RevisionedSource<S, C> {
    private record Step(Revision previous, Change change) {}

    private final RevisionedContent<S, C> content;
    private final Deque<Step> steps = new ArrayDeque<>();
    private final Map<Revision, byte[]> wholes = new LinkedHashMap<>();
    private long stepBytes;

    public RevisionedSource(RevisionedContent<S, C> content) {
        this.content = content;
    }

    /** Remembers a committed change; answers what to tell the nodes. */
    public Announced committed(Revision previous, Revision revision, C change) {
        Change written = new Change(revision, Deflated.deflate(content.writeChange(change)));
        steps.addLast(new Step(previous, written));
        stepBytes += written.content().length;
        while (steps.size() > RevisionedLimits.CHANGES_MAX || stepBytes > RevisionedLimits.CHANGES_BYTES_MAX) {
            stepBytes -= steps.removeFirst().change().content().length;
        }
        boolean told = written.content().length <= RevisionedLimits.TOLD_BYTES_MAX;
        return new Announced(previous, revision, told ? written : null);
    }

    /** Answers a node. */
    public Answer answer(Question question, Revision revision, S whole) {
        Revision begun = question.whole();
        if (begun != null && wholes.containsKey(begun)) {
            return part(begun, question.part());
        }
        if (question.known().equals(revision)) {
            return new Current(revision);
        }
        return missing(question.known(), revision)
                .<Answer>map(changes -> new Changes(question.known(), changes))
                .orElseGet(() -> {
                    if (!wholes.containsKey(revision)) {
                        keep(revision, Deflated.deflate(content.write(whole)));
                    }
                    return part(revision, 0);
                });
    }

    private Optional<List<Change>> missing(Revision known, Revision revision) {
        List<Change> changes = new ArrayList<>();
        Revision reached = known;
        long bytes = 0;
        for (Step step : steps) {
            if (step.previous().equals(reached)) {
                changes.add(step.change());
                reached = step.change().revision();
                bytes += step.change().content().length;
            }
        }
        return reached.equals(revision) && bytes <= RevisionedLimits.ANSWER_BYTES_MAX
                ? Optional.of(changes)
                : Optional.empty();
    }

    private void keep(Revision revision, byte[] deflated) {
        wholes.put(revision, deflated);
        while (wholes.size() > RevisionedLimits.WHOLES_MAX) {
            wholes.remove(wholes.keySet().iterator().next());
        }
    }

    private Part part(Revision revision, int part) {
        byte[] deflated = wholes.getOrDefault(revision, new byte[0]);
        int size = RevisionedLimits.ANSWER_BYTES_MAX;
        int parts = Math.max(1, (deflated.length + size - 1) / size);
        int from = Math.clamp((long) part * size, 0, deflated.length);
        int to = Math.min(from + size, deflated.length);
        return new Part(revision, part, parts, Arrays.copyOfRange(deflated, from, to));
    }
}
