package io.aerofusion.gateway.upstream;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A service behind the gateway under the settings of one generation: gives each request an endpoint and learns from what becomes of it.
 * {@link #begin} and the calls it gives are lock-free. Its endpoints and its counts pass to the upstream of the same name in the next
 * generation; calls that began here end here.
 */
public final class Upstream {
    private static final Logger LOG = LoggerFactory.getLogger(Upstream.class);
    /** How often the balancer is asked before the endpoints are looked through one by one. */
    private static final int PICKS_MAX = 3;

    /** Nobody waits longer than this for the endpoints of an upstream that nobody can tell. */
    static final Duration KNOWN_AFTER = Duration.ofSeconds(2);

    private final UpstreamSettings settings;
    private final long begun;
    private final UpstreamLoad load;
    private final UpstreamServices services;
    private final CompletableFuture<Void> known = new CompletableFuture<>();
    private final AtomicInteger refreshes = new AtomicInteger();
    private volatile Endpoint[] members = {};
    private volatile @Nullable EndpointRing ring;
    private volatile EndpointSet set = EndpointSet.EMPTY;
    /** Guarded by the table. */
    private final Map<Endpoint, HealthCheck> checks = new HashMap<>();

    Upstream(UpstreamSettings settings, UpstreamLoad load, UpstreamServices services) {
        this.settings = settings;
        this.load = load;
        this.services = services;
        this.begun = services.timeline().nanos();
        load.limits(settings.limits());
    }

    public UpstreamSettings settings() {
        return settings;
    }

    /**
     * Completes when it is known who the endpoints are, be it that there are none; {@link #KNOWN_AFTER} the beginning also when it is
     * not, so that a name which cannot be resolved does not hold up every generation.
     */
    public CompletionStage<Void> known() {
        return known;
    }

    /** As below, with the retries that the upstream's own settings say. */
    public Admission begin(long hashKey, boolean idempotent) {
        return begin(hashKey, idempotent, settings.retry());
    }

    /**
     * Asks for an endpoint for one request.
     *
     * @param hashKey by {@link Balancing#hashOn}; {@link HashKey#NONE} if there is none
     * @param idempotent whether the request may reach an endpoint more than once
     * @return a call, which must be ended, or the reason why there is none
     */
    public Admission begin(long hashKey, boolean idempotent, RetryPolicy policy) {
        if (!load.tryRequest()) {
            load.refused.increment();
            return Refusal.TOO_MANY_REQUESTS;
        }
        UpstreamCall call = new UpstreamCall(this, policy, hashKey, idempotent);
        EndpointSet from = set;
        if (choose(from, call, false)) {
            load.requests.increment();
            return call;
        }
        load.active.decrementAndGet();
        load.refused.increment();
        return from.refusal();
    }

    /**
     * Takes a place among the requests that wait for a connection, given back by {@link #waitEnded}. False when as many wait as may: then
     * the answer is {@link Refusal#TOO_MANY_PENDING}.
     */
    public boolean tryWait() {
        if (load.tryWait()) {
            return true;
        }
        load.refused.increment();
        return false;
    }

    public void waitEnded() {
        load.waitEnded();
    }

    boolean retry(UpstreamCall call) {
        if (!load.budget.take(settings.retryShare(), load.requests.sum(), load.active.get())) {
            load.retriesDenied.increment();
            return false;
        }
        Endpoint before = call.endpoint();
        EndpointSet from = set;
        if (!choose(from, call, false) && !choose(from, call, true)) {
            load.budget.giveBack();
            return false;
        }
        load.retries.increment();
        before.active.decrementAndGet();
        call.backOff(call.policy().backOffNanos(call.retries(), services.dice()));
        return true;
    }

    /**
     * Finds an endpoint whose breaker lets the request pass and, unless allowed, that the call has not tried; takes it for the call. One of
     * a later priority only if none of the earlier ones is of use.
     */
    private boolean choose(EndpointSet from, UpstreamCall call, boolean again) {
        for (EndpointSet.Level level : from.levels()) {
            if (choose(level, call, again)) {
                return true;
            }
        }
        return false;
    }

    private boolean choose(EndpointSet.Level level, UpstreamCall call, boolean again) {
        for (int pick = 0; pick < PICKS_MAX; pick++) {
            if (take(level.balancer().pick(call.hashKey()), call, again)) {
                return true;
            }
        }
        Endpoint[] eligible = level.eligible();
        int index = services.dice().below(eligible.length);
        for (int i = 0; i < eligible.length; i++) {
            index = index + 1 == eligible.length ? 0 : index + 1;
            if (take(eligible[index], call, again)) {
                return true;
            }
        }
        return false;
    }

    private boolean take(Endpoint endpoint, UpstreamCall call, boolean again) {
        if (!again && call.hasTried(endpoint)) {
            return false;
        }
        long pass = endpoint.breaker.acquire(settings.breaker());
        if (pass == Breaker.REFUSED) {
            return false;
        }
        endpoint.active.incrementAndGet();
        endpoint.requests.increment();
        call.take(endpoint, pass);
        return true;
    }

    void answered(Endpoint endpoint, long pass, int status) {
        boolean error = status >= 500;
        if (error) {
            endpoint.serverErrors.increment();
        }
        if (settings.breaker().isFailure(status)) {
            openedBy(endpoint, pass, false);
        } else if (endpoint.breaker.succeeded(pass, settings.breaker())) {
            LOG.info("{}: the circuit of {} is closed again", settings.name(), endpoint);
            refresh();
        }
        PassiveCheck passive = settings.passive();
        if (passive != null) {
            if (error) {
                ejectionFailed(endpoint, passive);
            } else {
                endpoint.ejection.succeeded();
            }
        }
    }

    void failed(Endpoint endpoint, long pass, Failure failure) {
        if (!failure.blamed()) {
            endpoint.breaker.cancelled(pass);
            return;
        }
        endpoint.failures.increment();
        if (openedBy(endpoint, pass, failure == Failure.RESET)) {
            ComebackWatch.start(endpoint, services, settings.timeouts().connect(), back -> refresh());
        }
        PassiveCheck passive = settings.passive();
        if (passive != null) {
            ejectionFailed(endpoint, passive);
        }
    }

    void ended(Endpoint endpoint) {
        endpoint.active.decrementAndGet();
        load.active.decrementAndGet();
    }

    /** Tells the breaker of a failure; whether it opened it. */
    private boolean openedBy(Endpoint endpoint, long pass, boolean alone) {
        if (!endpoint.breaker.failed(
                pass, settings.breaker(), services.timeline().nanos(), alone)) {
            return false;
        }
        LOG.warn("{}: the circuit of {} is open", settings.name(), endpoint);
        load.breakerOpenings.increment();
        refresh();
        return true;
    }

    private void ejectionFailed(Endpoint endpoint, PassiveCheck passive) {
        if (!endpoint.ejection.failed(passive) || endpoint.ejection.isEjected()) {
            return;
        }
        int all = set.members().length;
        int ejected;
        do {
            ejected = load.ejected.get();
            if (!passive.permits(ejected, all)) {
                return;
            }
        } while (!load.ejected.compareAndSet(ejected, ejected + 1));
        if (endpoint.ejection.eject(passive, services.timeline().nanos())) {
            LOG.warn("{}: {} is ejected", settings.name(), endpoint);
            load.ejections.increment();
            refresh();
        } else {
            load.ejected.decrementAndGet();
        }
    }

    /**
     * Makes the set anew from what its endpoints are now. Any thread may ask: one does it, once more if others asked meanwhile, nobody
     * waits.
     */
    private void refresh() {
        if (refreshes.getAndIncrement() != 0) {
            return;
        }
        int asked = 1;
        do {
            set = EndpointSet.of(members, ring, settings.balancing(), load, services.dice());
            asked = refreshes.addAndGet(-asked);
        } while (asked != 0);
    }

    /** Takes over from the upstream of the generation before. Called by the table, in its lock. */
    void adopt(Upstream before) {
        for (Endpoint endpoint : before.members) {
            forgetOthersJudgement(endpoint);
        }
        before.known.thenRun(() -> known.complete(null));
        become(before.members);
    }

    /**
     * Where this generation does not check, nobody here would take back what an earlier one found. Its last check and its calls may still find
     * something after this one took over. Whether that changed the endpoint.
     */
    private boolean forgetOthersJudgement(Endpoint endpoint) {
        boolean changed = settings.active() == null && endpoint.healthy(true);
        return (settings.passive() == null && endpoint.ejection.forgive()) || changed;
    }

    /**
     * Its endpoints are these from now on; those that were known keep their state. Called by the table, in its lock.
     *
     * @return those that are no longer among them
     */
    List<Endpoint> update(List<Target.Weighted> targets) {
        Map<Target, Endpoint> before = new HashMap<>();
        for (Endpoint endpoint : members) {
            before.put(endpoint.target(), endpoint);
        }
        boolean first = before.isEmpty();
        Map<Target, Endpoint> after = new LinkedHashMap<>();
        for (Target.Weighted weighted : targets) {
            Endpoint endpoint = before.remove(weighted.target());
            if (endpoint != null) {
                endpoint.told(weighted);
                after.put(weighted.target(), endpoint);
            } else if (!after.containsKey(weighted.target()) && after.size() < EndpointSet.ENDPOINTS_MAX) {
                Endpoint added = new Endpoint(weighted.target(), load);
                added.told(weighted);
                if (!first) {
                    startSlowly(added);
                }
                after.put(weighted.target(), added);
            }
        }
        if (after.size() == EndpointSet.ENDPOINTS_MAX && targets.size() > after.size()) {
            LOG.warn("{}: of {} endpoints {} are used", settings.name(), targets.size(), after.size());
        }
        for (Endpoint removed : before.values()) {
            removed.remove();
            stopChecking(removed);
        }
        become(after.values().toArray(Endpoint[]::new));
        known.complete(null);
        return List.copyOf(before.values());
    }

    private void become(Endpoint[] now) {
        Endpoint[] weighted = Arrays.stream(now).filter(e -> e.weight() > 0).toArray(Endpoint[]::new);
        ring = settings.balancing().method() == Balancing.Method.CONSISTENT_HASH && weighted.length > 0
                ? new EndpointRing(weighted)
                : null;
        members = now;
        refresh();
        ActiveCheck active = settings.active();
        if (active != null) {
            for (Endpoint endpoint : now) {
                if (!checks.containsKey(endpoint)) {
                    Transport transport = endpoint.target().transport(settings.transport());
                    HealthCheck check = new HealthCheck(endpoint, transport, active, services, this::healthChanged);
                    checks.put(endpoint, check);
                    check.start();
                }
            }
        }
    }

    /**
     * Its name is gone, or its transport is another. Requests of the generation that knows it are still served by its endpoints, whose
     * connections are kept no longer. Called by the table, in its lock.
     *
     * @return all endpoints
     */
    List<Endpoint> retireAll() {
        retire();
        List<Endpoint> all = List.of(members);
        all.forEach(Endpoint::remove);
        return all;
    }

    /** Ends the work in the background; requests go on. Called by the table, in its lock. */
    void retire() {
        checks.values().forEach(HealthCheck::close);
        checks.clear();
    }

    private void stopChecking(Endpoint endpoint) {
        HealthCheck check = checks.remove(endpoint);
        if (check != null) {
            check.close();
        }
    }

    private void healthChanged(Endpoint endpoint) {
        LOG.info("{}: {} is {}", settings.name(), endpoint, endpoint.healthy() ? "healthy" : "unhealthy");
        if (endpoint.healthy()) {
            endpoint.breaker.recoverNow();
            startSlowly(endpoint);
        }
        refresh();
    }

    private void startSlowly(Endpoint endpoint) {
        if (!settings.balancing().slowStart().isZero()) {
            endpoint.startSlowly(services.timeline().nanos());
        }
    }

    /** Does what time brings. Called by the timeline. */
    void tick(long nanos) {
        PassiveCheck passive = settings.passive();
        long window = settings.balancing().slowStart().toNanos();
        int ejected = 0;
        boolean changed = false;
        for (Endpoint endpoint : members) {
            changed |= endpoint.breaker.recoverIfDue(nanos);
            changed |= forgetOthersJudgement(endpoint);
            if (passive != null) {
                if (endpoint.ejection.recoverIfDue(passive, nanos)) {
                    LOG.info("{}: {} is no longer ejected", settings.name(), endpoint);
                    startSlowly(endpoint);
                    changed = true;
                }
                ejected += endpoint.ejection.isEjected() ? 1 : 0;
            }
            endpoint.warmUp(nanos, window);
        }
        load.ejected.set(ejected);
        if (!known.isDone() && nanos - begun >= KNOWN_AFTER.toNanos()) {
            known.complete(null);
        }
        // calls of an earlier generation change endpoints, and know only their own upstream
        if (changed || set.outdated()) {
            refresh();
        }
    }

    void second() {
        load.budget.tick(load.requests.sum());
    }

    UpstreamLoad load() {
        return load;
    }

    Endpoint[] members() {
        return members;
    }

    /** How it is now. */
    public UpstreamState state() {
        return state("");
    }

    /** The same, with what its source says of a failure. */
    UpstreamState state(String endpointsFailure) {
        long nanos = services.timeline().nanos();
        EndpointSet now = set;
        List<UpstreamState.EndpointState> endpoints = new ArrayList<>();
        for (Endpoint endpoint : now.members()) {
            endpoints.add(new UpstreamState.EndpointState(
                    endpoint.target(),
                    endpoint.weight(),
                    endpoint.priority(),
                    endpoint.healthy(),
                    Duration.ofNanos(endpoint.ejection.remainingNanos(nanos)),
                    endpoint.breaker.phase(),
                    endpoint.warm() * 100 / Endpoint.WARM,
                    endpoint.active(),
                    endpoint.connections(),
                    endpoint.requests.sum(),
                    endpoint.serverErrors.sum(),
                    endpoint.failures.sum()));
        }
        return new UpstreamState(
                settings.name(),
                now.panic(),
                load.active.get(),
                load.pending(),
                load.connections(),
                load.requests.sum(),
                load.refused.sum(),
                load.retries.sum(),
                load.retriesDenied.sum(),
                load.ejections.sum(),
                load.breakerOpenings.sum(),
                endpointsFailure,
                endpoints);
    }
}
