package io.aerofusion.load;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A node in a process of its own, started as {@code run} starts it, so that it can be killed, stopped and measured like a real one. Its
 * output goes to {@code node.log} in its data directory's parent.
 */
final class NodeProcess implements AutoCloseable {
    static final String MAIN = "io.aerofusion.platform.Main";
    private static final Duration START_MAX = Duration.ofMinutes(2);
    private static final Duration STOP_MAX = Duration.ofSeconds(45);
    private static final long SIGINT_MASK = 1L << 1;
    private static final Pattern API = Pattern.compile("^\\s*API\\s+(https?://[^/\\s]+).*$");
    private static final Pattern GATEWAY = Pattern.compile("^\\s*gateway\\s+(https?://[^/\\s]+).*$");
    private static final Pattern CLUSTER = Pattern.compile("^.*--join\\s+(\\S+:\\d+).*$");

    private final Process process;
    private final Path data;
    private final URI uri;
    private final URI gatewayUri;
    private final String clusterAddress;
    private final Duration start;
    private final Thread output;

    private NodeProcess(Process process, Thread output, Path data, Ready told, Duration start) {
        this.process = process;
        this.output = output;
        this.data = data;
        this.uri = told.uri();
        this.gatewayUri = told.gatewayUri();
        this.clusterAddress = told.clusterAddress();
        this.start = start;
    }

    /**
     * How to start it.
     *
     * @param jvm options beyond those of deploy/jvm.options
     * @param arguments of the node
     * @param environment beyond that of this process
     */
    record Options(
            Path data,
            List<String> jvm,
            List<String> classPath,
            List<String> arguments,
            Map<String, String> environment) {
        static Options in(Path data) {
            return new Options(data, List.of(), List.of(System.getProperty("java.class.path")), List.of(), Map.of());
        }

        Options withJvm(String... more) {
            return new Options(data, plus(jvm, more), classPath, arguments, environment);
        }

        Options with(String... more) {
            return new Options(data, jvm, classPath, plus(arguments, more), environment);
        }

        Options withClassPath(List<String> entries) {
            return new Options(data, jvm, entries, arguments, environment);
        }

        Options withEnvironment(Map<String, String> variables) {
            return new Options(data, jvm, classPath, arguments, variables);
        }

        private static List<String> plus(List<String> list, String... more) {
            List<String> all = new ArrayList<>(list);
            all.addAll(List.of(more));
            return all;
        }
    }

