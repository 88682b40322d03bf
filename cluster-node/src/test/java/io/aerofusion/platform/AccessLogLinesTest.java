package io.aerofusion.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.aerofusion.gateway.access.AccessSink;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** Where the lines of the access log end up. */
class AccessLogLinesTest {
    private static Config log(String more) {
        return ConfigFactory.parseString(more)
                .withFallback(ConfigFactory.parseString("{file: access.log, file-bytes-max: 1 KiB, files-max: 3}"));
    }

    private static List<Path> files(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.sorted().toList();
        }
    }

    @Test
    void aFullFileBecomesItsOwnPredecessorAndTheOldestGoes(@TempDir Path directory) throws Exception {
        AccessSink sink = AccessLogLines.of(log(""), directory);
        List<String> written = new ArrayList<>();
        Path oldest = directory.resolve("access.log.2");
        Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> {
            String line = "{\"line\":%d,\"filled\":\"%s\"}".formatted(written.size(), "x".repeat(1_100));
            sink.write(List.of(line));
            written.add(line);
            return Files.exists(oldest) && !Files.readAllLines(oldest).contains(written.getFirst());
        });
        sink.close();
        assertThat(files(directory))
                .containsExactly(directory.resolve("access.log"), directory.resolve("access.log.1"), oldest);
        List<String> kept = new ArrayList<>(Files.readAllLines(oldest));
        kept.addAll(Files.readAllLines(directory.resolve("access.log.1")));
        kept.addAll(Files.readAllLines(directory.resolve("access.log")));
        // what is left is the end of what was written, in order and without a gap
        assertThat(kept).isEqualTo(written.subList(written.size() - kept.size(), written.size()));
    }

    @Test
    void goesOnWithTheFileOfTheLastStart(@TempDir Path directory) throws Exception {
        for (String line : List.of("first", "second")) {
            AccessSink sink = AccessLogLines.of(log(""), directory);
            sink.write(List.of(line));
            sink.close();
        }
        assertThat(directory.resolve("access.log")).hasContent("first\nsecond\n");
    }

    @Test
    void goesToALoggerWithoutAFile(@TempDir Path directory) throws Exception {
        Logger logger = (Logger) LoggerFactory.getLogger(AccessLogLines.LOGGER);
        ListAppender<ILoggingEvent> told = new ListAppender<>();
        told.start();
        logger.addAppender(told);
        try {
            AccessLogLines.of(log("file: \"\""), directory).write(List.of("one", "two"));
        } finally {
            logger.detachAppender(told);
        }
        assertThat(told.list).extracting(ILoggingEvent::getFormattedMessage).containsExactly("one", "two");
        assertThat(files(directory)).isEmpty();
    }

    @Test
    void refusesBoundsThatMakeNoSenseAndFilesThatCannotBe(@TempDir Path directory) throws Exception {
        Path taken = Files.createDirectory(directory.resolve("taken"));
        for (String wrong : List.of("file-bytes-max: 1000", "files-max: 1", "files-max: 21", "file: taken")) {
            assertThatThrownBy(() -> AccessLogLines.of(log(wrong), directory))
                    .as(wrong)
                    .isInstanceOf(IllegalArgumentException.class);
        }
        assertThat(taken).isDirectory();
    }
}
