package io.aerofusion.route;

import com.fasterxml.jackson.databind.JsonNode;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.http.ProblemException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The members of a small JSON body: those that are unknown, of another type or too long are refused by name. */
record RequestFields(JsonNode json) {
    /** @throws ProblemException when the body is no object, or has a member that is not among these */
    static RequestFields of(JsonNode json, Set<String> known) {
        if (!json.isObject()) {
            throw invalid("The body is a JSON object.");
        }
        json.fieldNames().forEachRemaining(name -> {
            if (!known.contains(name)) {
                throw invalid("There is no field " + (name.length() > 64 ? "of that name" : name) + ".");
            }
        });
        return new RequestFields(json);
    }

    /** A text of 1 to {@code lengthMax} characters; null when it is absent. */
    @Nullable String text(String name, int lengthMax) {
        JsonNode value = json.get(name);
        if (value == null || value.isNull()) {
            return null;
        }
        if (!value.isTextual()
                || value.textValue().isEmpty()
                || value.textValue().length() > lengthMax) {
            throw invalid(name + " is a text of 1 to " + lengthMax + " characters.");
        }
        return value.textValue();
    }

    /** A time (RFC 3339) in milliseconds of the epoch; null when it is absent. */
    @Nullable Long time(String name) {
        String text = text(name, 64);
        if (text == null) {
            return null;
        }
        try {
            return Instant.parse(text).toEpochMilli();
        } catch (DateTimeException | ArithmeticException notATime) {
            throw invalid(name + " is a time such as 2026-11-21T08:00:00Z.");
        }
    }

    static ProblemException invalid(String detail) {
        return new ProblemException(ErrorCode.INVALID_REQUEST, detail);
    }
}
