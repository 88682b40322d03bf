package io.aerofusion.load;

import io.aerofusion.load.GatewayBench.Contender;
import io.aerofusion.load.GatewayBench.Effort;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What a proxy adds to the latency at a rate that all can serve. Times count from when a request was due (G. Tene's "coordinated omission"
 * is none), and contenders take turns.
 *
 * @param contenders the first is the upstream without a proxy
 * @param log what the load writes its times to
 */
record GatewayLatency(Effort effort, GatewayPeers peers, List<Contender> contenders, Path log) {
    private static final int RATE = 10_000;
    /** A round is so much longer than one of rates: stalls are rare. */
    private static final int ROUNDS = 2;

    private static final long WARM_UP_S = 1;

    private interface Load {
        void run(Contender contender, Duration time, Latencies into) throws IOException;
    }

    /** One request every 100 us. */
    void evenly(Screen screen) throws IOException {
        compare(screen, "evenly spaced", this::paced);
    }

    /** All connections at once, one after the other, every 6.4 ms. */
    void inBursts(Screen screen) throws IOException {
        compare(screen, "in bursts of " + GatewayBench.CONNECTIONS, this::burst);
    }

    private void compare(Screen screen, String shape, Load load) throws IOException {
        Screen.Bar bar = screen.bar("latency, " + shape, (long) (effort.rounds() + 1) * contenders.size());
        for (Contender contender : contenders) {
            GatewayBench.wrk(peers, contender, effort.warmUp().dividedBy(2), List.of());
            // The JIT compiler compiles again what is loaded otherwise, and stalls a proxy on its core: so with
            // connections that come and
            // go as in the rounds.
            Duration round = effort.round().multipliedBy(ROUNDS);
            for (long i = effort.warmUp().dividedBy(round); i >= 0; i--) {
                load.run(contender, round, new Latencies());
            }
            bar.advance(1);
        }
        Map<Contender, Latencies> all = new LinkedHashMap<>();
        for (int round = 0; round < effort.rounds(); round++) {
            for (Contender contender : contenders) {
                load.run(
                        contender,
                        effort.round().multipliedBy(ROUNDS),
                        all.computeIfAbsent(contender, each -> new Latencies()));
                bar.advance(1);
            }
        }
        bar.finish("done");
        double direct = all.values().iterator().next().millis(0.5);
        screen.title("latency at " + Screen.number(RATE) + " requests/s, " + shape);
        screen.table(all.entrySet().stream()
                .map(each -> new Screen.Row(
                        each.getKey().name(),
                        String.format(
                                Locale.ROOT,
                                "p50 %.3f (+%.3f) / p90 %.3f / p99 %.3f / p99.9 %.3f / max %.1f ms of %,d",
                                each.getValue().millis(0.5),
                                each.getValue().millis(0.5) - direct,
                                each.getValue().millis(0.9),
                                each.getValue().millis(0.99),
                                each.getValue().millis(0.999),
                                each.getValue().maxMillis(),
                                each.getValue().count())))
                .toList());
    }

    private void paced(Contender contender, Duration time, Latencies into) throws IOException {
        peers.load(List.of(
                peers.built("pace"),
                "" + contender.port(),
                "" + RATE,
                "" + time.toSeconds(),
                "" + WARM_UP_S,
                "" + GatewayBench.CONNECTIONS,
                log.toString()));
        for (String nanos : Files.readAllLines(log)) {
            into.record(Long.parseLong(nanos));
        }
    }

    /** Each one's start, status and microseconds go to the log. */
    private void burst(Contender contender, Duration time, Latencies into) throws IOException {
        Files.deleteIfExists(log);
        peers.load(List.of(
                "h2load",
                "--h1",
                "-t1",
                "-c" + GatewayBench.CONNECTIONS,
                "-D" + time.toSeconds(),
                "--warm-up-time=" + WARM_UP_S, // how long connections take to begin is not asked
                "--rps=" + (double) RATE / GatewayBench.CONNECTIONS,
                "--log-file=" + log,
                contender.url()));
        for (String line : Files.readAllLines(log)) {
            record(into, Long.parseLong(line.substring(line.lastIndexOf('\t') + 1)) * 1_000);
        }
    }

    /** h2load waits for an answer before it sends the next request of a connection: those that were due meanwhile count as well. */
    private static void record(Latencies latencies, long nanos) {
        long pace = Duration.ofSeconds(1).toNanos() * GatewayBench.CONNECTIONS / RATE;
        for (long each = nanos; each > 0; each -= pace) {
            latencies.record(each);
        }
    }
}
