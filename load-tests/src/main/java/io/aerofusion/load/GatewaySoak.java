package io.aerofusion.load;

import io.aerofusion.load.SoakTally.Event;
import io.aerofusion.load.SoakTally.Phase;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.IntFunction;

/**
 * The long run of the gateway: clients with kept connections and WebSockets at a steady rate through all gateways while the configuration
 * changes, an endpoint dies and returns again and again, and a node is restarted. Nothing of it may cost a request or a connection, but for
 * what nobody can spare the clients: the restarted node's own connections, and a {@code POST} that was on its way to the endpoint that
 * died. The clients repeat nothing, so whatever is lost is counted.
 */
final class GatewaySoak {
    private static final int MINUTES = 10;
    private static final Duration TICK = Duration.ofMillis(500);
    private static final Duration REACH_MAX = Duration.ofSeconds(30);
    private static final double MEGABYTE = 1e6;

    /**
     * How long and how hard.
     *
     * @param calm before the first change
     * @param burst with a change every {@code burstBeat}
     * @param rest with a change every {@code restBeat}; an endpoint dies in each {@code deathBeat} for {@code death}, and after half of the
     *     time a node is restarted
     * @param clients of each target at each gateway
     * @param beat between two requests of a client
     */
    record Course(
            Duration warmUp,
            Duration calm,
            Duration burst,
            Duration burstBeat,
            Duration rest,
            Duration restBeat,
            Duration deathBeat,
            Duration death,
            int clients,
            Duration beat,
            int webSockets) {
        static Course ofMinutes(double minutes) {
            Duration whole = Duration.ofMillis((long) (minutes * 60_000));
            Duration part = whole.dividedBy(6).compareTo(Duration.ofMinutes(1)) < 0
                    ? whole.dividedBy(6)
                    : Duration.ofMinutes(1);
            return new Course(
                    Duration.ofSeconds(20),
                    part,
                    part,
                    Duration.ofMillis(100),
                    whole.minus(part).minus(part),
                    Duration.ofSeconds(5),
                    Duration.ofSeconds(20),
                    Duration.ofSeconds(5),
                    8,
                    Duration.ofMillis(100),
                    4);
        }
    }

    private final Screen screen;
    private final Course course;
    private final SoakGateways gateways;
    private final SoakEndpoints endpoints;
    private final SoakTally tally = new SoakTally();
    private final SoakPresence presence;
    private final SoakReach reach;
    private final SoakChanges changes;
    private final List<SoakClient> clients = new ArrayList<>();
    private final List<SoakWebSocket> webSockets = new ArrayList<>();
    private final long[] heapBefore;
    private final long[] heapAfter;
    private int deaths;

    GatewaySoak(Screen screen, Course course, SoakGateways gateways, SoakEndpoints endpoints) {
        this.screen = screen;
        this.course = course;
        this.gateways = gateways;
        this.endpoints = endpoints;
        presence = new SoakPresence(gateways.count());
        IntFunction<InetSocketAddress> addresses = gateways::address;
        reach = new SoakReach(SoakChanges.Lane.values().length, addresses, presence);
        changes = new SoakChanges(gateways, endpoints, reach, tally, course.burstBeat());
        heapBefore = new long[gateways.count()];
        heapAfter = new long[gateways.count()];
        for (int i = 0; i < course.clients() * gateways.count(); i++) {
            for (SoakClient.Target target : SoakClient.Target.values()) {
                clients.add(new SoakClient(i, target, course.beat(), addresses, presence, tally));
            }
        }
        for (int i = 0; i < course.webSockets() * gateways.count(); i++) {
            webSockets.add(new SoakWebSocket(i, addresses, presence, tally));
        }
    }

    static void run(Screen screen, List<String> arguments) throws Exception {
        double minutes = arguments.isEmpty() ? MINUTES : Double.parseDouble(arguments.getFirst());
        Path directory = BenchNode.temporaryDirectory();
        try (SoakNodes nodes = new SoakNodes(directory, screen);
                SoakEndpoints endpoints = new SoakEndpoints(directory)) {
            GatewaySoak soak = new GatewaySoak(screen, Course.ofMinutes(minutes), nodes, endpoints);
            soak.run();
            screen.table(soak.verdict());
            soak.tally().examples().forEach(example -> screen.line("  " + example));
            if (!soak.passed()) {
                throw new IllegalStateException("the gateway caused failures");
            }
        } finally {
            BenchNode.delete(directory);
        }
    }

    SoakTally tally() {
        return tally;
    }

    SoakChanges changes() {
        return changes;
    }

    /** All of it, from the first publication to the last answer. */
    void run() throws Exception {
        gateways.publish(0, endpoints.resources() + "---\n" + lanes());
        Waiting.until("every gateway serves the routes", REACH_MAX, this::served);
        try {
            clients.forEach(SoakClient::start);
            webSockets.forEach(SoakWebSocket::start);
            during(Phase.WARM_UP, course.warmUp());
            heap(heapBefore);
            during(Phase.CALM, course.calm());
            reach.start();
            changes.start();
            during(Phase.CHANGES, course.burst());
            changes.every(course.restBeat());
            dying();
            heap(heapAfter);
            changes.close();
            Waiting.until("every gateway serves the last change", REACH_MAX, reach::everywhere);
        } finally {
            changes.close();
            clients.forEach(SoakClient::stop);
            webSockets.forEach(SoakWebSocket::stop);
            clients.forEach(SoakClient::close);
            webSockets.forEach(SoakWebSocket::close);
            reach.close();
        }
    }

