package io.aerofusion.gateway;

/** A client connection that can be asked to end. */
public interface Draining {
    /** End once what is under way is done; at once if nothing is. */
    void drain();

    /** End now. */
    void close();
}
