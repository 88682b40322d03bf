package io.aerofusion.platform.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.core.util.JsonParserDelegate;
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
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;

/**
 * Reads and writes YAML as JSON: {@code yes} and {@code on} are texts, names are unique, nesting is bounded. Aliases are refused, so that a
 * short document cannot become a long one, and so are lines beyond {@link #LINE_LENGTH_MAX}.
 */
public final class YamlBody {
    static final Set<String> MEDIA_TYPES = Set.of("application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml");

    /**
     * Characters of one line. A value never spans lines for the scanner of YAML, which copies what it has seen of one every 1,024 characters:
     * the square of its length, some 10 s for 2 million characters. Within this bound lines cost about as much as the same text in many. More
     * than the longest value of a resource, 256 KiB.
     */
    static final int LINE_LENGTH_MAX = 320 * 1024;

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
     * Parses it; several documents, and those in the lists among them, become an array.
     *
     * @throws ProblemException with {@code malformed-json} or {@code nested-too-deep}
     */
    public static JsonNode parse(ByteBuffer utf8) {
        String text = JsonBody.text(utf8);
        int line = tooLongLine(text);
        if (line > 0) {
            return asJson(text, utf8, line);
        }
        ArrayNode documents = JsonNodeFactory.instance.arrayNode();
        try {
            try (MappingIterator<JsonNode> all = MAPPER.readerFor(JsonNode.class)
                    .readValues(new WithoutAliases(MAPPER.getFactory().createParser(text)))) {
                while (all.hasNextValue()) {
                    JsonNode document = all.nextValue();
                    if (document instanceof ArrayNode list) {
                        documents.addAll(list);
                    } else if (!document.isNull() && !document.isMissingNode()) {
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

    /** The number of the first line that is too long; 0 when none is. */
    private static int tooLongLine(String text) {
        int line = 1;
        int from = 0;
        for (int i = 0; i < text.length(); i++) {
            char unit = text.charAt(i);
            if (unit == '\n' || unit == '\r') {
                from = i + 1;
                line += unit == '\n' ? 1 : 0;
            } else if (i - from >= LINE_LENGTH_MAX) {
                return line;
            }
        }
        return 0;
    }

    /** JSON is YAML, often in one line, and a parser of JSON reads that in one go. */
    private static JsonNode asJson(String text, ByteBuffer utf8, int line) {
        String begins = text.stripLeading();
        if (begins.startsWith("{") || begins.startsWith("[")) {
            try {
                return JsonBody.parse(utf8);
            } catch (ProblemException e) {
                if (e.code() != ErrorCode.MALFORMED_JSON) {
                    throw e;
                }
            }
        }
        throw new ProblemException(
                ErrorCode.MALFORMED_JSON,
                "Line " + line + " has more than " + LINE_LENGTH_MAX
                        + " characters, which is read of JSON only: break it, or send the whole as JSON.");
    }

    /** Refuses an alias when it comes to it. */
    private static final class WithoutAliases extends JsonParserDelegate {
        private final YAMLParser yaml;

        WithoutAliases(YAMLParser yaml) {
            super(yaml);
            this.yaml = yaml;
        }

        @Override
        public @Nullable JsonToken nextToken() throws IOException {
            JsonToken token = super.nextToken();
            if (yaml.isCurrentAlias()) {
                throw new ProblemException(
                        ErrorCode.MALFORMED_JSON,
                        "YAML aliases are not read; line "
                                + yaml.currentLocation().getLineNr() + " has one.");
            }
            return token;
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
