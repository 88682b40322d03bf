package io.aerofusion.platform;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What docs/gateway.md shows is published as it stands there, and leads where it says. */
final class GatewayGuideTest {
    private static final Path GUIDE = Path.of("..", "docs", "gateway.md");
    private static final Pattern YAML = Pattern.compile("```yaml\n(.*?)```", Pattern.DOTALL);
    private static final Pattern EXPLAIN = Pattern.compile("# explain: (\\S+) (\\S+) (\\S+) -> (\\S+)");

    @Test
    void every_example_is_valid_and_leads_where_it_says(@TempDir Path data) throws Exception {
        List<String> examples = new ArrayList<>();
        Matcher blocks = YAML.matcher(Files.readString(GUIDE));
        while (blocks.find()) {
            examples.add(blocks.group(1));
        }
        assertThat(examples).hasSizeGreaterThan(4);
        Node node = Node.start(NodeOptions.in(data));
        try {
            Caller admin = Caller.admin(node);
            for (String example : examples) {
                Caller.Response applied = admin.yaml("PUT", "/api/v1/gateway/configuration", example);
                assertThat(applied.status()).as(example + applied.body()).isEqualTo(200);
                Matcher question = EXPLAIN.matcher(example);
                assertThat(question.find()).as(example).isTrue();
                JsonNode answer = admin.post(
                                "/api/v1/gateway/explain",
                                "{'method':'%s','host':'%s','path':'%s'}"
                                        .formatted(question.group(1), question.group(2), question.group(3)))
                        .body();
                assertThat(answer.at("/chosen/route").asText())
                        .as(example + answer)
                        .isEqualTo(question.group(4));
            }
        } finally {
            node.stop();
        }
    }

    @Test
    void the_table_of_settings_names_every_setting() throws Exception {
        String guide = Files.readString(GUIDE);
        Config gateway = ConfigFactory.parseResources("reference.conf").getConfig("aerofusion.gateway");
        Set<String> missing = new TreeSet<>();
        gateway.entrySet().forEach(entry -> {
            if (!guide.contains("`" + entry.getKey() + "`")) {
                missing.add(entry.getKey());
            }
        });
        assertThat(missing).isEmpty();
    }
}
