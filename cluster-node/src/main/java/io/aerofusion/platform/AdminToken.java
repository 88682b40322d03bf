package io.aerofusion.platform;

import io.aerofusion.platform.persistence.DataDirectory;
import io.aerofusion.platform.persistence.DataKeys;
import io.aerofusion.platform.security.Authenticator;
import io.aerofusion.platform.security.Principal;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.EnumSet;
import java.util.concurrent.CompletableFuture;

/**
 * The token of the built-in administrator, in the file {@code admin-token} of the data directory. It is derived from the regional key,
 * so every node of a region accepts it and a restart does not change it; whoever has that key could read everything anyway.
 */
final class AdminToken {
    private static final String PREFIX = "afa_";
    static final String TENANT = "default";
    static final String USER = "admin";

    private static final Principal ADMIN = new Principal(TENANT, USER, EnumSet.allOf(Principal.Role.class), null);

    private final String text;

    private AdminToken(String text) {
        this.text = text;
    }

    /** Derives the token and writes the file, readable by its owner only. */
    static AdminToken write(DataKeys keys, Path directory) {
        AdminToken token = new AdminToken(PREFIX + keys.blindIndex("admin token 1"));
        try {
            DataDirectory.writePrivately(file(directory), token.text + "\n");
            return token;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Path file(Path directory) {
        return directory.resolve("admin-token");
    }

    String text() {
        return text;
    }

    /** Accepts this token, and leaves every other to the next. Takes the same time wherever a wrong token differs. */
    Authenticator or(Authenticator next) {
        byte[] expected = text.getBytes(StandardCharsets.UTF_8);
        return token -> MessageDigest.isEqual(expected, token.getBytes(StandardCharsets.UTF_8))
                ? CompletableFuture.completedFuture(new Authenticator.Accepted(ADMIN))
                : next.authenticate(token);
    }
}
