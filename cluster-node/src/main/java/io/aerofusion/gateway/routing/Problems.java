package io.aerofusion.gateway.routing;

import io.aerofusion.route.Problem;
import io.aerofusion.route.Resource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** What was found wrong, each once, up to a bound. */
final class Problems {
    private final Set<Problem> found = new LinkedHashSet<>();
    private final List<Problem> tolerated = new ArrayList<>();
    private final boolean tolerant;

    /**
     * @param tolerant whether what is wrong only here or only now, or has no effect, is put up with
     */
    Problems(boolean tolerant) {
        this.tolerant = tolerant;
    }

    void add(Resource resource, String pointer, String code, String detail) {
        addAll(List.of(Problem.of(resource, pointer, code, detail)));
    }

    void addAll(Collection<Problem> more) {
        for (Problem problem : more) {
            if (found.size() < Compiler.PROBLEMS_MAX) {
                found.add(problem);
            }
        }
    }

    /** What depends on the time or on the node's own listeners, and what changes nothing where it is wrong. */
    void addHereAndNow(Resource resource, String pointer, String code, String detail) {
        if (!tolerant) {
            add(resource, pointer, code, detail);
        } else if (tolerated.size() < Compiler.PROBLEMS_MAX) {
            tolerated.add(Problem.of(resource, pointer, code, detail));
        }
    }

    List<Problem> tolerated() {
        return tolerated;
    }

    boolean isEmpty() {
        return found.isEmpty();
    }

    List<Problem> list() {
        return new ArrayList<>(found);
    }
}
