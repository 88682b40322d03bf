package io.aerofusion.platform.security;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.typed.ActorRef;
import akka.actor.typed.javadsl.AskPattern;
import akka.pattern.StatusReply;
import akka.persistence.typed.PersistenceId;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.typesafe.config.ConfigFactory;
import io.aerofusion.platform.NodeConfig;
import io.aerofusion.platform.NodeContext;
import io.aerofusion.platform.persistence.DataKeyStore;
import io.aerofusion.platform.persistence.Database;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/** What a node gives to its sealed entities, without the node: a database, keys, an actor system. */
public final class SealedNode implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    public final Database database;
    public final DataKeyStore keys;
    public final ActorTestKit kit;
    public final ExecutorService blocking = Executors.newFixedThreadPool(4);

    public SealedNode(String url, Path directory) {
        this(url, directory, Map.of());
    }

    public SealedNode(String url, Path directory, Map<String, Object> settings) {
        database = Database.open(url);
        keys = DataKeyStore.open(
                database.pool(),
                directory.resolve("regional.key"),
                directory.resolve("ledger"),
                InstantSource.system());
        kit = ActorTestKit.create(
                "sealed",
                NodeConfig.load(ConfigFactory.parseMap(settings)
                        .withFallback(ConfigFactory.parseMap(Map.of(
                                "akka.actor.provider",
                                "local",
                                // a busy machine may need longer than the kit waits
                                "akka.actor.testkit.typed.system-shutdown-default",
                                PATIENCE,
                                "akka.actor.testkit.typed.single-expect-default",
                                PATIENCE,
                                "akka-persistence-jdbc.shared-databases.aerofusion.db.url",
                                url)))));
    }

    public ActorRef<Diary.Command> diary(String name) {
        return kit.spawn(SealedEntity.create(
                PersistenceId.ofUniqueId("Diary|default|" + name), keys, blocking, new Diary.Life()));
    }

    public int write(ActorRef<Diary.Command> diary, String owner, String words) {
        return await(AskPattern.askWithStatus(
                diary,
                replyTo -> new Diary.Write(owner, words, JsonNodeFactory.instance.numberNode(7L), replyTo),
                PATIENCE,
                kit.scheduler()));
    }

    public List<String> read(ActorRef<Diary.Command> diary) {
        return await(AskPattern.askWithStatus(diary, Diary.Read::new, PATIENCE, kit.scheduler()));
    }

    /** The answer. @throws IllegalStateException with the refusal of the diary */
    public static <T> T await(CompletionStage<T> stage) {
        try {
            return stage.toCompletableFuture().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (java.util.concurrent.ExecutionException e) {
            if (e.getCause() instanceof StatusReply.ErrorMessage refusal) {
                throw new IllegalStateException(refusal.getMessage(), e);
            }
            throw new AssertionError(e);
        } catch (InterruptedException | java.util.concurrent.TimeoutException e) {
            throw new AssertionError(e);
        }
    }

    /** What domains get of a node. */
    public NodeContext context() {
        return new NodeContext(kit.system(), database.pool(), keys, blocking, InstantSource.system(), 1);
    }

    @Override
    public void close() {
        kit.shutdownTestKit();
        blocking.shutdown();
        keys.close();
        database.close();
    }
}
