package io.aerofusion.platform.persistence;

/** Why a node does not start, in one sentence that tells the operator what to do; shown without a stack trace. */
public final class StartException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public StartException(String sentence) {
        super(sentence);
    }

    public StartException(String sentence, Throwable cause) {
        super(sentence, cause);
    }
}
