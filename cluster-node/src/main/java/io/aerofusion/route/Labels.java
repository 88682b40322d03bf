package io.aerofusion.route;

import com.fasterxml.jackson.databind.JsonNode;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.http.ApiRequest;
import io.aerofusion.platform.http.ProblemException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The {@code label=key=value} parameters of a search. */
final class Labels {
    /** Labels of one search. */
    private static final int LABELS_MAX = 8;

    private Labels() {}

    static List<Map.Entry<String, String>> of(ApiRequest request) {
        List<Map.Entry<String, String>> labels = new ArrayList<>();
        for (var parameter : request.http().getUri().query().toList()) {
            if (parameter.first().equals("label")) {
                int equals = parameter.second().indexOf('=');
                if (equals < 1 || labels.size() == LABELS_MAX) {
                    throw new ProblemException(
                            ErrorCode.INVALID_REQUEST, "label is key=value, " + LABELS_MAX + " times at most.");
                }
                labels.add(Map.entry(
                        parameter.second().substring(0, equals),
                        parameter.second().substring(equals + 1)));
            }
        }
        return labels;
    }

    static boolean match(JsonNode document, List<Map.Entry<String, String>> labels) {
        JsonNode has = document.path("metadata").path("labels");
        return labels.stream()
                .allMatch(label -> has.path(label.getKey()).asText("\0").equals(label.getValue()));
    }
}
