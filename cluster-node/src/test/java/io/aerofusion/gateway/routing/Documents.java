package io.aerofusion.gateway.routing;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.aerofusion.route.Generation;
import io.aerofusion.route.Problem;
import io.aerofusion.route.Resource;
import io.aerofusion.route.ResourceCodec;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;

/** Generations written as YAML documents, and what becomes of them. */
final class Documents {
    static final Instant NOW = Instant.parse("2026-11-21T10:00:00Z");

    private Documents() {}

    static List<JsonNode> parse(String yaml) throws Exception {
        List<JsonNode> documents = new ArrayList<>();
        try (var parser = new YAMLFactory().createParser(yaml)) {
            new YAMLMapper().readValues(parser, JsonNode.class).forEachRemaining(documents::add);
        }
        return documents.stream().filter(JsonNode::isObject).toList();
    }

    static Generation generation(String yaml) throws Exception {
        List<Resource> resources = new ArrayList<>();
        for (JsonNode document : parse(yaml)) {
            ResourceCodec.Read read = ResourceCodec.read(document, NOW);
            assertThat(read).isInstanceOf(ResourceCodec.Read.Valid.class);
            resources.add(((ResourceCodec.Read.Valid) read).resource());
        }
        return new Generation(1, resources);
    }

    static Outcome compile(List<Door> doors, Generation generation) {
        return new Compiler(doors, InstantSource.fixed(NOW), List.of()).compile(generation);
    }

    static Compiled compiled(List<Door> doors, String yaml) throws Exception {
        Outcome outcome = compile(doors, generation(yaml));
        assertThat(outcome).isInstanceOf(Compiled.class);
        return (Compiled) outcome;
    }

    static Compiled compiled(String yaml) throws Exception {
        return compiled(List.of(new Door("http", 80, false)), yaml);
    }

    static List<Problem> refused(String yaml) throws Exception {
        Outcome outcome = compile(List.of(new Door("http", 80, false)), generation(yaml));
        assertThat(outcome).isInstanceOf(Outcome.Refused.class);
        return ((Outcome.Refused) outcome).problems();
    }

    /** An upstream document. */
    static String upstream(String name) {
        return """
                ---
                {kind: Upstream, metadata: {name: %s}, spec: {endpoints: [{address: 127.0.0.1, port: 9}]}}
                """.formatted(name);
    }
}
