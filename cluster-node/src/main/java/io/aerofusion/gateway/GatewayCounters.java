package io.aerofusion.gateway;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** What the data path counted since it started; read by whoever publishes metrics, from any thread. */
public final class GatewayCounters {
    /** Client connections that were accepted, and those that are closed. */
    public final LongAdder connectionsOpened = new LongAdder();

    public final LongAdder connectionsClosed = new LongAdder();
    /** Client connections that were refused because the bound was reached. */
    public final LongAdder connectionsRefused = new LongAdder();

    public final LongAdder requestsStarted = new LongAdder();
    public final LongAdder requestsFinished = new LongAdder();
    /** Connections to upstreams: opened, closed, and requests that found an idle one. */
    public final LongAdder upstreamOpened = new LongAdder();

    public final LongAdder upstreamClosed = new LongAdder();
    public final LongAdder upstreamReused = new LongAdder();
    /** Requests that were sent again to an upstream. */
    public final LongAdder retries = new LongAdder();

    public final LongAdder bytesFromClients = new LongAdder();
    public final LongAdder bytesToClients = new LongAdder();

    /** By code: those of {@link Fault}, and the codes of policies and upstreams' limits, which are constants of the code, too. */
    private final Map<String, LongAdder> faults = new ConcurrentHashMap<>();

    private final LongAdder[] statusClasses = new LongAdder[6];

    public GatewayCounters() {
        for (Fault fault : Fault.values()) faults.put(fault.code(), new LongAdder());
        for (int i = 0; i < statusClasses.length; i++) statusClasses[i] = new LongAdder();
    }

    /** How often the data path answered or ended a request with this fault. */
    public LongAdder faults(Fault fault) {
        return faults(fault.code());
    }

    /** The same by code, which may be one of a policy or of an upstream's limits, such as {@code rate-limited}. */
    public LongAdder faults(String code) {
        return faults.computeIfAbsent(code, first -> new LongAdder());
    }

    /** All that was counted, by code. */
    public Map<String, Long> faults() {
        Map<String, Long> sums = new TreeMap<>();
        faults.forEach((code, count) -> sums.put(code, count.sum()));
        return sums;
    }

    /** Responses by the first digit of their status, 1 to 5. */
    public LongAdder responses(int statusClass) {
        return statusClasses[statusClass];
    }

    void responded(int status) {
        statusClasses[status / 100 % 6].increment();
    }
}
