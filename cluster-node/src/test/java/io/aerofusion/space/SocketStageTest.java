package io.aerofusion.space;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.http.javadsl.model.ws.Message;
import akka.stream.javadsl.Sink;
import akka.stream.javadsl.Source;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.aerofusion.platform.NodeConfig;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** The socket of a session at moments that cannot be met from outside. */
final class SocketStageTest {
    private static final Config CONFIG = ConfigFactory.parseString(
                    "akka.actor.provider = local, akka.remote.artery.enabled = off, akka.extensions = [],"
                            + " akka.actor.testkit.typed { single-expect-default = 60s, system-shutdown-default = 60s }")
            .withFallback(NodeConfig.load());
    private static final ActorTestKit KIT = ActorTestKit.create(CONFIG);

    @AfterAll
    static void stop() {
        KIT.shutdownTestKit();
    }

    /** It counted as open until the time for its hello was over. */
    @Test
    void a_session_whose_device_was_gone_before_it_was_there_hears_of_it() throws Exception {
        CompletableFuture<SocketStage.Opening> opening = new CompletableFuture<>();
        Source.<Message>empty()
                .via(new SocketStage(1_000, 1_000, opening::complete))
                .runWith(Sink.ignore(), KIT.system())
                .toCompletableFuture()
                .get(60, TimeUnit.SECONDS);
        TestProbe<SessionMessage> session = KIT.createTestProbe();
        assertThat(opening).isCompleted();
        opening.get(60, TimeUnit.SECONDS).session().accept(session.ref());
        session.expectMessageClass(SessionMessage.Disconnected.class);
    }
}
