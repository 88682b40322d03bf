package io.aerofusion.route;

/** A header, or a query parameter, and its value. */
public record NamedValue(String name, String value) {
    public NamedValue {
        name = Defaults.text(name);
        value = Defaults.text(value);
    }
}
