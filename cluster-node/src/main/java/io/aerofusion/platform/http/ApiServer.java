package io.aerofusion.platform.http;

import akka.NotUsed;
import akka.actor.typed.ActorSystem;
import akka.http.javadsl.Http;
import akka.http.javadsl.ServerBinding;
import akka.http.javadsl.ServerBuilder;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.stream.InitialTimeoutException;
import akka.stream.javadsl.Flow;
import akka.stream.javadsl.Source;
import io.aerofusion.platform.security.Authenticator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** Serves a table of {@link Endpoint}s on one port. */
public final class ApiServer {
    /** One request at a time per connection: a pipelined one waits, so a connection cannot hold more than one body. */
    private static final int PIPELINING = 1;

    private ApiServer() {}

    /**
     * Binds the port and answers from then on.
     *
     * @param port 0 lets the system choose
     * @param tls empty for plain HTTP
     */
    public static CompletionStage<ServerBinding> bind(
            ActorSystem<?> system,
            String host,
            int port,
            Optional<Tls> tls,
            HttpSettings settings,
            List<Endpoint> endpoints,
            Authenticator authenticator) {
        RequestPipeline pipeline = new RequestPipeline(system, settings, endpoints, authenticator, tls.isPresent());
        // A connection that sends no complete request head in time is closed: half-open sockets cannot pile up.
        Flow<HttpRequest, HttpResponse, NotUsed> connection = Flow.of(HttpRequest.class)
                .initialTimeout(settings.headTimeout())
                .mapAsync(PIPELINING, pipeline::answer)
                .recoverWithRetries(1, InitialTimeoutException.class, Source::empty);
        ServerBuilder server = Http.get(system).newServerAt(host, port);
        return tls.map(it -> server.enableHttps(it.server())).orElse(server).bindFlow(connection);
    }
}
