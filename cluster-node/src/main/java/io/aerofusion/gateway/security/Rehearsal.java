package io.aerofusion.gateway.security;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.aerofusion.gateway.BodyEdit;
import io.aerofusion.gateway.RequestEdit;
import io.aerofusion.gateway.Step;
import io.aerofusion.gateway.Treatment;
import io.aerofusion.gateway.Verdict;
import io.aerofusion.gateway.routing.CompiledRule;
import io.aerofusion.gateway.routing.Question;
import io.aerofusion.route.Generation;
import io.aerofusion.route.PolicySpec;
import java.net.InetAddress;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * What the policies of a rule say of a request that nobody sent: is its address let in, who would it be, may that one. Credentials are really
 * checked: a password is compared, and an issuer asked that nobody asked before. Limits are named and not counted.
 */
public final class Rehearsal implements RequestEdit {
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final Verdict NOBODY_ANSWERED =
            new Verdict.Refuse(503, "authentication-unavailable", "Whoever has to be asked did not answer in time.");

    private final Question asked;
    private @Nullable String consumer;
    private @Nullable Object principal;

    private Rehearsal(Question asked) {
        this.asked = asked;
    }

    /**
     * What one field of the policies says.
     *
     * @param field of the policy, such as {@code authorization}
     * @param policy the name of the policy that says it
     * @param says {@code passes}, {@code refuses}, {@code not asked} (for limits) or {@code not reached}
     * @param status with which it refuses
     * @param code of the problem with which it refuses
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Word(
            String field,
            String policy,
            String says,
            @Nullable Integer status,
            @Nullable String code,
            String detail) {
        /** Whether the request ends here. */
        public boolean refuses() {
            return status != null;
        }
    }

    /** Asks in the order of a real request; blocks while somebody else has to be asked, for some seconds at most. */
    public static List<Word> of(CompiledRule rule, Generation generation, GuardState state, Question question) {
        PolicySpec policy = rule.policy().spec();
        Map<String, String> origins = rule.policy().origins();
        PolicyCompiler compiler = new PolicyCompiler(state, Consumers.of(generation, new ArrayList<>()));
        Rehearsal request = new Rehearsal(question);
        List<Word> words = new ArrayList<>();
        if (policy.ipRestriction() != null) {
            request.ask("ipRestriction", origins, List.of(new AddressRules(policy.ipRestriction())), words);
        }
        if (policy.authentication() != null) {
            request.ask(
                    "authentication",
                    origins,
                    compiler.authenticate(policy.authentication()).steps(),
                    words);
        }
        if (policy.authorization() != null) {
            request.ask("authorization", origins, List.of(new AccessRules(policy.authorization())), words);
        }
        if (policy.rateLimit() != null && !policy.rateLimit().isEmpty()) {
            words.add(new Word(
                    "rateLimit",
                    origins.getOrDefault("rateLimit", ""),
                    "not asked",
                    null,
                    null,
                    "Nothing is counted."));
        }
        return words;
    }

    private void ask(String field, Map<String, String> origins, List<? extends Step> steps, List<Word> words) {
        String policy = origins.getOrDefault(field, "");
        if (words.stream().anyMatch(Word::refuses)) {
            words.add(new Word(field, policy, "not reached", null, null, ""));
            return;
        }
        Verdict verdict = Verdict.PASS;
        for (int i = 0; i < steps.size() && !(verdict instanceof Verdict.Refuse); i++) {
            verdict = now(steps.get(i).check(this));
        }
        words.add(
                verdict instanceof Verdict.Refuse refusal
                        ? new Word(field, policy, "refuses", refusal.status(), refusal.code(), refusal.detail())
                        : new Word(field, policy, "passes", null, null, who()));
    }

    private static Verdict now(Verdict verdict) {
        if (!(verdict instanceof Verdict.Later later)) {
            return verdict;
        }
        try {
            return later.verdict().toCompletableFuture().get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException late) {
            return NOBODY_ANSWERED;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return NOBODY_ANSWERED;
        }
    }

    private String who() {
        if (!(principal instanceof Principal known)) {
            return "";
        }
        if (known.isAnonymous()) {
            return "anonymous";
        }
        return (known.consumer() == null ? "subject " + known.subject() : "consumer " + known.consumer())
                + ", by " + known.scheme()
                + ", roles " + new TreeSet<>(known.roles())
                + ", scopes " + new TreeSet<>(known.scopes());
    }

    @Override
    public void identify(@Nullable String itsConsumer, @Nullable Object itsPrincipal) {
        consumer = itsConsumer;
        principal = itsPrincipal;
    }

    @Override
    public @Nullable String consumer() {
        return consumer;
    }

    @Override
    public @Nullable Object principal() {
        return principal;
    }

    // --- the request as it was asked about

    @Override
    public String method() {
        return asked.method();
    }

    @Override
    public String host() {
        return asked.host();
    }

    @Override
    public String path() {
        return asked.path();
    }

    @Override
    public String rawTarget() {
        return asked.rawTarget();
    }

    @Override
    public String query() {
        return asked.query();
    }

    @Override
    public @Nullable String header(String lowerCaseName) {
        return asked.header(lowerCaseName);
    }

    @Override
    public List<String> headers(String lowerCaseName) {
        return asked.headers(lowerCaseName);
    }

    @Override
    public InetAddress clientAddress() {
        return asked.clientAddress();
    }

    @Override
    public @Nullable X509Certificate clientCertificate() {
        return asked.clientCertificate();
    }

    @Override
    public String routeName() {
        return asked.routeName();
    }

    // --- nobody sees what is changed: nothing is sent

    @Override
    public void setHeader(String lowerCaseName, String value) {}

    @Override
    public void removeHeader(String lowerCaseName) {}

    @Override
    public void setResponseHeader(String lowerCaseName, String value) {}

    @Override
    public void setQuery(String query) {}

    @Override
    public void editBody(BodyEdit edit) {}

    @Override
    public void treat(Treatment treatment) {}

    @Override
    public boolean treats(Class<? extends Treatment> kind) {
        return false;
    }
}
