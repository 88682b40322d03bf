package io.aerofusion.gateway;

import java.util.Locale;

/** By which of the system's ways the data path reads and writes sockets. */
public enum Transport {
    /** The first of the others that this system has. */
    AUTO,
    /** Linux's io_uring: many reads and writes for one system call. Containers are often not allowed it. */
    IO_URING,
    /** Linux's epoll. */
    EPOLL,
    /** The JDK's selectors, which are everywhere. */
    NIO;

    /** The one with this name of the settings: {@code auto}, {@code io_uring}, {@code epoll} or {@code nio}. */
    public static Transport named(String name) {
        for (Transport transport : values()) {
            if (transport.settingName().equals(name)) return transport;
        }
        throw new IllegalArgumentException("transport is auto, io_uring, epoll or nio, not " + name);
    }

    String settingName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
