package io.aerofusion.route;

import akka.http.javadsl.model.HttpMethods;
import akka.http.javadsl.model.HttpResponse;
import io.aerofusion.platform.http.Answer;
import io.aerofusion.platform.http.ApiRequest;
import io.aerofusion.platform.http.Endpoint;
import java.util.List;
import java.util.concurrent.CompletionStage;

/** Keys of consumers, for operators. */
final class ApiKeyRoutes {
    private final GatewayControl control;
    private final ConsumerKeys keys;

    ApiKeyRoutes(GatewayControl control) {
        this.control = control;
        this.keys = new ConsumerKeys(control);
    }

    List<Endpoint> endpoints() {
        return List.of(
                new Endpoint(
                        HttpMethods.POST,
                        "/api/v1/gateway/consumers/{name}/keys",
                        "issueConsumerKey",
                        "Give the consumer one more API key; it is shown this once",
                        Endpoint.Access.OPERATOR,
                        List.of(),
                        "{\"type\":\"object\",\"properties\":{\"expiresAt\":" + GatewayJson.TIME + "}}",
                        List.of(GatewayJson.reply(
                                201,
                                "The key",
                                "{\"type\":\"object\",\"required\":[\"key\",\"hint\"],\"properties\":{\"key\":{\"type\":\"string\"},"
                                        + "\"hint\":{\"type\":\"string\"},\"expiresAt\":" + GatewayJson.TIME + "}}")),
                        this::issue),
                new Endpoint(
                        HttpMethods.DELETE,
                        "/api/v1/gateway/consumers/{name}/keys/{hint}",
                        "revokeConsumerKey",
                        "Take the key with that hint back; it ends on every node with the next generation",
                        Endpoint.Access.OPERATOR,
                        List.of(),
                        "",
                        List.of(new Endpoint.Reply(204, "Taken back", "", "")),
                        this::revoke));
    }

    private CompletionStage<HttpResponse> issue(ApiRequest request) {
        control.require(request);
        return keys.issue(request, request.path("name"), anybody -> {}).thenApply(key -> Answer.json(201, key));
    }

    private CompletionStage<HttpResponse> revoke(ApiRequest request) {
        control.require(request);
        return keys.revoke(request, request.path("name"), request.path("hint"), anybody -> {})
                .thenApply(done -> Answer.nothing());
    }
}
