package io.aerofusion.gateway.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.aerofusion.gateway.Headers;
import io.aerofusion.gateway.conformance.Exchanged.Answer;
import io.aerofusion.gateway.conformance.Exchanged.Sent;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** A case of the suite: what it sends, and whether the answer is what it expects, compared as the suite compares. */
record Expectation(String test, int number, JsonNode wanted) {
    private static final String GRPC_SERVICE = "gateway_api_conformance.echo_basic.grpcecho.GrpcEcho";

    boolean grpc() {
        return test.startsWith("GRPC");
    }

    /** The case in words. */
    String title() {
        String given = wanted.path("TestCaseName").asText();
        String request = grpc()
                ? "call " + method() + " " + wanted.path("RequestMetadata")
                : wanted.path("Request").toString();
        return test + " " + number + ": " + (given.isEmpty() ? request : given);
    }

    private String method() {
        return wanted.has("EchoTwoRequest") ? "EchoTwo" : wanted.has("EchoThreeRequest") ? "EchoThree" : "Echo";
    }

    String host() {
        return grpc()
                ? wanted.path("RequestMetadata")
                        .path("Authority")
                        .asText("gateway.test")
                        .toLowerCase(Locale.ROOT)
                : wanted.path("Request").path("Host").asText("gateway.test");
    }

    /** The request of the case, to a listener's port. */
    Sent sent(int port, boolean tls) {
        if (grpc()) {
            Map<String, String> headers =
                    new TreeMap<>(Suite.texts(wanted.path("RequestMetadata").path("Metadata")));
            headers.put("content-type", "application/grpc");
            headers.put("te", "trailers");
            return new Sent(port, "POST", host(), "/" + GRPC_SERVICE + "/" + method(), headers, "", true, Map.of());
        }
        JsonNode request = wanted.path("Request");
        return new Sent(
                port,
                request.path("Method").asText("GET"),
                host(),
                request.path("Path").asText("/"),
                Suite.texts(request.path("Headers")),
                tls ? host() : "",
                false,
                Suite.texts(wanted.path("BackendSetResponseHeaders")));
    }

    void check(Sent sent, Answer answer) {
        if (grpc()) {
            boolean served = !wanted.path("Response").path("Code").asText("").equals("?Unimplemented");
            assertThat(answer.status()).isEqualTo(served ? 200 : 404);
            if (served) {
                assertThat(answer.seenTarget()).isEqualTo(sent.target());
                backend(answer);
            }
            return;
        }
        assertThat(answer.status()).isIn(statuses());
        headers(answer.headers(), wanted.path("Response"));
        if (answer.status() == 200 && !answer.backend().isEmpty()) {
            seen(sent, answer);
            backend(answer);
            mirrors(answer);
        } else if (answer.status() >= 300 && answer.status() < 400) {
            redirect(sent, answer);
        }
    }

    private List<Integer> statuses() {
        JsonNode response = wanted.path("Response");
        List<Integer> statuses = new ArrayList<>();
        response.path("StatusCodes").forEach(status -> statuses.add(status.asInt()));
        return statuses.isEmpty() ? List.of(response.path("StatusCode").asInt(200)) : statuses;
    }

    private void backend(Answer answer) {
        String service = wanted.path("Backend").asText("");
        if (!service.isEmpty()) {
            assertThat(answer.backend())
                    .isEqualTo(Suite.upstream(service, wanted.path("Namespace").asText(Suite.NAMESPACE)));
        }
    }

    private void seen(Sent sent, Answer answer) {
        JsonNode expected =
                wanted.has("ExpectedRequest") ? wanted.path("ExpectedRequest").path("Request") : wanted.path("Request");
        String host = expected.path("Host").asText("");
        if (!host.isEmpty()) {
            assertThat(answer.seenHost()).isEqualTo(host);
        }
        assertThat(answer.seenTarget()).isEqualTo(expected.path("Path").asText(sent.target()));
        assertThat(answer.seenMethod()).isEqualTo(expected.path("Method").asText("GET"));
        Suite.texts(expected.path("Headers"))
                .forEach((name, value) -> assertThat(joined(answer.seen(), name))
                        .as("seen " + name)
                        .isEqualTo(value));
        wanted.path("ExpectedRequest")
                .path("AbsentHeaders")
                .forEach(name -> assertThat(answer.seen().all(name.asText().toLowerCase(Locale.ROOT)))
                        .as("seen " + name)
                        .isEmpty());
    }

    private void mirrors(Answer answer) {
        List<String> mirrors = new ArrayList<>();
        for (JsonNode mirror : wanted.path("MirroredTo")) {
            if (mirror.has("Percent")) {
                return; // which requests are copied is a matter of chance; looked at over many
            }
            JsonNode ref = mirror.path("BackendRef");
            mirrors.add(Suite.upstream(
                    ref.path("Name").asText(), ref.path("Namespace").asText()));
        }
        assertThat(answer.mirrors()).containsExactlyInAnyOrderElementsOf(mirrors);
    }

    private static void headers(Headers headers, JsonNode response) {
        boolean blind = response.path("IgnoreWhitespace").asBoolean();
        Suite.texts(response.path("Headers"))
                .forEach((name, value) ->
                        assertThat(joined(headers, name)).as(name).isEqualTo(value));
        response.path("ValidHeaderValues").properties().forEach(member -> {
            List<String> valid = new ArrayList<>();
            member.getValue().forEach(value -> valid.add(blind ? value.asText().replace(" ", "") : value.asText()));
            String value = joined(headers, member.getKey());
            assertThat(blind ? value.replace(" ", "") : value)
                    .as(member.getKey())
                    .isIn(valid);
        });
        response.path("AbsentHeaders")
                .forEach(name -> assertThat(headers.all(name.asText().toLowerCase(Locale.ROOT)))
                        .as(name.asText())
                        .isEmpty());
    }

    private void redirect(Sent sent, Answer answer) {
        JsonNode expected = wanted.path("RedirectRequest");
        if (expected.isMissingNode()) {
            return;
        }
        URI location = URI.create(joined(answer.headers(), "location"));
        String scheme = expected.path("Scheme").asText(sent.serverName().isEmpty() ? "http" : "https");
        assertThat(location.getScheme()).isEqualTo(scheme);
        assertThat(location.getHost()).isEqualTo(expected.path("Host").asText(location.getHost()));
        if (expected.path("Port").asText("").isEmpty()) {
            assertThat(location.getPort()).isIn(-1, scheme.equals("https") ? 443 : 80);
        } else {
            assertThat(location.getPort()).isEqualTo(expected.path("Port").asInt());
        }
        assertThat(location.getRawPath()).isEqualTo(expected.path("Path").asText(sent.target()));
    }

    private static String joined(Headers headers, String name) {
        List<String> all = headers.all(name.toLowerCase(Locale.ROOT));
        assertThat(all).as(name).isNotEmpty();
        return String.join(",", all);
    }
}
