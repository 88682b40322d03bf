package io.aerofusion.platform;

/** Why a node cannot start, in one sentence for the person at the command line. */
public final class StartException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public StartException(String sentence) {
        super(sentence);
    }

    public StartException(String sentence, Throwable cause) {
        super(sentence, cause);
    }
}
