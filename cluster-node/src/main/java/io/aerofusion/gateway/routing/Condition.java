package io.aerofusion.gateway.routing;

import com.google.re2j.Pattern;
import io.aerofusion.gateway.RequestView;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a request must show beside its path, for a rule to take it. */
sealed interface Condition {
    boolean holds(RequestView request);

    /** The condition in words, for explanations. */
    String text();

    /** What the request says of a version, see {@link RuleVersion}. */
    non-sealed interface OfVersion extends Condition {}

    /** The method is this one. */
    record Method(String method) implements Condition {
        @Override
        public boolean holds(RequestView request) {
            return method.equals(request.method());
        }

        @Override
        public String text() {
            return "method " + method;
        }
    }

    /** A header, its lines joined by commas as RFC 9110 (5.3) says, is this text. */
    record HeaderIs(String name, String value) implements Condition {
        @Override
        public boolean holds(RequestView request) {
            return value.equals(joined(request, name));
        }

        @Override
        public String text() {
            return "header " + name + " is " + value;
        }
    }

    /** A header, as a whole, fits this expression. */
    record HeaderFits(String name, Pattern pattern) implements Condition {
        @Override
        public boolean holds(RequestView request) {
            String value = joined(request, name);
            return value != null && pattern.matches(value);
        }

        @Override
        public String text() {
            return "header " + name + " fits " + pattern.pattern();
        }
    }

    /** The first query parameter of this name is this text. */
    record QueryIs(String name, String value) implements Condition {
        @Override
        public boolean holds(RequestView request) {
            return Query.firstIs(request.query(), name, value);
        }

        @Override
        public String text() {
            return "query parameter " + name + " is " + value;
        }
    }

    /** The first query parameter of this name, as a whole, fits this expression. */
    record QueryFits(String name, Pattern pattern) implements Condition {
        @Override
        public boolean holds(RequestView request) {
            String value = Query.first(request.query(), name);
            return value != null && pattern.matches(value);
        }

        @Override
        public String text() {
            return "query parameter " + name + " fits " + pattern.pattern();
        }
    }

    /** The request is a gRPC call. */
    record Grpc() implements Condition {
        private static final String TYPE = "application/grpc";

        @Override
        public boolean holds(RequestView request) {
            String type = request.header("content-type");
            return type != null && type.regionMatches(true, 0, TYPE, 0, TYPE.length());
        }

        @Override
        public String text() {
            return "a gRPC call";
        }
    }

    private static @Nullable String joined(RequestView request, String name) {
        String first = request.header(name);
        if (first == null) {
            return null;
        }
        List<String> all = request.headers(name);
        return all.size() == 1 ? first : String.join(",", all);
    }
}
