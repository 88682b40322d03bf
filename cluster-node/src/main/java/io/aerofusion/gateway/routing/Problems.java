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

    boolean isEmpty() {
        return found.isEmpty();
    }

    List<Problem> list() {
        return new ArrayList<>(found);
    }
}
