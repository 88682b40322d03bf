package io.aerofusion.platform.security;

import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.http.ProblemException;
import java.util.regex.Pattern;

/** The ids that people choose for users and devices: they stand in persistence ids, tokens and paths. */
public final class Names {
    /** 1 to 64 characters; never {@code |}, which separates the parts of an entity id. */
    public static final String PATTERN = "[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}";

    private static final Pattern NAME = Pattern.compile(PATTERN);

    private Names() {}

    public static boolean isName(String text) {
        return NAME.matcher(text).matches();
    }

    /** Checks an id that is about to be taken. @throws ProblemException {@code invalid-request} */
    public static String require(String field, String text) {
        if (!isName(text)) {
            throw new ProblemException(
                    ErrorCode.INVALID_REQUEST,
                    field + " has 1 to 64 of A-Z a-z 0-9 . _ @ + - and starts with a letter or digit.");
        }
        return text;
    }

    /** Checks an id in a path: what cannot be an id does not exist. @throws ProblemException {@code not-found} */
    public static String find(String text) {
        if (!isName(text)) {
            throw new ProblemException(ErrorCode.NOT_FOUND, "There is nothing of that name.");
        }
        return text;
    }
}
