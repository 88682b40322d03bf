package io.aerofusion.load;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.zip.GZIPOutputStream;

/** The yardstick of every delta: all documents as JSON lines in one gzip stream, what a client without sync would download. */
final class FullSync {
    private FullSync() {}

    /** @param documents id -> fields */
    static int gzipBytes(Map<String, ? extends Map<String, JsonNode>> documents) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
            for (Map.Entry<String, ? extends Map<String, JsonNode>> document : documents.entrySet()) {
                ObjectNode line = JsonNodeFactory.instance.objectNode();
                line.put("id", document.getKey());
                line.putObject("doc").setAll(document.getValue());
                gzip.write((line + "\n").getBytes(StandardCharsets.UTF_8));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.size();
    }
}
