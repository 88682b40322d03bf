package io.aerofusion.load;

import java.util.concurrent.atomic.AtomicIntegerArray;

/** Which gateways are there, as the drill knows because it is the drill that restarts them. Thread-safe. */
final class SoakPresence {
    private static final int THERE = 0;
    private static final int AWAY = 1;

    private final AtomicIntegerArray states;
    private final AtomicIntegerArray departures;

    SoakPresence(int gateways) {
        states = new AtomicIntegerArray(gateways);
        departures = new AtomicIntegerArray(gateways);
    }

    int gateways() {
        return states.length();
    }

    boolean there(int gateway) {
        return states.get(gateway) == THERE;
    }

    boolean allThere() {
        for (int i = 0; i < states.length(); i++) {
            if (!there(i)) {
                return false;
            }
        }
        return true;
    }

    /** From now on what it closes is closed because it leaves. */
    void leaves(int gateway) {
        departures.incrementAndGet(gateway);
        states.set(gateway, AWAY);
    }

    void returns(int gateway) {
        states.set(gateway, THERE);
    }

    /** How often it has left: a connection that is older than its gateway's last departure was ended by that. */
    int departures(int gateway) {
        return departures.get(gateway);
    }
}
