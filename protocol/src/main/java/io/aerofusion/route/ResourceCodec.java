package io.aerofusion.route;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.cfg.CoercionAction;
import com.fasterxml.jackson.databind.cfg.CoercionInputShape;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.type.LogicalType;
import io.aerofusion.space.CanonicalJson;
import java.io.IOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The written form of resources and generations: JSON, strictly read. Whatever is wrong with a document is reported at once, each with
 * the JSON pointer of its field.
 *
 * <p>A document is {@code {kind, metadata: {name, labels?, createdAt?}, spec}}; {@code apiVersion} is accepted and dropped, and of the
 * metadata {@code namespace} and {@code annotations}, so that documents of the Gateway API can be read.
 */
public final class ResourceCodec {
    /** Deeper documents than this are refused. */
    public static final int DEPTH_MAX = 64;

    private static final Set<String> MEMBERS = Set.of("apiVersion", "kind", "metadata", "spec");
    private static final Set<String> METADATA = Set.of("name", "namespace", "labels", "annotations", "createdAt");

    private static final ObjectMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(DEPTH_MAX)
                            .build())
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .build())
            .addModule(Durations.module())
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .disable(SerializationFeature.FAIL_ON_EMPTY_BEANS)
            .serializationInclusion(JsonInclude.Include.NON_EMPTY)
            .withCoercionConfig(
                    LogicalType.Textual,
                    config -> config.setCoercion(CoercionInputShape.Integer, CoercionAction.Fail)
                            .setCoercion(CoercionInputShape.Float, CoercionAction.Fail)
                            .setCoercion(CoercionInputShape.Boolean, CoercionAction.Fail))
            .build();

    private ResourceCodec() {}

    /** What became of a document. */
    public sealed interface Read {
        /** A valid resource. */
        record Valid(Resource resource) implements Read {}

        /** All that is wrong with the document. */
        record Invalid(List<Problem> problems) implements Read {
            public Invalid {
                problems = List.copyOf(problems);
            }
        }
    }

    /** Reads JSON text into a tree. Duplicate members are refused. */
    public static JsonNode tree(byte[] json) throws JsonProcessingException {
        try {
            return MAPPER.readTree(json);
        } catch (JsonProcessingException refusal) {
            throw refusal;
        } catch (IOException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /**
     * Reads and checks one resource.
     *
     * @param now when the resource came into being, if the document does not say
     */
    public static Read read(JsonNode document, Instant now) {
        if (!document.isObject()) {
            return new Read.Invalid(
                    List.of(new Problem("", "", "", Problem.MALFORMED, "The document is not a JSON object.")));
        }
        JsonNode metadata = document.path("metadata");
        String label = document.path("kind").asText("");
        String name = metadata.path("name").asText("");
        Faults faults = new Faults(label, name);
        unknown(document, MEMBERS, "", faults);
        unknown(metadata, METADATA, "/metadata", faults);
        @Nullable Kind kind = Kind.of(label).orElse(null);
        if (kind == null) {
            faults.add("/kind", label.isEmpty() ? Problem.REQUIRED : Problem.INVALID, "Name one of " + kinds() + ".");
        }
        Map<String, String> labels = labels(metadata.path("labels"), faults);
        Instant createdAt = createdAt(metadata.path("createdAt"), now, faults);
        @Nullable Spec spec = kind == null ? null : spec(kind, document.path("spec"), faults);
        if (kind == null || spec == null) {
            return new Read.Invalid(faults.problems());
        }
        Resource resource = new Resource(kind, name, labels, createdAt, spec);
        List<Problem> problems = new ArrayList<>(faults.problems());
        for (Problem found : Checks.check(resource)) {
            // what could not be read looks as if it were missing; say it once
            if (problems.stream().noneMatch(known -> known.pointer().equals(found.pointer()))) {
                problems.add(found);
            }
        }
        return problems.isEmpty() ? new Read.Valid(resource) : new Read.Invalid(problems);
    }

    /** Reads a resource that was valid when it was stored. */
    public static Resource stored(JsonNode document) {
        return switch (read(document, Instant.EPOCH)) {
            case Read.Valid valid -> valid.resource();
            case Read.Invalid invalid -> throw new IllegalArgumentException("cannot be read: " + invalid.problems());
        };
    }

    /** A resource as its document. */
    public static ObjectNode write(Resource resource) {
        ObjectNode document =
                MAPPER.createObjectNode().put("kind", resource.kind().label());
        ObjectNode metadata = document.putObject("metadata").put("name", resource.name());
        if (!resource.labels().isEmpty()) {
            metadata.set("labels", MAPPER.valueToTree(resource.labels()));
        }
        metadata.put("createdAt", resource.createdAt().toString());
        document.set("spec", json(resource.spec()));
        return document;
    }

    /** A spec alone. */
    public static ObjectNode json(Spec spec) {
        return MAPPER.valueToTree(spec);
    }

    /** A generation as one JSON object: {@code {generation, resources: [...]}}. */
    public static ObjectNode write(Generation generation) {
        ObjectNode document = MAPPER.createObjectNode().put("generation", generation.number());
        ArrayNode resources = document.putArray("resources");
        generation.resources().forEach(resource -> resources.add(write(resource)));
        return document;
    }

    /** Reads a generation that was valid when it was stored. */
    public static Generation storedGeneration(JsonNode document) {
        List<Resource> resources = new ArrayList<>();
        document.path("resources").forEach(resource -> resources.add(stored(resource)));
        return new Generation(document.path("generation").asLong(), resources);
    }

    /** The canonical bytes of a generation (RFC 8785). */
    public static byte[] canonical(Generation generation) {
        return CanonicalJson.bytes(write(generation));
    }

    /** The digest of what a generation holds, without its number: SHA-256 of the canonical bytes of its resources, in hex. */
    public static String digest(Generation generation) {
        try {
            byte[] canonical = CanonicalJson.bytes(write(generation).path("resources"));
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(canonical));
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static @Nullable Spec spec(Kind kind, JsonNode json, Faults faults) {
        if (!json.isObject()) {
            faults.add(
                    "/spec", json.isMissingNode() ? Problem.REQUIRED : Problem.INVALID, "The spec is not an object.");
            return null;
        }
        try {
            // through text, not through the tree: only a parser of text knows its place at every token
            return MAPPER.readerFor(kind.type())
                    .withHandler(new FaultHandler(faults))
                    .readValue(MAPPER.writeValueAsBytes(json), kind.type());
        } catch (IOException refusal) {
            faults.add(refusal);
            return null;
        }
    }

    private static void unknown(JsonNode object, Set<String> known, String at, Faults faults) {
        object.fieldNames().forEachRemaining(name -> {
            if (!known.contains(name)) {
                faults.add(at + "/" + Faults.escaped(name), Problem.UNKNOWN_FIELD, "There is no field " + name + ".");
            }
        });
    }

    private static Map<String, String> labels(JsonNode json, Faults faults) {
        Map<String, String> labels = new TreeMap<>();
        if (!json.isMissingNode() && !json.isObject()) {
            faults.add("/metadata/labels", Problem.INVALID, "Labels are an object of texts.");
        }
        json.properties().forEach(label -> {
            if (label.getValue().isTextual()) {
                labels.put(label.getKey(), label.getValue().textValue());
            } else {
                faults.add("/metadata/labels/" + Faults.escaped(label.getKey()), Problem.INVALID, "A label is a text.");
            }
        });
        return labels;
    }

    private static Instant createdAt(JsonNode json, Instant now, Faults faults) {
        if (json.isMissingNode()) {
            return now;
        }
        try {
            return Instant.parse(json.asText(""));
        } catch (DateTimeException refusal) {
            faults.add("/metadata/createdAt", Problem.INVALID, "Write an instant such as 2026-01-31T12:00:00Z.");
            return now;
        }
    }

    private static String kinds() {
        List<String> labels = new ArrayList<>();
        for (Kind kind : Kind.values()) {
            labels.add(kind.label());
        }
        return String.join(", ", labels);
    }
}
