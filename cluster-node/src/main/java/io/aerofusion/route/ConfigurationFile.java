package io.aerofusion.route;

import akka.Done;
import akka.actor.Cancellable;
import akka.actor.CoordinatedShutdown;
import akka.actor.typed.ActorSystem;
import com.fasterxml.jackson.databind.JsonNode;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.http.ProblemException;
import io.aerofusion.platform.http.YamlBody;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file that is applied at the start and whenever it changes, for development: what is in it is set, and what it named when it was
 * applied before and names no more is removed. What was made through the API stays.
 */
final class ConfigurationFile {
    private static final Logger LOG = LoggerFactory.getLogger(ConfigurationFile.class);
    private static final Duration LOOKED_AT_EVERY = Duration.ofSeconds(1);
    private static final long FILE_BYTES_MAX = 16L * 1024 * 1024;
    private static final String EXAMPLE = "example.yaml";

    /** What a file was when it was read; it is read again when that changes. */
    private record Version(Path path, FileTime changed, long size) {}

    private final GatewayControl control;
    private final List<Path> candidates;
    private final boolean example;
    private final AtomicBoolean busy = new AtomicBoolean();
    private @Nullable Version applied;
    private Set<ResourceKey> named = new TreeSet<>();
    private boolean exampleTried;

    private ConfigurationFile(GatewayControl control, List<Path> candidates, boolean example) {
        this.control = control;
        this.candidates = candidates;
        this.example = example;
    }

    /**
     * Begins to look at it, until the system ends.
     *
     * @param candidates the first that exists is the file
     * @param example whether an example is published when there is no file and nothing was ever published
     */
    static void follow(ActorSystem<?> system, GatewayControl control, List<Path> candidates, boolean example) {
        ConfigurationFile file = new ConfigurationFile(control, candidates, example);
        Cancellable timer = system.scheduler()
                .scheduleWithFixedDelay(Duration.ZERO, LOOKED_AT_EVERY, file::lookSoon, system.executionContext());
        // A look while entities are handed over could only fail.
        CoordinatedShutdown.get(system)
                .addTask(CoordinatedShutdown.PhaseBeforeServiceUnbind(), "gateway-configuration-file", () -> {
                    timer.cancel();
                    return CompletableFuture.completedFuture(Done.getInstance());
                });
    }

    /** A task that throws is not scheduled again: an executor that takes no more work leaves out one look. */
    private void lookSoon() {
        try {
            control.blocking().execute(this::look);
        } catch (RuntimeException full) {
            LOG.debug("The gateway's configuration file is not looked at now", full);
        }
    }

    /** One look at a time: the next one comes anyway. */
    private void look() {
        if (!busy.compareAndSet(false, true)) {
            return;
        }
        CompletionStage<Void> looked;
        try {
            Optional<Version> version = version();
            looked = version.isPresent()
                    ? version.get().equals(applied) ? done() : apply(version.get())
                    : example && !exampleTried ? example() : done();
        } catch (RuntimeException e) {
            looked = CompletableFuture.failedFuture(e);
        }
        looked.whenComplete((done, failure) -> {
            if (failure != null) {
                LOG.warn("The gateway's configuration file could not be applied; it is tried again", failure);
            }
            busy.set(false);
        });
    }

    private Optional<Version> version() {
        for (Path path : candidates) {
            try {
                if (Files.isRegularFile(path)) {
                    return Optional.of(new Version(path, Files.getLastModifiedTime(path), Files.size(path)));
                }
            } catch (IOException e) { // it vanished in this very moment
                LOG.debug("{} cannot be looked at", path, e);
            }
        }
        return Optional.empty();
    }

    private CompletionStage<Void> apply(Version version) {
        List<JsonNode> documents;
        try {
            if (version.size() > FILE_BYTES_MAX) {
                throw new ProblemException(ErrorCode.BODY_TOO_LARGE, "It has more than " + FILE_BYTES_MAX + " bytes.");
            }
            documents =
                    ConfigurationRoutes.documents(YamlBody.parse(ByteBuffer.wrap(Files.readAllBytes(version.path()))));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (ProblemException e) {
            applied = version;
            LOG.error("{} was not applied: {}", version.path(), e.detail());
            return done();
        }
        Set<ResourceKey> names = new TreeSet<>();
        documents.forEach(document -> Kind.of(document.path("kind").asText())
                .ifPresent(kind -> names.add(new ResourceKey(
                        kind, document.path("metadata").path("name").asText()))));
        return control.publish(
                        set(documents, names, version.path()),
                        false,
                        "file:" + version.path().getFileName())
                .thenAccept(reply -> {
                    switch (reply) {
                        case Publication.Published published -> {
                            applied = version;
                            named = names;
                            LOG.info(
                                    "{} was applied: generation {}, {} resources changed",
                                    version.path(),
                                    published.generation(),
                                    published.changed());
                        }
                        case Publication.Refused refused -> {
                            if (refused.code() != ErrorCode.UNAVAILABLE && refused.code() != ErrorCode.TIMEOUT) {
                                applied = version;
                            }
                            LOG.error(
                                    "{} was not applied: {} {}", version.path(), refused.detail(), refused.problems());
                        }
                    }
                });
    }

    private ChangeSet set(List<JsonNode> documents, Set<ResourceKey> names, Path path) {
        Configuration configuration = control.configuration();
        List<ChangeSet.Removed> removed = new ArrayList<>();
        for (ResourceKey key : named) {
            if (!names.contains(key) && configuration.find(key).isPresent()) {
                removed.add(new ChangeSet.Removed(key.kind(), key.name(), null));
            }
        }
        return new ChangeSet(
                documents.stream()
                        .map(document -> new ChangeSet.Wanted(document, null))
                        .toList(),
                removed,
                false,
                null,
                String.valueOf(path.getFileName()),
                0);
    }

    private CompletionStage<Void> example() {
        try (InputStream in = ConfigurationFile.class.getResourceAsStream(EXAMPLE)) {
            if (in == null) {
                throw new IllegalStateException(EXAMPLE + " is missing from the build");
            }
            List<JsonNode> documents =
                    ConfigurationRoutes.documents(YamlBody.parse(ByteBuffer.wrap(in.readAllBytes())));
            return control.publish(ChangeSet.all(documents, false, 0L, "example"), false, "node:example")
                    .thenAccept(reply -> exampleTried = true);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static CompletionStage<Void> done() {
        return CompletableFuture.completedFuture(null);
    }
}