    private static String lanes() {
        List<String> lanes = new ArrayList<>();
        for (SoakChanges.Lane lane : SoakChanges.Lane.values()) {
            lanes.add(SoakChanges.lane(lane.number, 0));
        }
        return String.join("---\n", lanes);
    }

    /** Whether the lane that is compiled last is there at every gateway. */
    private boolean served() {
        for (int i = 0; i < gateways.count(); i++) {
            try (SoakConnection open = SoakConnection.open(gateways.address(i))) {
                if (open.exchange("GET", "/lanes/0", "", "").status() != 302) {
                    return false;
                }
            } catch (java.io.IOException e) {
                return false;
            }
        }
        return true;
    }

    private void during(Phase phase, Duration time) {
        tally.enter(phase);
        Screen.Bar bar =
                screen.bar(Character.toUpperCase(phase.words.charAt(0)) + phase.words.substring(1), time.toMillis());
        long end = System.nanoTime() + time.toNanos();
        for (long left = time.toNanos(); left > 0; left = end - System.nanoTime()) {
            Waiting.pause(Duration.ofNanos(Math.min(left, TICK.toNanos())));
            bar.to(time.toMillis()
                    - Duration.ofNanos(Math.max(0, end - System.nanoTime())).toMillis());
        }
        bar.finish(soFar());
    }

    private String soFar() {
        return Screen.number(tally.requests()) + " answered, " + Screen.number(changes.published()) + " changes, "
                + (tally.of(Event.FAILED_BY_GATEWAY) + tally.of(Event.DROPPED)) + " failures";
    }

    /** The endpoint dies at each beat; in the middle a node is restarted meanwhile. */
    private void dying() throws InterruptedException {
        long end = System.nanoTime() + course.rest().toNanos();
        long middle = System.nanoTime() + course.rest().toNanos() / 2;
        boolean restarted = false;
        while (!restarted || System.nanoTime() < end) { // a slow machine may need all of the time for one death
            if (!restarted && System.nanoTime() >= middle) {
                restarted = true;
                Thread restart = Thread.ofPlatform().name("restart").start(this::restart);
                tally.enter(Phase.RESTART);
                while (restart.isAlive()) {
                    deathAndReturn();
                }
                restart.join();
            } else {
                tally.enter(Phase.DEATHS);
                deathAndReturn();
            }
        }
    }

    private void deathAndReturn() {
        long began = System.nanoTime();
        endpoints.kill();
        Waiting.pause(course.death());
        endpoints.revive();
        deaths++;
        Duration left = course.deathBeat().minusNanos(System.nanoTime() - began);
        Waiting.pause(left.isNegative() ? Duration.ZERO : left);
        screen.line("  " + tally.phase().words + ": " + soFar());
    }

    private void restart() {
        int last = gateways.count() - 1;
        presence.leaves(last);
        reach.gatewayLeaves();
        gateways.stop(last);
        gateways.startAgain(last);
        presence.returns(last);
    }

    private void heap(long[] into) {
        for (int i = 0; i < into.length; i++) {
            into[i] = gateways.heapBytes(i);
        }
    }

    /** No request failed and no connection was dropped by the gateway's fault, and something was really tried. */
    boolean passed() {
        return tally.of(Event.FAILED_BY_GATEWAY) == 0
                && tally.of(Event.DROPPED) == 0
                && tally.requests() > 0
                && tally.echoes() > 0
                && changes.published() > 0;
    }

    List<Screen.Row> verdict() {
        List<Screen.Row> rows = new ArrayList<>();
        rows.add(new Screen.Row("verdict", passed() ? "passed" : "FAILED"));
        rows.add(new Screen.Row("requests answered as they should be", Screen.number(tally.requests())));
        rows.add(new Screen.Row("texts that came back over WebSockets", Screen.number(tally.echoes())));
        for (Event event : Event.values()) {
            rows.add(new Screen.Row(event.words, Screen.number(tally.of(event))));
        }
        rows.add(new Screen.Row("changes published", Screen.number(changes.published())));
        rows.add(new Screen.Row(
                "until all gateways serve one, in a row",
                changes.inARow() + " of " + changes.inARow().count()));
        rows.add(new Screen.Row(
                "until all gateways serve one, now and then",
                changes.occasionally() + " of " + changes.occasionally().count()));
        rows.add(new Screen.Row("deaths of the endpoint", Integer.toString(deaths)));
        for (Phase phase : List.of(Phase.CALM, Phase.CHANGES, Phase.DEATHS, Phase.RESTART)) {
            rows.add(new Screen.Row(
                    "latency " + phase.words, tally.latencies(phase).toString()));
        }
        for (int i = 0; i < heapBefore.length; i++) {
            rows.add(new Screen.Row(
                    "heap after a collection, node " + i + (i == heapBefore.length - 1 ? " (restarted)" : ""),
                    String.format(Locale.ROOT, "%.1f -> %.1f MB", heapBefore[i] / MEGABYTE, heapAfter[i] / MEGABYTE)));
        }
        return rows;
    }
}
