package io.aerofusion.platform.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import io.aerofusion.platform.ErrorCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import org.yaml.snakeyaml.LoaderOptions;

/**
 * Reads and writes YAML as JSON: {@code yes} and {@code on} are texts, names are unique, nesting is bounded. Anchors and aliases are
 * refused, so that a short document cannot become a long one.
 */
public final class YamlBody {
    static final Set<String> MEDIA_TYPES = Set.of("application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml");

    private static final int CHARACTERS_MAX = 64 * 1024 * 1024;

    private static final YAMLMapper MAPPER = YAMLMapper.builder(YAMLFactory.builder()
                    .loaderOptions(options())
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(JsonBody.NESTING_MAX)
                            .maxNameLength(JsonBody.NAME_LENGTH_MAX)
                            .maxNumberLength(JsonBody.NUMBER_LENGTH_MAX)
                            .build())
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .enable(YAMLParser.Feature.PARSE_BOOLEAN_LIKE_WORDS_AS_STRINGS)
                    .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
                    .enable(YAMLGenerator.Feature.ALWAYS_QUOTE_NUMBERS_AS_STRINGS)
                    .disable(YAMLGenerator.Feature.SPLIT_LINES)
                    .build())
            .build();

    private YamlBody() {}

    private static LoaderOptions options() {
        LoaderOptions options = new LoaderOptions();
        options.setCodePointLimit(CHARACTERS_MAX);
        options.setNestingDepthLimit(JsonBody.NESTING_MAX);
        options.setMaxAliasesForCollections(0);
        options.setAllowDuplicateKeys(false);
        return options;
    }

    /**
     * Parses it; several documents become an array.
     *
     * @throws ProblemException with {@code malformed-json} or {@code nested-too-deep}
     */
    public static JsonNode parse(ByteBuffer utf8) {
        String text = StandardCharsets.UTF_8.decode(utf8).toString();
        ArrayNode documents = JsonNodeFactory.instance.arrayNode();
        try {
            refuseAliases(text);
            try (MappingIterator<JsonNode> all =
                    MAPPER.readerFor(JsonNode.class).readValues(text)) {
                while (all.hasNextValue()) {
                    JsonNode document = all.nextValue();
                    if (!document.isNull() && !document.isMissingNode()) {
                        documents.add(document);
                    }
                }
            }
        } catch (StreamConstraintsException e) {
            throw new ProblemException(
                    ErrorCode.NESTED_TOO_DEEP, "The YAML is nested too deep or holds too long names.");
        } catch (JsonProcessingException e) {
            throw malformed(e);
        } catch (IOException e) { // text cannot fail to be read
            throw new IllegalStateException(e);
        }
        return documents.size() == 1 ? documents.get(0) : documents;
    }

    private static void refuseAliases(String text) throws IOException {
        try (YAMLParser parser = MAPPER.getFactory().createParser(text)) {
            while (parser.nextToken() != null) {
                if (parser.isCurrentAlias()) {
                    throw new ProblemException(
                            ErrorCode.MALFORMED_JSON,
                            "YAML aliases are not read; line "
                                    + parser.currentLocation().getLineNr() + " has one.");
                }
            }
        }
    }

    private static ProblemException malformed(JsonProcessingException e) {
        String where = e.getLocation() == null
                ? ""
                : " at line " + e.getLocation().getLineNr() + ", column "
                        + e.getLocation().getColumnNr();
        return new ProblemException(ErrorCode.MALFORMED_JSON, "The body is not valid YAML" + where + ".");
    }

    /** Writes documents one after the other. */
    public static String write(Iterable<? extends JsonNode> documents) {
        StringBuilder text = new StringBuilder();
        try {
            for (JsonNode document : documents) {
                text.append(MAPPER.writeValueAsString(document));
            }
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("JSON can always be written as YAML", e);
        }
        return text.toString();
    }
}
