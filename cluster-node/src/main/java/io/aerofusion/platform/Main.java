package io.aerofusion.platform;

import io.aerofusion.platform.persistence.StartException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.LoggerFactory;

/** Starts a node from the command line and ends it with the process. */
public final class Main {
    /** The node could not start. */
    private static final int START_FAILED = 1;
    /** The arguments make no sense. */
    private static final int WRONG_ARGUMENTS = 2;
    /** The others removed the node from the cluster: a supervisor should start it again. */
    private static final int REMOVED = 3;
    /** How long the end of the process waits for a start to be over. */
    private static final Duration STARTED_WITHIN = Duration.ofSeconds(60);

    private Main() {}

    public static void main(String[] arguments) {
        if (BackupCommands.knows(arguments)) {
            System.exit(BackupCommands.run(System.out, System.err, arguments));
        }
        // Logback reads its configuration for as long as we read ours: side by side.
        Thread.ofPlatform().daemon().name("logging").start(() -> LoggerFactory.getLogger(Main.class));
        switch (CommandLine.parse(arguments)) {
            case CommandLine.Help help -> System.out.print(CommandLine.HELP);
            case CommandLine.Wrong wrong -> {
                System.err.println("aerofusion: " + wrong.sentence() + " (--help lists the options)");
                System.exit(WRONG_ARGUMENTS);
            }
            case CommandLine.Start start -> run(start.options());
        }
    }

    private static void run(NodeOptions options) {
        CompletableFuture<Node> starting = new CompletableFuture<>();
        AtomicBoolean stopping = new AtomicBoolean();
        Runtime.getRuntime()
                .addShutdownHook(new Thread(
                        () -> {
                            stopping.set(true);
                            stop(starting);
                        },
                        "stop"));
        Node node;
        try {
            node = Node.start(options);
        } catch (StartException e) {
            System.err.println("aerofusion: " + e.getMessage());
            starting.completeExceptionally(e);
            System.exit(START_FAILED);
            return;
        } catch (RuntimeException | Error e) { // a defect: somebody has to see where, and half a node must not stay
            LoggerFactory.getLogger(Main.class).error("The node could not start", e);
            starting.completeExceptionally(e);
            System.exit(START_FAILED);
            return;
        }
        starting.complete(node);
        node.ended().thenRun(() -> {
            if (!stopping.get()) {
                System.err.println("aerofusion: the other nodes removed this one from the cluster; start it again.");
                System.exit(REMOVED);
            }
        });
        if (!stopping.get()) {
            System.out.println(Banner.of(node));
        }
    }

    /** Also in the middle of the start: what it began, such as the database, would live on without the process. */
    private static void stop(CompletableFuture<Node> starting) {
        if (starting.isCompletedExceptionally()) {
            return; // a start that failed leaves nothing behind
        }
        System.out.println("Stopping.");
        try {
            starting.get(STARTED_WITHIN.toMillis(), TimeUnit.MILLISECONDS).stop();
        } catch (ExecutionException failed) {
            LoggerFactory.getLogger(Main.class).debug("The start failed while the node was to be stopped", failed);
        } catch (TimeoutException e) {
            System.err.println("aerofusion: the node is still starting; it is ended as it is.");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
