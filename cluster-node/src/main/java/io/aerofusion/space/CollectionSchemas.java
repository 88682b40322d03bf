package io.aerofusion.space;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.AnnotationKeyword;
import com.networknt.schema.JsonMetaSchema;
import com.networknt.schema.JsonNodePath;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.PathType;
import com.networknt.schema.SchemaId;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SchemaValidatorsConfig;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;
import com.networknt.schema.resource.DisallowSchemaLoader;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The JSON Schemas (2020-12) of a space's collections: what documents have to look like, and by {@code x-sync} how they merge.
 * A schema cannot make the node fetch anything or match a pattern without end.
 */
final class CollectionSchemas {
    private static final String DIALECT = "https://json-schema.org/draft/2020-12/schema";
    private static final int VIOLATIONS_MAX = 10;
    private static final long CLOCK_AHEAD_MILLIS_MAX = 60_000;
    private static final int NAME_LENGTH_MAX = 256;

    private static final SchemaValidatorsConfig CONFIG = SchemaValidatorsConfig.builder()
            .pathType(PathType.JSON_POINTER)
            .regularExpressionFactory(BoundedPattern::compile)
            .build();
    private static final JsonSchemaFactory FACTORY = JsonSchemaFactory.getInstance(
            SpecVersion.VersionFlag.V202012,
            builder -> builder.enableSchemaCache(false)
                    .metaSchema(JsonMetaSchema.builder(JsonMetaSchema.getV202012())
                            .keyword(new AnnotationKeyword("x-sync")) // for the merge, not for the validator
                            .build())
                    .schemaLoaders(loaders -> loaders.add(DisallowSchemaLoader.getInstance())));
    private static final JsonSchema META = JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012)
            .getSchema(SchemaLocation.of(SchemaId.V202012), CONFIG);

    private record Declared(JsonNode schema, long version) {}

    private final EntityLimits limits;
    private final SortedMap<String, Declared> declared = new TreeMap<>();
    /** Compiled when first needed: a recovery must not pay for schemas that nobody writes to. */
    private final Map<String, JsonSchema> compiled = new HashMap<>();

    private @Nullable SpaceSettings settings;

    CollectionSchemas(EntityLimits limits) {
        this.limits = limits;
    }

    /** What is wrong with a schema, in a sentence. */
    Optional<String> fault(String collection, JsonNode schema) {
        if (!SpaceNames.isCollection(collection)) {
            return Optional.of("A collection's name has letters, digits and . _ ~ - only.");
        }
        if (!schema.isObject()) {
            return Optional.of("A schema is a JSON object.");
        }
        if (schema.toString().length() > limits.schemaBytesMax()) {
            return Optional.of("A schema has at most " + limits.schemaBytesMax() + " bytes.");
        }
        if (!declared.containsKey(collection) && declared.size() >= limits.collectionsMax()) {
            return Optional.of("A space has at most " + limits.collectionsMax() + " collections with a schema.");
        }
        if (!schema.path("$schema").asText(DIALECT).equals(DIALECT)) {
            return Optional.of("The dialect is " + DIALECT + ".");
        }
        Set<ValidationMessage> faults = META.validate(schema);
        if (!faults.isEmpty()) {
            return Optional.of(faults.iterator().next().getMessage());
        }
        try {
            CollectionRules.parse(schema);
            compile(schema).initializeValidators();
            return Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        } catch (RuntimeException e) {
            return Optional.of("The schema cannot be compiled; references beyond itself are not followed.");
        }
    }

    void set(String collection, JsonNode schema) {
        declared.put(collection, new Declared(schema, version(collection) + 1));
        compiled.remove(collection);
        settings = null;
    }

    /** 0 when there is none. */
    long version(String collection) {
        Declared found = declared.get(collection);
        return found == null ? 0 : found.version();
    }

    SortedMap<String, Long> versions() {
        SortedMap<String, Long> versions = new TreeMap<>();
        declared.forEach((collection, schema) -> versions.put(collection, schema.version()));
        return versions;
    }

    Optional<Space.Schema> read(String collection) {
        return Optional.ofNullable(declared.get(collection))
                .map(found -> new Space.Schema(found.schema(), found.version()));
    }

    /** For the snapshot: collection -> schema and version. */
    SortedMap<String, Space.Schema> all() {
        SortedMap<String, Space.Schema> all = new TreeMap<>();
        declared.forEach((collection, found) -> all.put(collection, new Space.Schema(found.schema(), found.version())));
        return all;
    }

    void restore(Map<String, Space.Schema> all) {
        all.forEach((collection, schema) -> declared.put(collection, new Declared(schema.schema(), schema.version())));
    }

    /** What pushes are held against. */
    SpaceSettings settings(boolean declaredOnly, long documentsMax, long bytesMax) {
        SpaceSettings known = settings;
        if (known != null
                && known.declaredOnly() == declaredOnly
                && known.limits().documentsMax() == documentsMax
                && known.limits().bytesMax() == bytesMax) {
            return known;
        }
        Map<String, CollectionRules> rules = new HashMap<>();
        declared.forEach((collection, found) -> rules.put(collection, CollectionRules.parse(found.schema())));
        SpaceSettings fresh = new SpaceSettings(
                rules,
                declaredOnly,
                new SpaceLimits(
                        limits.documentBytesMax(),
                        limits.nestingMax(),
                        Math.toIntExact(documentsMax),
                        bytesMax,
                        CLOCK_AHEAD_MILLIS_MAX,
                        NAME_LENGTH_MAX,
                        limits.quarantineBytesMax()),
                declared.isEmpty() ? null : this::check);
        settings = fresh;
        return fresh;
    }

    private List<SpaceSettings.Violation> check(String collection, ObjectNode document) {
        Declared found = declared.get(collection);
        if (found == null) {
            return List.of();
        }
        JsonSchema schema = compiled.get(collection);
        if (schema == null) {
            schema = compile(found.schema());
            compiled.put(collection, schema);
        }
        try {
            return schema.validate(document).stream()
                    .limit(VIOLATIONS_MAX)
                    .map(message ->
                            new SpaceSettings.Violation(path(message.getInstanceLocation()), message.getError()))
                    .toList();
        } catch (BoundedPattern.TooManyStepsException e) {
            return List.of(new SpaceSettings.Violation("", "A pattern of the schema takes too long on this document."));
        }
    }

    private static JsonSchema compile(JsonNode schema) {
        return FACTORY.getSchema(schema, CONFIG);
    }

    /** The cell in which a violation lies: array elements belong to the array's cell. */
    private static String path(JsonNodePath location) {
        List<String> names = new ArrayList<>();
        for (int i = 0; i < location.getNameCount() && location.getElement(i) instanceof String name; i++) {
            names.add(name);
        }
        return names.isEmpty() ? "" : Path.of(names);
    }
}
