package io.aerofusion.route;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.aerofusion.platform.cluster.Revision;
import io.aerofusion.platform.cluster.RevisionedContent;
import java.io.IOException;
import java.util.NavigableMap;
import java.util.TreeMap;

/** How a configuration and its changes are written: JSON, of the same form on the wire, on the disk and in snapshots. */
final class ConfigurationContent implements RevisionedContent<Configuration, PublicationEvent.Published> {
    static final ConfigurationContent INSTANCE = new ConfigurationContent();

    private static final ObjectMapper MAPPER = JsonMapper.builder()
            .serializationInclusion(JsonInclude.Include.NON_NULL)
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.USE_LONG_FOR_INTS)
            .build();

    private ConfigurationContent() {}

    @Override
    public Configuration empty() {
        return Configuration.EMPTY;
    }

    @Override
    public Configuration apply(Configuration before, PublicationEvent.Published change, Revision revision) {
        return before.apply(change);
    }

    @Override
    public byte[] write(Configuration whole) {
        ObjectNode json = MAPPER.createObjectNode()
                .put("generation", whole.generation())
                .put("at", whole.at())
                .put("by", whole.by());
        ArrayNode items = json.putArray("items");
        whole.items()
                .values()
                .forEach(item -> items.addObject()
                        .put("version", item.version())
                        .put("at", item.at())
                        .put("by", item.by())
                        .set("document", item.document()));
        return bytes(json);
    }

    @Override
    public Configuration read(byte[] whole) {
        JsonNode json = tree(whole);
        NavigableMap<ResourceKey, Configuration.Item> items = new TreeMap<>();
        for (JsonNode item : json.path("items")) {
            JsonNode document = item.path("document");
            items.put(
                    keyOf(document),
                    new Configuration.Item(
                            document,
                            item.path("version").asLong(),
                            item.path("at").asLong(),
                            item.path("by").asText()));
        }
        return new Configuration(
                json.path("generation").asLong(),
                json.path("at").asLong(),
                json.path("by").asText(),
                items);
    }

    @Override
    public byte[] writeChange(PublicationEvent.Published change) {
        return bytes(change);
    }

    @Override
    public PublicationEvent.Published readChange(byte[] change) {
        try {
            return MAPPER.readValue(change, PublicationEvent.Published.class);
        } catch (IOException e) {
            throw new IllegalStateException("not a change of a gateway's configuration", e);
        }
    }

    /** Which resource a stored document is. */
    static ResourceKey keyOf(JsonNode document) {
        String label = document.path("kind").asText();
        Kind kind = Kind.of(label).orElseThrow(() -> new IllegalStateException("there is no kind " + label));
        return new ResourceKey(kind, document.path("metadata").path("name").asText());
    }

    static byte[] bytes(Object value) {
        try {
            return MAPPER.writeValueAsBytes(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("cannot be written as JSON: " + value.getClass(), e);
        }
    }

    static JsonNode tree(byte[] json) {
        try {
            return MAPPER.readTree(json);
        } catch (IOException e) {
            throw new IllegalStateException("not JSON", e);
        }
    }
}
