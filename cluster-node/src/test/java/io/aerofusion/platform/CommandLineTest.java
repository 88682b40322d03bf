package io.aerofusion.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import io.aerofusion.platform.persistence.StartException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the command line accepts, and what a node refuses before it touches anything. */
final class CommandLineTest {
    @TempDir
    private Path directory;

    @Test
    void options_become_configuration() {
        Config config = started(
                "--port",
                "9000",
                "--data=/srv/data",
                "--database",
                "jdbc:postgresql://db/a",
                "--join",
                "10.0.0.1:2551",
                "--join=[::1]:2552",
                "--region",
                "eu-1");
        assertThat(config.getInt("aerofusion.http.port")).isEqualTo(9000);
        assertThat(config.getString("aerofusion.data")).isEqualTo("/srv/data");
        assertThat(config.getString("aerofusion.database")).isEqualTo("jdbc:postgresql://db/a");
        assertThat(config.getStringList("aerofusion.cluster.join")).containsExactly("10.0.0.1:2551", "[::1]:2552");
        assertThat(config.getString("aerofusion.region")).isEqualTo("eu-1");
    }

    @Test
    void without_options_the_defaults_hold() {
        Config config = started();
        assertThat(config.getInt("aerofusion.http.port")).isEqualTo(8080);
        assertThat(config.getString("aerofusion.http.host")).isEqualTo("127.0.0.1");
        assertThat(config.getString("aerofusion.data")).isEqualTo("data");
    }

    @Test
    void help_is_shown_and_lists_every_option() {
        assertThat(CommandLine.parse("--port", "1", "--help")).isInstanceOf(CommandLine.Help.class);
        assertThat(CommandLine.HELP)
                .contains(
                        "--port",
                        "--data",
                        "--host",
                        "--join",
                        "--database",
                        "--region",
                        "--regional-key",
                        "--tls-key");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--prot 8080|there is no option --prot",
                "8080|there is no option 8080",
                "--port|--port needs a value",
                "--gateway-port x|--gateway-port is a number from 0 to 65535",
                "--port 65536|--port is a number from 0 to 65535",
                "--port -1|--port is a number from 0 to 65535",
                "--port http|--port is a number from 0 to 65535",
                "--join localhost|--join needs HOST:PORT",
                "--join :2551|--join needs HOST:PORT",
                "--database mysql://x|--database needs a URL that begins with jdbc:postgresql:",
                "--region Europe|--region is 1 to 32"
            })
    void what_makes_no_sense_is_named(String arguments, String sentence) {
        assertThat(CommandLine.parse(arguments.split(" ")))
                .isInstanceOfSatisfying(
                        CommandLine.Wrong.class,
                        wrong -> assertThat(wrong.sentence()).contains(sentence));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--host 0.0.0.0|Without TLS the API binds to loopback addresses only, not to 0.0.0.0",
                "--tls-key key.pem|TLS needs both files",
                "--tls-key no.pem --tls-certificate no.pem|The TLS files cannot be read",
                "--cluster-host 0.0.0.0|Without TLS nodes talk to each other on loopback addresses only",
                "--join 127.0.0.1:2551|give --database and --regional-key"
            })
    void what_would_be_unsafe_is_refused(String arguments, String sentence) {
        CommandLine.Start start = (CommandLine.Start) CommandLine.parse(arguments.split(" "));
        assertThatThrownBy(() -> Node.start(start.options()))
                .isInstanceOf(StartException.class)
                .hasMessageContaining(sentence);
        assertThat(Path.of("data")).doesNotExist();
    }

    @Test
    @EnabledOnOs({OS.LINUX, OS.MAC})
    void the_script_shows_its_options() throws Exception {
        Ended help = script(Map.of(), "node", "--help");
        assertThat(help.code()).isZero();
        assertThat(help.said())
                .contains("--port", "--data", "--host", "--join", "--database", "--regional-key", "--tls-key");
        assertThat(script(Map.of(), "strat"))
                .isEqualTo(new Ended(2, "run: there is no command 'strat'; see ./run --help\n"));
    }

    @Test
    @EnabledOnOs({OS.LINUX, OS.MAC})
    void without_a_jdk_the_script_says_in_a_sentence_what_is_missing() throws Exception {
        // a java that is none, first on the path, hides one that is installed
        Path bin = Files.createDirectory(directory.resolve("bin"));
        Path none = Files.writeString(bin.resolve("java"), "#!/bin/sh\nexit 1\n");
        assertThat(none.toFile().setExecutable(true)).isTrue();
        Ended ended = script(Map.of(
                "JAVA_HOME", directory.toString(), "PATH", bin + ":/usr/bin:/bin", "AEROFUSION_JDKS", bin + "/*"));
        assertThat(ended.code()).isEqualTo(2);
        assertThat(ended.said())
                .startsWith("run: this needs a JDK 25 and found none in JAVA_HOME, on the PATH")
                .contains("install one")
                .hasLineCount(1);
    }

    private record Ended(int code, String said) {}

    private static Ended script(Map<String, String> environment, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of("../run"));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().putAll(environment);
        Process process = builder.start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Ended(process.waitFor(), said);
    }

    private static Config started(String... arguments) {
        return ((CommandLine.Start) CommandLine.parse(arguments)).options().config();
    }
}
