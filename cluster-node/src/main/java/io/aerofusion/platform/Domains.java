package io.aerofusion.platform;

import com.github.benmanes.caffeine.cache.Ticker;
import io.aerofusion.device.Devices;
import io.aerofusion.platform.cluster.IdentityChanges;
import io.aerofusion.platform.cluster.Projections;
import io.aerofusion.platform.http.Endpoint;
import io.aerofusion.platform.security.Authenticator;
import io.aerofusion.platform.security.BearerToken;
import io.aerofusion.platform.security.OidcAuthenticator;
import io.aerofusion.platform.security.TokenAuthenticator;
import io.aerofusion.route.GatewayControl;
import io.aerofusion.space.Spaces;
import io.aerofusion.user.Users;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/** The domains of a node, brought together. They do not know each other: what one needs of another is handed over here. */
final class Domains {
    private final Authenticator authenticator;
    private final Users users;
    private final GatewayControl gateway;
    private final List<Endpoint> endpoints;
    private final Runnable projections;

    private Domains(
            Authenticator authenticator,
            Users users,
            GatewayControl gateway,
            List<Endpoint> endpoints,
            Runnable projections) {
        this.authenticator = authenticator;
        this.users = users;
        this.gateway = gateway;
        this.endpoints = endpoints;
        this.projections = projections;
    }

    /**
     * Starts the domains on this node: their sharding, without the read models ({@link #project}).
     *
     * @param directory the node's data directory
     * @param dataPath of the gateway
     * @param builtIn adds the identities that the node itself knows
     */
    static Domains start(NodeContext context, Path directory, DataPath dataPath, UnaryOperator<Authenticator> builtIn) {
        TokenAuthenticator tokens = new TokenAuthenticator();
        AtomicReference<Consumer<BearerToken.Identity>> sessions = new AtomicReference<>(nobody -> {});
        AtomicReference<Consumer<BearerToken.Identity>> foreign = new AtomicReference<>(nobody -> {});
        IdentityChanges changes = IdentityChanges.start(context.system(), identity -> {
            tokens.forget(identity);
            foreign.get().accept(identity);
            sessions.get().accept(identity);
        });
        Devices devices = new Devices(context, tokens, changes::announce);
        AtomicReference<Authenticator> all = new AtomicReference<>(tokens);
        Authenticator authenticator = builtIn.apply(token -> all.get().authenticate(token));
        Spaces spaces = new Spaces(context, authenticator, devices);
        sessions.set(spaces::identifyAgain);
        GatewayControl gateway = new GatewayControl(
                context,
                directory,
                new GatewayControl.DataPath(
                        dataPath::check,
                        dataPath::explain,
                        dataPath::status,
                        dataPath::listeners,
                        dataPath::document,
                        dataPath::rights,
                        dataPath::purge));
        gateway.serve(dataPath::serve);
        gateway.revoke(revocations -> {
            dataPath.revoke(revocations);
            spaces.identifyForeignAgain();
        });
        Users users = new Users(
                context,
                tokens,
                changes::announce,
                // what a user owns without a data key of its own goes with the user
                Map.of("Device", devices::forget, "Space", spaces::forget, "User", gateway::forget),
                spaces::dismiss);
        dataPath.oidc(context.system().settings().config(), context.clock()).ifPresent(verifier -> {
            OidcAuthenticator oidc = new OidcAuthenticator(verifier, users.accounts(), tokens, Ticker.systemTicker());
            foreign.set(oidc::forget);
            all.set(oidc);
        });
        List<Endpoint> endpoints = new ArrayList<>();
        endpoints.addAll(users.endpoints(devices::ofUser, spaces::ofUser));
        endpoints.addAll(devices.endpoints(users::exists));
        endpoints.addAll(spaces.endpoints());
        endpoints.addAll(gateway.endpoints());
        Runnable projections = () -> Projections.start(
                context,
                Projections.READ_MODELS,
                List.of(
                        devices.readModel(),
                        users.readModel(),
                        spaces.readModel(),
                        gateway.readModel(),
                        gateway.revocationsReadModel()));
        return new Domains(authenticator, users, gateway, List.copyOf(endpoints), projections);
    }

    /** Begins this node's part of feeding the read models: they may lag, so the first requests need not wait behind their start. */
    void project() {
        projections.run();
    }

    /** What they serve. */
    List<Endpoint> endpoints() {
        return endpoints;
    }

    /** Whose tokens they know. */
    Authenticator authenticator() {
        return authenticator;
    }

    Users users() {
        return users;
    }

    GatewayControl gateway() {
        return gateway;
    }
}
