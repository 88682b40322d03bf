package io.aerofusion.load;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.zip.GZIPInputStream;

/** The real input: the world's runways and the edits people made to them (see {@code runways.txt} beside the data). */
record Runways(List<Runway> base, List<Edit> edits) {
    private static final ObjectReader LINES = JsonMapper.builder().build().readerFor(ObjectNode.class);

    record Runway(String id, Map<String, JsonNode> fields) {}

    /** What somebody did to one runway. */
    sealed interface Edit {
        String id();

        /** When, in seconds since the epoch. */
        long at();

        record Created(String id, long at, Map<String, JsonNode> fields) implements Edit {}

        record Changed(String id, long at, Map<String, JsonNode> set, List<String> unset) implements Edit {}

        record Deleted(String id, long at) implements Edit {}
    }

    Runways {
        base = List.copyOf(base);
        edits = List.copyOf(edits);
    }

    static Runways load() {
        List<Runway> base = new ArrayList<>();
        for (ObjectNode line : lines("/runways-base.ndjson.gz")) {
            base.add(new Runway(line.get("id").asText(), fields(line.get("doc"))));
        }
        List<Edit> edits = new ArrayList<>();
        for (ObjectNode line : lines("/runways-edits.ndjson.gz")) {
            edits.add(edit(line));
        }
        return new Runways(base, edits);
    }

    /** The edits of the last days before the newest edit. */
    List<Edit> since(Duration age) {
        long from = edits.getLast().at() - age.toSeconds();
        return edits.stream().filter(edit -> edit.at() >= from).toList();
    }

    /** What the runways are before the given edit (an index into {@link #edits}). */
    List<Runway> before(int edit) {
        Map<String, Map<String, JsonNode>> documents = new LinkedHashMap<>();
        base.forEach(runway -> documents.put(runway.id(), runway.fields()));
        edits.subList(0, edit).forEach(each -> apply(each, documents));
        List<Runway> runways = new ArrayList<>(documents.size());
        documents.forEach((id, fields) -> runways.add(new Runway(id, fields)));
        return runways;
    }

    /** How many runways there are after all edits. */
    int after() {
        Set<String> ids = new HashSet<>();
        base.forEach(runway -> ids.add(runway.id()));
        for (Edit edit : edits) {
            switch (edit) {
                case Edit.Created created -> ids.add(created.id());
                case Edit.Changed changed -> ids.add(changed.id()); // known already
                case Edit.Deleted deleted -> ids.remove(deleted.id());
            }
        }
        return ids.size();
    }

    private static void apply(Edit edit, Map<String, Map<String, JsonNode>> documents) {
        switch (edit) {
            case Edit.Created created -> documents.put(created.id(), created.fields());
            case Edit.Changed changed -> {
                Map<String, JsonNode> fields = new LinkedHashMap<>(
                        Objects.requireNonNull(documents.get(changed.id()), "the edits fit the runways"));
                changed.unset().forEach(fields::remove);
                fields.putAll(changed.set());
                documents.put(changed.id(), fields);
            }
            case Edit.Deleted deleted -> documents.remove(deleted.id());
        }
    }

    private static Edit edit(ObjectNode line) {
        String id = line.get("id").asText();
        long at = line.get("at").asLong();
        if (line.path("delete").asBoolean()) {
            return new Edit.Deleted(id, at);
        }
        if (line.has("create")) {
            return new Edit.Created(id, at, fields(line.get("create")));
        }
        List<String> unset = new ArrayList<>();
        line.path("unset").forEach(path -> unset.add(path.asText()));
        return new Edit.Changed(id, at, fields(line.path("set")), unset);
    }

    private static Map<String, JsonNode> fields(JsonNode object) {
        Map<String, JsonNode> fields = new LinkedHashMap<>();
        object.properties().forEach(field -> fields.put(field.getKey(), field.getValue()));
        return fields;
    }

    private static List<ObjectNode> lines(String resource) {
        try (InputStream file = Objects.requireNonNull(Runways.class.getResourceAsStream(resource), resource);
                MappingIterator<ObjectNode> lines = LINES.readValues(new GZIPInputStream(file))) {
            return lines.readAll();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
