package io.aerofusion.route;

import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.exc.InvalidFormatException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** What was found wrong with a document while it was read, up to a bound. */
final class Faults {
    /** More than this are not reported; whoever has so many corrects these first. */
    static final int REPORTED_MAX = 100;

    private final String kind;
    private final String name;
    private final List<Problem> problems = new ArrayList<>();

    Faults(String kind, String name) {
        this.kind = kind;
        this.name = name;
    }

    void add(String pointer, String code, String detail) {
        if (problems.size() < REPORTED_MAX) {
            problems.add(new Problem(kind, name, pointer, code, detail));
        }
    }

    /** What ended the reading: the place is in Jackson's own path. */
    void add(IOException refusal) {
        if (refusal instanceof JsonMappingException mapping) {
            StringBuilder pointer = new StringBuilder("/spec");
            for (JsonMappingException.Reference step : mapping.getPath()) {
                pointer.append('/');
                if (step.getFieldName() == null) {
                    pointer.append(step.getIndex());
                } else {
                    pointer.append(escaped(step.getFieldName()));
                }
            }
            String wrong =
                    refusal instanceof InvalidFormatException format ? "The value " + format.getValue() : "The value";
            add(pointer.toString(), Problem.INVALID, wrong + " is not of the type that belongs here.");
        } else {
            add("/spec", Problem.MALFORMED, "The spec cannot be read.");
        }
    }

    List<Problem> problems() {
        return problems;
    }

    static String escaped(String name) {
        return name.replace("~", "~0").replace("/", "~1");
    }
}
