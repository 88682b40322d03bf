package io.aerofusion.platform;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.core.encoder.EncoderBase;
import ch.qos.logback.core.rolling.FixedWindowRollingPolicy;
import ch.qos.logback.core.rolling.RollingFileAppender;
import ch.qos.logback.core.rolling.SizeBasedTriggeringPolicy;
import ch.qos.logback.core.util.Duration;
import ch.qos.logback.core.util.FileSize;
import com.typesafe.config.Config;
import io.aerofusion.gateway.access.AccessSink;
import io.aerofusion.gateway.access.Observability;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Where the lines of the gateway's access log go: to a file of bounded size with a bounded number of predecessors, or to a logger. */
public final class AccessLogLines {
    /** The logger that gets them if no file is named, each line at INFO. */
    static final String LOGGER = "aerofusion.access";

    /** Logback's own minute would let a flood of errors write hundreds of megabytes beyond the bound. */
    private static final Duration SIZE_CHECKED_EVERY = Duration.buildByMilliseconds(100);

    private AccessLogLines() {}

    /**
     * Which requests are logged and traced, and where the lines go.
     *
     * @param gateway {@code aerofusion.gateway}
     * @param directory what the file's path is relative to
     * @throws IllegalArgumentException when the bounds make no sense
     */
    public static Observability observability(Config gateway, Path directory) {
        Config log = gateway.getConfig("access-log");
        return new Observability(
                log.getBoolean("enabled") ? of(log, directory) : null,
                log.getDouble("sample-percent"),
                log.getDuration("slow-threshold"),
                gateway.getDouble("trace-sample-percent"));
    }

    /**
     * What takes them.
     *
     * @param log {@code aerofusion.gateway.access-log}
     * @param directory what the file's path is relative to
     * @throws IllegalArgumentException when the bounds make no sense
     */
    static AccessSink of(Config log, Path directory) {
        String file = log.getString("file");
        long bytesMax = log.getBytes("file-bytes-max");
        int filesMax = log.getInt("files-max");
        if (bytesMax < 1_024 || filesMax < 2 || filesMax > 20) {
            throw new IllegalArgumentException("access-log has 2 to 20 files of at least 1 KiB");
        }
        if (file.isEmpty()) {
            Logger logger = LoggerFactory.getLogger(LOGGER);
            return lines -> lines.forEach(logger::info);
        }
        return file(directory.resolve(file), bytesMax, filesMax);
    }

    private static AccessSink file(Path file, long bytesMax, int filesMax) {
        // Not attached to a logger: several nodes in one JVM would write into each other's files.
        LoggerContext context = new LoggerContext();
        RollingFileAppender<String> appender = new RollingFileAppender<>();
        appender.setContext(context);
        appender.setName(LOGGER);
        appender.setFile(file.toString());
        Lines encoder = new Lines();
        encoder.setContext(context);
        encoder.start();
        appender.setEncoder(encoder);
        FixedWindowRollingPolicy window = new FixedWindowRollingPolicy();
        window.setContext(context);
        window.setParent(appender);
        window.setFileNamePattern(file + ".%i");
        window.setMinIndex(1);
        window.setMaxIndex(filesMax - 1);
        window.start();
        SizeBasedTriggeringPolicy<String> size = new SizeBasedTriggeringPolicy<>();
        size.setContext(context);
        size.setMaxFileSize(new FileSize(bytesMax));
        size.setCheckIncrement(SIZE_CHECKED_EVERY);
        size.start();
        appender.setRollingPolicy(window);
        appender.setTriggeringPolicy(size);
        appender.start();
        if (!appender.isStarted()) {
            throw new IllegalArgumentException("the access log cannot be written to " + file);
        }
        return new AccessSink() {
            @Override
            public void write(List<String> lines) {
                appender.doAppend(String.join("\n", lines));
            }

            @Override
            public void close() {
                appender.stop();
            }
        };
    }

    /** Text as it is, with a line end. */
    private static final class Lines extends EncoderBase<String> {
        @Override
        public byte[] headerBytes() {
            return new byte[0];
        }

        @Override
        public byte[] encode(String lines) {
            return (lines + "\n").getBytes(StandardCharsets.UTF_8);
        }

        @Override
        public byte[] footerBytes() {
            return new byte[0];
        }
    }
}
