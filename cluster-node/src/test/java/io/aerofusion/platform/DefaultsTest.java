package io.aerofusion.platform;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigValue;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The defaults are promises to operators: changing one is a decision, seen here and named in CHANGELOG.md. */
final class DefaultsTest {
    @ParameterizedTest
    @ValueSource(strings = {"reference.conf", "node-defaults.conf"})
    void every_default_is_pinned(String resource) throws Exception {
        Config defaults = own(resource).resolveWith(NodeConfig.load());
        String actual = new TreeSet<>(defaults.entrySet().stream()
                        .map(entry -> entry.getKey() + " = " + entry.getValue().render(ConfigRenderOptions.concise()))
                        .toList())
                .stream().collect(Collectors.joining("\n", "", "\n"));
        String name = resource.replace(".conf", ".txt");
        Files.writeString(Path.of("target", name), actual);
        assertThat(actual)
                .as("when the change is meant, copy target/%s to src/test/resources", name)
                .isEqualTo(pinned(name));
    }

    @ParameterizedTest
    @ValueSource(strings = {"reference.conf"})
    void every_key_is_explained(String resource) {
        Config defaults = own(resource);
        Set<String> lines = new HashSet<>();
        defaults.entrySet().forEach(entry -> lines.add(line(entry.getValue(), 0)));
        for (Map.Entry<String, ConfigValue> entry : defaults.entrySet()) {
            // a comment above it, or above the key right before it
            boolean explained =
                    !entry.getValue().origin().comments().isEmpty() || lines.contains(line(entry.getValue(), -1));
            assertThat(explained).as(entry.getKey()).isTrue();
        }
    }

    /** From the build's directory: other jars have a reference.conf, too. */
    private static Config own(String resource) {
        return ConfigFactory.parseFile(Path.of("target", "classes", resource).toFile());
    }

    private static String pinned(String name) throws Exception {
        try (InputStream in = DefaultsTest.class.getClassLoader().getResourceAsStream(name)) {
            return in == null ? "" : new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static String line(ConfigValue value, int offset) {
        return value.origin().filename() + ":" + (value.origin().lineNumber() + offset);
    }
}
