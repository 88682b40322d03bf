package io.aerofusion.platform;

import akka.http.javadsl.model.HttpResponse;
import io.aerofusion.device.Devices;
import io.aerofusion.platform.http.ApiRequest;
import io.aerofusion.platform.http.Endpoint;
import io.aerofusion.platform.http.ProblemException;
import io.aerofusion.platform.security.TokenAuthenticator;
import io.aerofusion.user.Users;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** The domains of a node, brought together. They do not know each other: what one needs of another is handed over here. */
final class Domains {
    private final TokenAuthenticator tokens;
    private final Users users;
    private final List<Endpoint> endpoints;

    private Domains(TokenAuthenticator tokens, Users users, List<Endpoint> endpoints) {
        this.tokens = tokens;
        this.users = users;
        this.endpoints = endpoints;
    }

    /** Starts the domains on this node: their sharding, their projections. */
    static Domains start(NodeContext context) {
        TokenAuthenticator tokens = new TokenAuthenticator();
        Devices devices = new Devices(context, tokens);
        Users users = new Users(context, tokens, Map.of("Device", devices::forget));
        List<Endpoint> endpoints = new ArrayList<>();
        endpoints.addAll(users.endpoints(Domains::notListed, Domains::notListed));
        endpoints.addAll(devices.endpoints(users::exists));
        return new Domains(tokens, users, List.copyOf(endpoints));
    }

    private static CompletionStage<HttpResponse> notListed(ApiRequest request, String user) {
        return CompletableFuture.failedFuture(
                new ProblemException(ErrorCode.UNAVAILABLE, "This node keeps no list of them."));
    }

    /** What they serve. */
    List<Endpoint> endpoints() {
        return endpoints;
    }

    /** Whose tokens they know. */
    TokenAuthenticator tokens() {
        return tokens;
    }

    Users users() {
        return users;
    }
}
