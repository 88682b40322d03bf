package io.aerofusion.gateway;

import io.aerofusion.gateway.routing.Candidate;
import io.aerofusion.gateway.routing.Cors;
import io.aerofusion.gateway.routing.Filters;
import io.aerofusion.gateway.routing.Redirect;
import io.aerofusion.gateway.tls.ServerTls.Session;
import io.netty.buffer.Unpooled;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is decided of an exchange's request before it goes anywhere: the rule that takes it, what that rule answers by itself,
 * what its policies say, and the backend. Belongs to its exchange and is reused with it.
 */
final class Decision {
    private final Loop loop;
    private final Exchange x;
    private final OwnAnswers own;
    private final RequestContent content;
    private final ExchangeNotes notes;
    private int prefixLength;

    Decision(Loop loop, Exchange x, OwnAnswers own, RequestContent content, ExchangeNotes notes) {
        this.loop = loop;
        this.x = x;
        this.own = own;
        this.content = content;
        this.notes = notes;
    }

    /** Decides by this generation. */
    void begin(@Nullable Serving current) {
        int ambiguities = Serving.normalise(x);
        if (ambiguities < 0) {
            x.refuse(Fault.PATH_AMBIGUOUS);
            return;
        }
        Session secure = x.session;
        if (secure != null
                && current != null
                && (current.misdirected(x.listener, secure.serverName(), x.host)
                        || !current.certificates().serves(x.host, secure.certificate(), secure.named()))) {
            x.refuse(Fault.MISDIRECTED);
            return;
        }
        Candidate match = current == null ? null : current.match(x.listener, x);
        if (current == null || match == null) {
            // what servers read differently is never answered as if there were nothing
            x.refuse(ambiguities == 0 ? Fault.ROUTE_UNKNOWN : Fault.PATH_AMBIGUOUS);
            return;
        }
        Plan found = current.plan(match);
        x.plan = found;
        notes.routed(found.tally());
        prefixLength = match.prefixLength();
        content.bound(found.bodyBytesMax());
        if (ambiguities != 0 && !match.allows(ambiguities)) x.refuse(Fault.PATH_AMBIGUOUS);
        else if (x.fieldBytes > found.fieldBytesMax()) x.refuse(Fault.HEADERS_TOO_LARGE);
        else if (x.requestLength > found.bodyBytesMax()) x.refuse(Fault.BODY_TOO_LARGE);
        else if (!answeredByFilters(current, found.filters())) decide(found, 0);
    }

    /** Whether the rule itself answers: a preflight, a redirect. */
    private boolean answeredByFilters(Serving current, Filters filters) {
        Cors cors = filters.cors();
        Headers preflight = cors == null ? null : cors.preflight(x);
        if (preflight != null) {
            x.response.clear();
            x.response.addAll(preflight);
            own.answer(204, Unpooled.EMPTY_BUFFER);
            return true;
        }
        return redirected(current, filters.redirect());
    }

    private boolean redirected(@Nullable Serving current, @Nullable Redirect redirect) {
        if (redirect == null || current == null) return false;
        x.response.clear();
        x.response.add(
                "location",
                redirect.location(current.door(x.listener, x.host), x.host, x.rawTarget, x.path, prefixLength));
        x.response.add("content-length", "0");
        own.answer(redirect.status(), Unpooled.EMPTY_BUFFER);
        return true;
    }

    private void decide(Plan plan, int from) {
        List<Step> steps = plan.steps();
        for (int i = from; i < steps.size(); i++) {
            Verdict verdict;
            try {
                verdict = steps.get(i).check(x);
            } catch (RuntimeException failed) {
                loop.gateway().failed(failed);
                x.refuse(Fault.POLICY_FAILED);
                return;
            }
            if (!apply(plan, verdict, i)) return;
        }
        forward(plan);
    }

    /** Whether the next step is to be asked at once. */
    private boolean apply(Plan plan, Verdict verdict, int step) {
        return switch (verdict) {
            case Verdict.Pass pass -> {
                if (pass.wouldRefuse()) notes.wouldRefuse();
                if (!pass.headers().isEmpty()) pass.headers().forEach(x::setResponseHeader);
                yield true;
            }
            case Verdict.Refuse refusal -> {
                x.refuse(refusal.status(), refusal.code(), Fault.Side.GATEWAY, refusal.detail(), refusal.headers());
                yield false;
            }
            case Verdict.Answer answer -> {
                own.answer(answer);
                yield false;
            }
            case Verdict.Later later -> {
                notes.waited();
                int asked = x.attempt();
                later.verdict()
                        .whenComplete((decided, failed) -> loop.eventLoop().execute(() -> {
                            if (!x.decides(asked)) return;
                            if (decided == null) x.refuse(Fault.POLICY_FAILED);
                            else if (apply(plan, decided, step)) decide(plan, step + 1);
                        }));
                yield false;
            }
        };
    }

    /** The policies let it pass: makes the request what the upstream gets. */
    private void forward(Plan plan) {
        Route target = plan.forward(x, prefixLength);
        if (target == null) {
            x.refuse(Fault.NO_BACKEND);
            return;
        }
        Filters chosen = x.backendFilters;
        if (chosen != null && redirected(loop.gateway().serving(), chosen.redirect())) return;
        if (!plan.filters().mirrors().isEmpty()) content.mirror(Shadow.of(loop, x, plan));
        x.forward(target);
    }
}
