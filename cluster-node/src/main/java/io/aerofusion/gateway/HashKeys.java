package io.aerofusion.gateway;

import io.aerofusion.gateway.upstream.Balancing.HashOn;
import io.aerofusion.gateway.upstream.HashKey;

/** What of a request decides its endpoint, for upstreams that are balanced by consistent hashing. */
final class HashKeys {
    private HashKeys() {}

    static long of(HashOn on, RequestView request) {
        return switch (on.of()) {
            case NOTHING -> HashKey.NONE;
            case SOURCE_IP -> HashKey.of(request.clientAddress().getAddress());
            case HEADER -> {
                String value = request.header(name(on));
                yield value == null ? HashKey.NONE : HashKey.of(value);
            }
            case COOKIE -> cookie(request, name(on));
        };
    }

    private static long cookie(RequestView request, String name) {
        for (String line : request.headers("cookie")) {
            for (String pair : line.split(";", -1)) {
                String cookie = pair.strip();
                if (cookie.startsWith(name) && cookie.length() > name.length() && cookie.charAt(name.length()) == '=')
                    return HashKey.of(cookie.substring(name.length() + 1));
            }
        }
        return HashKey.NONE;
    }

    private static String name(HashOn on) {
        String name = on.name();
        return name == null ? "" : name;
    }
}