    /** Starts a node and waits until it says that it is ready. */
    static NodeProcess start(Options options) {
        long began = System.nanoTime();
        try {
            Files.createDirectories(options.data().toAbsolutePath().getParent());
            Path log = log(options.data());
            ProcessBuilder builder =
                    new ProcessBuilder(command(options)).redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()));
            builder.environment().putAll(options.environment());
            Process process = builder.start();
            Runtime.getRuntime().addShutdownHook(new Thread(() -> end(process), "stop-node"));
            CompletableFuture<Ready> ready = new CompletableFuture<>();
            Thread output = Thread.ofPlatform().daemon().name("node-output").start(() -> follow(process, log, ready));
            Ready told = ready.get(START_MAX.toSeconds(), TimeUnit.SECONDS);
            Duration start = Duration.ofNanos(told.nanos() - began);
            return new NodeProcess(process, output, options.data(), told, start);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (ExecutionException | TimeoutException e) {
            throw new IllegalStateException("the node did not start: see " + log(options.data()), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    private record Ready(URI uri, URI gatewayUri, String clusterAddress, long nanos) {}

    private static List<String> command(Options options) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("@" + checkout().resolve("deploy/jvm.options"));
        command.addAll(options.jvm());
        command.add("-cp");
        command.add(String.join(":", options.classPath()));
        command.add(MAIN);
        command.addAll(List.of("--data", options.data().toString()));
        if (options.arguments().stream().noneMatch(argument -> argument.startsWith("--port"))) {
            command.addAll(List.of("--port", "0"));
        }
        command.addAll(options.arguments());
        return command;
    }

    /** The checkout, as {@code run} tells; from Maven it is the parent of the module. */
    static Path checkout() {
        return Optional.ofNullable(System.getProperty("aerofusion.checkout"))
                .map(Path::of)
                .orElseGet(() -> Path.of("").toAbsolutePath().getParent());
    }

    private static void follow(Process process, Path log, CompletableFuture<Ready> ready) {
        URI uri = null;
        URI gatewayUri = null;
        try (BufferedReader output = process.inputReader()) {
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                Files.writeString(log, line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
                Matcher api = API.matcher(line);
                if (api.matches()) {
                    uri = URI.create(api.group(1));
                }
                Matcher gateway = GATEWAY.matcher(line);
                if (gateway.matches()) {
                    gatewayUri = URI.create(gateway.group(1));
                }
                Matcher cluster = CLUSTER.matcher(line);
                if (uri != null && gatewayUri != null && cluster.matches()) {
                    ready.complete(new Ready(uri, gatewayUri, cluster.group(1), System.nanoTime()));
                }
            }
            ready.completeExceptionally(new IllegalStateException("the node ended before it was ready"));
        } catch (IOException e) {
            ready.completeExceptionally(e);
        }
    }

    /** Where the output of a node with that data directory goes. */
    static Path log(Path data) {
        return data.toAbsolutePath().resolveSibling(data.getFileName() + ".log");
    }

    URI uri() {
        return uri;
    }

    /** Where its gateway's first listener is. */
    URI gatewayUri() {
        return gatewayUri;
    }

    Path data() {
        return data;
    }

    /** What other nodes join at. */
    String clusterAddress() {
        return clusterAddress;
    }

    /** From the start of the process until the node said that it is ready. */
    Duration startTime() {
        return start;
    }

    long pid() {
        return process.pid();
    }

    /** {@code kill -9}: no goodbye to anybody. What it said until then is in its log. */
    void kill() {
        process.destroyForcibly();
        process.onExit().orTimeout(STOP_MAX.toSeconds(), TimeUnit.SECONDS);
        Waiting.until("the killed node is gone", STOP_MAX, () -> !process.isAlive());
        Waiting.end(output, STOP_MAX);
    }

    /** {@code SIGSTOP}: the process is there and does nothing, its sockets stay open. */
    void freeze() {
        signal(process.pid(), "STOP");
    }

    /** {@code SIGCONT}. */
    void thaw() {
        signal(process.pid(), "CONT");
    }

    void thawIfAlive() {
        if (process.isAlive()) {
            thaw();
        }
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Resident memory in bytes, as the kernel counts it. */
    long residentBytes() {
        try {
            return Files.readAllLines(Path.of("/proc", Long.toString(process.pid()), "status")).stream()
                    .filter(line -> line.startsWith("VmRSS:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
                    .findFirst()
                    .orElse(0);
        } catch (IOException e) {
            return 0; // not Linux
        }
    }

    /** Heap in use after a full collection, in bytes. */
    long heapBytesAfterCollection() {
        runJcmd("GC.run");
        Matcher used = Pattern.compile("used (\\d+)K").matcher(runJcmd("GC.heap_info"));
        return used.find() ? Long.parseLong(used.group(1)) * 1024 : 0;
    }

    private String runJcmd(String what) {
        Path jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd");
        return output(List.of(jcmd.toString(), Long.toString(process.pid()), what));
    }

    static void signal(long pid, String signal) {
        output(List.of("kill", "-" + signal, Long.toString(pid)));
    }

    private static String output(List<String> command) {
        try {
            Process run = new ProcessBuilder(command).redirectErrorStream(true).start();
            String output = new String(run.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!run.waitFor(STOP_MAX.toSeconds(), TimeUnit.SECONDS) || run.exitValue() != 0) {
                throw new IllegalStateException(command + ": " + output);
            }
            return output;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    /** Waits until the process ends, for whatever reason. */
    void await() throws InterruptedException {
        process.waitFor();
    }

    /**
     * Ctrl-C ({@code SIGINT}), or {@code SIGTERM} where this process was started to ignore it, as in the background of a script: then the
     * node ignores it, too.
     *
     * @return the exit code
     * @throws IllegalStateException when it had to be killed
     */
    int interrupt() {
        signal(process.pid(), ignoresInterrupt() ? "TERM" : "INT");
        requireEnd();
        return process.exitValue();
    }

    private boolean ignoresInterrupt() {
        try {
            return Files.readAllLines(Path.of("/proc", Long.toString(process.pid()), "status")).stream()
                    .filter(line -> line.startsWith("SigIgn:"))
                    .anyMatch(line -> (Long.parseUnsignedLong(line.split("\\s+")[1], 16) & SIGINT_MASK) != 0);
        } catch (IOException e) {
            return false; // not Linux
        }
    }

    /**
     * Ends it in the orderly way (SIGTERM).
     *
     * @throws IllegalStateException when it had to be killed: an orderly end takes seconds
     */
    @Override
    public void close() {
        if (process.isAlive()) {
            process.destroy();
            requireEnd();
        }
    }

    private void requireEnd() {
        if (!ends(process)) {
            throw new IllegalStateException(
                    "the node did not end by itself within " + STOP_MAX + " and was killed: see " + log(data));
        }
        Waiting.end(output, STOP_MAX); // its last words are in its log
    }

    private static boolean end(Process process) {
        process.destroy();
        return ends(process);
    }

    /** Whether it ends by itself; otherwise it is killed. */
    private static boolean ends(Process process) {
        try {
            if (process.waitFor(STOP_MAX.toSeconds(), TimeUnit.SECONDS)) {
                return true;
            }
            process.destroyForcibly();
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
        return false;
    }
}
