package io.aerofusion.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.aerofusion.platform.persistence.TestDatabase;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The tutorial of docs/guide.md: its commands, run one after the other by a shell, are answered as it shows ({@code ...} stands for more). */
@Timeout(180)
final class GuideTest {
    private static final Path CHECKOUT = Path.of("..").toAbsolutePath().normalize();
    private static final Pattern BLOCK = Pattern.compile("```(\\w*)\n(.*?)\n```", Pattern.DOTALL);
    /** What differs from run to run. */
    private static final Pattern VARYING = Pattern.compile("(\"(?:cursor|at|counter)\":)(?:\"[^\"]*\"|\\d+)");

    private static final String MARK = "--- block ";

    /** Commands, and what they answer according to the guide; "" when it does not say. */
    private record Step(String commands, String answer) {}

    @Test
    @EnabledOnOs({OS.LINUX, OS.MAC})
    void its_commands_are_answered_as_it_shows(@TempDir Path directory) throws Exception {
        assumeTrue(
                Stream.of(System.getenv("PATH").split(":")).anyMatch(bin -> Files.isExecutable(Path.of(bin, "curl"))),
                "the tutorial is for people who have curl");
        List<Step> steps = steps(tutorial());
        assertThat(steps).hasSizeGreaterThan(10);
        Node node = Node.start(NodeOptions.in(directory.resolve("node")).withDatabase(TestDatabase.migrated()));
        try {
            String[] answers = run(script(steps, node, directory), directory);
            for (int i = 0; i < steps.size(); i++) {
                String shown = comparable(steps.get(i).answer());
                assertThat(comparable(answers[i]))
                        .as("what was answered to %s, shown as %s", steps.get(i).commands(), shown)
                        .matches(".*" + Pattern.quote(shown).replace("...", "\\E.*\\Q"));
            }
        } finally {
            node.stop();
        }
    }

    @Test
    void its_java_is_that_of_the_example() throws Exception {
        String example = Files.readString(
                CHECKOUT.resolve("clients/java/src/test/java/io/aerofusion/client/examples/Inspection.java"));
        List<String> shown = BLOCK.matcher(tutorial())
                .results()
                .filter(block -> block.group(1).equals("java"))
                .map(block -> block.group(2))
                .toList();
        assertThat(shown).hasSize(1);
        assertThat(example.replaceAll("\\s+", " ")).contains(shown.getFirst().replaceAll("\\s+", " "));
    }

    private static String tutorial() throws IOException {
        String guide = Files.readString(CHECKOUT.resolve("docs/guide.md"));
        return guide.substring(guide.indexOf("\n## Tutorial"), guide.indexOf("\n## Operating"));
    }

    /** A block that begins with a command is a step; one that does not is the answer to the step before. */
    private static List<Step> steps(String tutorial) {
        List<Step> steps = new ArrayList<>();
        BLOCK.matcher(tutorial)
                .results()
                .filter(block -> block.group(1).isEmpty())
                .forEach(block -> {
                    String text = block.group(2);
                    if (Pattern.compile("(api|\\./run|[A-Z]+=).*", Pattern.DOTALL)
                            .matcher(text)
                            .matches()) {
                        steps.add(new Step(text, ""));
                    } else {
                        steps.add(new Step(steps.removeLast().commands(), text));
                    }
                });
        return steps;
    }

    /** The commands with the node, the class path and the directory of this test instead of those of a person who follows the guide. */
    private static String script(List<Step> steps, Node node, Path directory) {
        StringBuilder script = new StringBuilder("CP='" + System.getProperty("java.class.path") + "'\n");
        for (Step step : steps) {
            step.commands()
                    .lines()
                    .filter(line -> !line.startsWith("./run") && !line.startsWith("CP="))
                    .map(line -> line.startsWith("TOKEN=")
                            ? "TOKEN=" + node.adminToken() + "; URL=" + node.uri()
                            : line.replace(
                                    "tablet-3.db",
                                    directory.resolve("tablet-3.db").toString()))
                    .forEach(line -> script.append(line).append('\n'));
            script.append("echo '").append(MARK).append("'\n");
        }
        return script.toString();
    }

    private static String[] run(String script, Path directory) throws Exception {
        Path said = directory.resolve("said");
        ProcessBuilder shell = new ProcessBuilder("bash", "-c", script)
                .directory(CHECKOUT.toFile())
                .redirectOutput(said.toFile())
                .redirectError(ProcessBuilder.Redirect.DISCARD);
        shell.environment()
                .compute("PATH", (name, path) -> Path.of(System.getProperty("java.home"), "bin") + ":" + path);
        Process process = shell.start();
        try {
            assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
        } finally {
            process.destroyForcibly();
        }
        return Files.readString(said, StandardCharsets.UTF_8).split(MARK + "\n");
    }

    private static String comparable(String answer) {
        return VARYING.matcher(answer).replaceAll("$1*").replaceAll("\\s", "");
    }
}
