package io.aerofusion.gateway.security;

import io.aerofusion.gateway.GatewaySettings;
import io.aerofusion.gateway.Step;
import io.aerofusion.gateway.routing.Compiled;
import io.aerofusion.gateway.routing.CompiledRule;
import io.aerofusion.route.Problem;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Makes the steps of generations for the data path, and lets what they remember go on from one to the next. The compiler of generations has to be
 * given {@link PolicyCompiler#check}, so that nothing arrives here that cannot be used.
 */
public final class GuardPolicies implements GatewaySettings.Policies {
    private final GuardState state;
    private @Nullable PolicyCompiler last;

    public GuardPolicies(GuardState state) {
        this.state = state;
    }

    @Override
    public synchronized Function<CompiledRule, List<Step>> of(Compiled compiled) {
        // The generation before this one is still being served; what only older ones used can go.
        if (last != null) {
            last.retain();
        }
        // Consumers that share a credential are told apart by their order here; they were reported when the generation
        // was checked.
        List<Problem> ignored = new ArrayList<>();
        PolicyCompiler compiler = new PolicyCompiler(state, Consumers.of(compiled.generation(), ignored));
        last = compiler;
        return rule -> compiler.steps(rule.policy().spec(), rule.policy().origins());
    }
}
