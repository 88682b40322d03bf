package io.aerofusion.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.aerofusion.gateway.GatewaySettings.Listener;
import io.aerofusion.gateway.GatewaySettings.Protocol;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The conformance suite of HTTP/2 (h2spec), which the build unpacks into target/. */
class H2SpecTest {
    private static final Path PACKED = Path.of("target", "h2spec", "h2spec", "2.2.0", "h2spec_linux_amd64.tar.gz");

    private static final Pattern LENGTH = Pattern.compile("(?i)\r\ncontent-length: (\\d+)");
    private static final Pattern CHUNKED = Pattern.compile("(?i)\r\ntransfer-encoding: chunked");

    @TempDir
    Path directory;

    @Test
    @EnabledOnOs(value = OS.LINUX, architectures = "amd64")
    void conforms() throws Exception {
        assertTrue(Files.exists(PACKED), "the build has not unpacked it");
        run(List.of("tar", "xzf", PACKED.toAbsolutePath().toString()));
        try (var upstream = upstream();
                var gateway =
                        Gateway.start(GatewaySettings.of(List.of(new Listener("http", "127.0.0.1", 0, Protocol.HTTP)))
                                .withThreads(1))) {
            TestRoutes.all(gateway, upstream.address());
            int port = gateway.addresses().getFirst().getPort();
            String report = run(List.of("./h2spec", "-h", "127.0.0.1", "-p", Integer.toString(port), "-o", "5"));
            assertTrue(report.contains(" 0 failed"), report);
            String summary = report.lines()
                    .filter(line -> line.contains(" tests, "))
                    .findFirst()
                    .orElse(report);
            assertEquals("145 tests, 145 passed, 0 skipped, 0 failed", summary.strip());
        }
    }

    /** Answers a request once it has read all of it: an earlier answer may overtake the part of a body that is wrong. */
    private static TestUpstream upstream() throws IOException {
        return new TestUpstream(connection -> {
            for (String head = connection.head(); head != null; head = connection.head()) {
                Matcher length = LENGTH.matcher(head);
                if (length.find()) connection.read(Integer.parseInt(length.group(1)));
                else if (CHUNKED.matcher(head).find()) connection.readUntil("\r\n\r\n");
                connection.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
            }
        });
    }

    private String run(List<String> command) throws IOException, InterruptedException {
        File output = directory.resolve("output").toFile();
        Process process = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output)
                .start();
        try {
            assertTrue(process.waitFor(120, TimeUnit.SECONDS), "it does not end");
        } finally {
            process.destroyForcibly();
        }
        return Files.readString(output.toPath(), StandardCharsets.UTF_8);
    }
}
