package io.aerofusion.gateway.conformance;

import io.aerofusion.gateway.Headers;
import io.aerofusion.gateway.TestRequest;
import io.aerofusion.gateway.conformance.Exchanged.Answer;
import io.aerofusion.gateway.conformance.Exchanged.Sent;
import io.aerofusion.gateway.routing.Backends;
import io.aerofusion.gateway.routing.Candidate;
import io.aerofusion.gateway.routing.Compiled;
import io.aerofusion.gateway.routing.Filters;
import io.aerofusion.gateway.routing.Mirror;
import io.aerofusion.gateway.routing.NormalPath;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;

/** The compiled tables and filters without an engine: what they say of a request, and a backend that echoes it. */
final class Tables implements Exchanged.Way {
    private final Compiled compiled;
    private final SplittableRandom random = new SplittableRandom(1);

    Tables(Compiled compiled) {
        this.compiled = compiled;
    }

    @Override
    public Answer send(Sent sent) {
        int door = door(sent.port());
        View view = new View(sent);
        int listener = compiled.listener(door, view.host());
        if (!sent.serverName().isEmpty() && listener != compiled.listener(door, sent.serverName())) {
            return Answer.of(421, new Headers());
        }
        Candidate found = compiled.match(door, view);
        if (!found(found, view)) {
            return Answer.of(found == null && view.normal.ambiguities() == 0 ? 404 : 400, new Headers());
        }
        Filters filters = found.rule().filters();
        if (filters.cors() != null) {
            Headers preflight = filters.cors().preflight(view);
            if (preflight != null) {
                return Answer.of(204, preflight);
            }
        }
        if (filters.redirect() != null) {
            return redirected(filters, listener, view, found);
        }
        Backends.Backend backend = found.rule().backends().pick(random.nextInt());
        if (backend == null) {
            return Answer.of(500, new Headers());
        }
        if (backend.filters().redirect() != null) {
            return redirected(backend.filters(), listener, view, found);
        }
        return forwarded(sent, view, found, backend);
    }

    private static boolean found(Candidate found, View view) {
        return found != null && found.allows(view.normal.ambiguities());
    }

    private Answer redirected(Filters filters, int listener, View view, Candidate found) {
        String location = filters.redirect()
                .location(
                        compiled.doors().get(listener),
                        view.host(),
                        view.rawTarget(),
                        view.path(),
                        found.prefixLength());
        return Answer.of(filters.redirect().status(), Headers.of("location", location));
    }

    private Answer forwarded(Sent sent, View view, Candidate found, Backends.Backend backend) {
        Headers seen = new Headers();
        seen.addAll(view.fields);
        String target = view.rawTarget();
        String host = sent.host();
        List<String> mirrors = new ArrayList<>();
        for (Filters filters : List.of(found.rule().filters(), backend.filters())) {
            filters.requestHeaders().apply(seen);
            for (Mirror mirror : filters.mirrors()) {
                if (mirror.chosen(random.nextInt())) {
                    mirrors.add(mirror.upstream());
                }
            }
            if (filters.rewrite() != null) {
                target = filters.rewrite().target(target, view.path(), found.prefixLength());
                host = filters.rewrite().hostname() == null
                        ? host
                        : filters.rewrite().hostname();
            }
        }
        Headers response = new Headers();
        sent.echoed().forEach(response::add);
        backend.filters().responseHeaders().apply(response);
        found.rule().filters().responseHeaders().apply(response);
        if (found.rule().filters().cors() != null) {
            found.rule().filters().cors().answered(view, response);
        }
        return new Answer(200, response, Suite.pods(backend.upstream()), sent.method(), host, target, seen, mirrors);
    }

    private int door(int port) {
        for (int i = 0; i < compiled.doors().size(); i++) {
            if (compiled.doors().get(i).port() == port) {
                return i;
            }
        }
        throw new IllegalArgumentException("no listener on " + port);
    }

    private static final class View implements TestRequest {
        private final Sent sent;
        private final Headers fields = new Headers();
        private final NormalPath normal;

        View(Sent sent) {
            this.sent = sent;
            sent.headers().forEach(fields::add);
            int question = sent.target().indexOf('?');
            this.normal =
                    NormalPath.of(question < 0 ? sent.target() : sent.target().substring(0, question));
        }

        @Override
        public Headers fields() {
            return fields;
        }

        @Override
        public String method() {
            return sent.method();
        }

        @Override
        public String host() {
            int colon = sent.host().indexOf(':');
            return (colon < 0 ? sent.host() : sent.host().substring(0, colon)).toLowerCase(Locale.ROOT);
        }

        @Override
        public String path() {
            return normal.path();
        }

        @Override
        public String rawTarget() {
            return sent.target();
        }
    }
}
