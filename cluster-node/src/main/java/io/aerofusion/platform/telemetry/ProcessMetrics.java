package io.aerofusion.platform.telemetry;

import akka.actor.Cancellable;
import akka.actor.typed.ActorSystem;
import com.sun.management.OperatingSystemMXBean;
import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import kamon.Kamon;
import kamon.metric.MeasurementUnit;
import kamon.metric.Metric;

/** What the operating system says of the process: CPU time and, where there are such, file descriptors. Of the JVM, not of one of its nodes. */
public final class ProcessMetrics {
    private static final Duration EVERY = Duration.ofSeconds(10);

    private static final Metric.Counter CPU = Kamon.counter(
            "process.cpu.time",
            "CPU time of the process",
            MeasurementUnit.time().nanoseconds());
    private static final Metric.Gauge FILES_OPEN = Kamon.gauge("process.files.open", "File descriptors in use");
    private static final Metric.Gauge FILES_MAX =
            Kamon.gauge("process.files.max", "File descriptors that the process may have (ulimit -n)");

    /** Nanoseconds of CPU that were published; guarded by the class. */
    private static long published;

    private ProcessMetrics() {}

    /** Measures every ten seconds until the system ends. */
    public static void start(ActorSystem<?> system) {
        Cancellable timer = system.scheduler()
                .scheduleAtFixedRate(Duration.ZERO, EVERY, ProcessMetrics::measure, system.executionContext());
        system.getWhenTerminated().thenRun(timer::cancel);
    }

    private static synchronized void measure() {
        if (ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean process) {
            long cpu = process.getProcessCpuTime(); // -1 where it is not known
            if (cpu > published) {
                CPU.withoutTags().increment(cpu - published);
                published = cpu;
            }
            if (process instanceof UnixOperatingSystemMXBean unix) {
                FILES_OPEN.withoutTags().update((double) unix.getOpenFileDescriptorCount());
                FILES_MAX.withoutTags().update((double) unix.getMaxFileDescriptorCount());
            }
        }
    }
}
