package io.aerofusion.gateway.security;

import io.aerofusion.gateway.Gateway;
import io.aerofusion.gateway.GatewaySettings;
import io.aerofusion.gateway.Step;
import io.aerofusion.gateway.routing.Compiled;
import io.aerofusion.gateway.routing.CompiledRule;
import io.aerofusion.route.Problem;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Makes the steps of generations for the data path, and lets what they remember go on from one to the next. The compiler of generations has to be
 * given {@link PolicyCompiler#check}, so that nothing arrives here that cannot be used.
 */
public final class GuardPolicies implements GatewaySettings.Policies {
    private final GuardState state;
    private @Nullable Made newest;

    private record Made(Compiled compiled, PolicyCompiler compiler) {}

    public GuardPolicies(GuardState state) {
        this.state = state;
    }

    @Override
    public synchronized Function<CompiledRule, List<Step>> of(Compiled compiled) {
        // Consumers that share a credential are told apart by their order here; they were reported when the generation
        // was checked.
        List<Problem> ignored = new ArrayList<>();
        PolicyCompiler compiler = new PolicyCompiler(state, Consumers.of(compiled.generation(), ignored));
        newest = new Made(compiled, compiler);
        return rule -> compiler.steps(rule.policy().spec(), rule.policy().origins());
    }

    /**
     * Has a generation served. The one before is served until the swap is done, and counts with what it remembers until then; afterwards what
     * only older ones used is let go.
     *
     * @param letGo runs the last part: it looks at all that is remembered, so not on an event loop
     * @return completes when the generation is in service, or a later one took its place
     */
    public CompletionStage<Void> serve(Gateway gateway, Compiled compiled, Executor letGo) {
        return gateway.swap(compiled).thenRunAsync(() -> served(compiled), letGo);
    }

    private synchronized void served(Compiled compiled) {
        Made made = newest;
        // Where a later one is on its way already, what it shares with none before is not this one's to let go.
        if (made != null && made.compiled() == compiled) {
            made.compiler().retain();
        }
    }
}
