package io.aerofusion.gateway.routing;

import io.aerofusion.gateway.Headers;
import io.aerofusion.route.Filter;
import io.aerofusion.route.NamedValue;
import java.util.List;
import java.util.Locale;

/** Changes of the headers of a message: names in lower case. */
public record HeaderChange(List<NamedValue> set, List<NamedValue> add, List<String> remove) {
    /** No change. */
    public static final HeaderChange NONE = new HeaderChange(List.of(), List.of(), List.of());

    static HeaderChange of(Filter.HeaderModifier modifier) {
        return new HeaderChange(
                lower(modifier.set()),
                lower(modifier.add()),
                modifier.remove().stream()
                        .map(name -> name.toLowerCase(Locale.ROOT))
                        .toList());
    }

    private static List<NamedValue> lower(List<NamedValue> values) {
        return values.stream()
                .map(named -> new NamedValue(named.name().toLowerCase(Locale.ROOT), named.value()))
                .toList();
    }

    /** Whether nothing is changed. */
    public boolean isEmpty() {
        return set.isEmpty() && add.isEmpty() && remove.isEmpty();
    }

    /** Changes the headers. */
    public void apply(Headers headers) {
        for (int i = 0; i < set.size(); i++) {
            headers.set(set.get(i).name(), set.get(i).value());
        }
        for (int i = 0; i < add.size(); i++) {
            headers.add(add.get(i).name(), add.get(i).value());
        }
        for (int i = 0; i < remove.size(); i++) {
            headers.remove(remove.get(i));
        }
    }
}
