package io.aerofusion.space;

import java.util.regex.Pattern;

/** Which names spaces, collections and devices may have; they stand in addresses, persistence ids and tags. */
final class SpaceNames {
    static final String PATTERN = "[A-Za-z0-9][A-Za-z0-9._~-]{0,127}";
    private static final Pattern NAME = Pattern.compile(PATTERN);

    private SpaceNames() {}

    static boolean isSpace(String name) {
        return NAME.matcher(name).matches();
    }

    static boolean isDevice(String name) {
        return NAME.matcher(name).matches();
    }

    static boolean isCollection(String name) {
        return NAME.matcher(name).matches();
    }
}
