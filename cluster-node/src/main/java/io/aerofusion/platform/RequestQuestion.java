package io.aerofusion.platform;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import io.aerofusion.gateway.routing.Candidate;
import io.aerofusion.gateway.routing.Compiled;
import io.aerofusion.gateway.routing.Door;
import io.aerofusion.gateway.routing.Explanation;
import io.aerofusion.gateway.routing.Outcome;
import io.aerofusion.gateway.routing.Question;
import io.aerofusion.gateway.security.GuardState;
import io.aerofusion.gateway.security.Rehearsal;
import io.aerofusion.platform.http.ProblemException;
import io.aerofusion.route.NamedValue;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;

/** The question of {@code POST /api/v1/gateway/explain}: a request that nobody sent. */
final class RequestQuestion {
    private static final ObjectMapper MAPPER =
            JsonMapper.builder().addModule(new JavaTimeModule()).build();

    private RequestQuestion() {}

    static JsonNode answer(Outcome outcome, List<Door> doors, GuardState guards, JsonNode question) {
        int door = door(doors, question.path("listener").asText(""));
        Question asked = new Question(
                question.path("method").asText("GET"),
                text(question, "host"),
                text(question, "path"),
                headers(question.path("headers")),
                address(question.path("clientAddress").asText("127.0.0.1")));
        return switch (outcome) {
            case Compiled compiled -> answer(compiled, door, guards, asked);
            case Outcome.Refused refused ->
                throw new ProblemException(
                        ErrorCode.UNAVAILABLE, "This node cannot compile the generation: " + refused.problems());
        };
    }

    private static JsonNode answer(Compiled compiled, int door, GuardState guards, Question asked) {
        Explanation explanation = Explanation.of(compiled, door, asked);
        ObjectNode json = MAPPER.valueToTree(explanation);
        Candidate found = compiled.match(door, asked);
        if (explanation.status() == null && found != null) {
            List<Rehearsal.Word> words = Rehearsal.of(found.rule(), compiled.generation(), guards, asked);
            json.set("policies", MAPPER.valueToTree(words));
            words.stream()
                    .filter(Rehearsal.Word::refuses)
                    .findFirst()
                    .ifPresent(word -> json.put("status", word.status())
                            .put(
                                    "outcome",
                                    "Policy " + word.policy() + " refuses by its " + word.field() + ": "
                                            + word.detail()));
        }
        return json;
    }

    private static int door(List<Door> doors, String listener) {
        for (int i = 0; i < doors.size(); i++) {
            if (listener.isEmpty() || doors.get(i).name().equals(listener)) {
                return i;
            }
        }
        throw new ProblemException(ErrorCode.INVALID_REQUEST, "There is no listener " + listener + ".");
    }

    private static String text(JsonNode question, String field) {
        String text = question.path(field).asText("");
        if (text.isEmpty()) {
            throw new ProblemException(ErrorCode.INVALID_REQUEST, "Give " + field + ".");
        }
        return text;
    }

    private static List<NamedValue> headers(JsonNode json) {
        List<NamedValue> headers = new ArrayList<>();
        json.properties()
                .forEach(header -> headers.add(
                        new NamedValue(header.getKey(), header.getValue().asText())));
        return headers;
    }

    private static InetAddress address(String text) {
        try {
            if (text.matches("[0-9A-Fa-f:.]+")) { // a literal: nothing is asked of the network
                return InetAddress.getByName(text);
            }
        } catch (UnknownHostException e) {
            // told below, like what is no literal
        }
        throw new ProblemException(ErrorCode.INVALID_REQUEST, "clientAddress is an IP address.");
    }
}
