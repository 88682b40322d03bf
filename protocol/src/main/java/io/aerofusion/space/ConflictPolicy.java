package io.aerofusion.space;

import java.util.Locale;

/** How two operations that did not know each other are brought together; set per collection or per path by {@code x-sync}. */
public enum ConflictPolicy {
    /** The higher stamp wins (and causality beats the clock). */
    MERGE,
    /** What the server already holds wins. */
    SERVER_WINS,
    /** What the device brings wins. */
    CLIENT_WINS,
    /** The lower stamp wins: whoever wrote first, whenever it arrives. */
    FIRST_WRITER,
    /** The higher stamp is live and the others wait in a queue until somebody resolves them. */
    MANUAL;

    private final String text = name().toLowerCase(Locale.ROOT).replace('_', '-');

    /** As schemas, frames and metrics spell it, such as {@code server-wins}. */
    public String text() {
        return text;
    }
}
