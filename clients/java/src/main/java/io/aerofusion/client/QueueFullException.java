package io.aerofusion.client;

/** The device made more changes than its queue holds without reaching a server; nothing of this change was kept. */
public final class QueueFullException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    QueueFullException(String space, int max) {
        super("the queue of space " + space + " holds " + max + " mutations; connect before making more");
    }
}
