package io.aerofusion.route;

import java.util.ArrayList;
import java.util.List;

/**
 * What became of one resource, the newest last.
 *
 * @param changes the last {@value #CHANGES_MAX}; older ones remain in the journal and in the generations
 */
record ResourceState(List<ResourceEvent.Changed> changes) {
    static final int CHANGES_MAX = 50;
    static final ResourceState EMPTY = new ResourceState(List.of());

    ResourceState {
        changes = List.copyOf(changes);
    }

    /** The generation that changed it last; 0 before the first one. */
    long version() {
        return changes.isEmpty() ? 0 : changes.getLast().generation();
    }

    /** Whether the resource exists as far as its history goes. */
    boolean exists() {
        return !changes.isEmpty() && changes.getLast().document() != null;
    }

    ResourceState apply(ResourceEvent event) {
        return switch (event) {
            case ResourceEvent.Changed changed -> {
                List<ResourceEvent.Changed> next = new ArrayList<>(changes);
                next.add(changed);
                yield new ResourceState(next.subList(Math.max(0, next.size() - CHANGES_MAX), next.size()));
            }
        };
    }
}
