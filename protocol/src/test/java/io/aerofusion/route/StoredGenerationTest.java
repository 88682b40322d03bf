package io.aerofusion.route;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.aerofusion.space.CanonicalJson;
import java.io.InputStream;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The stored example must decode for ever: another file may be added, this one is never changed. */
class StoredGenerationTest {
    private static JsonNode stored() throws Exception {
        try (InputStream in = StoredGenerationTest.class.getResourceAsStream("/durable/route/generation-1.json")) {
            return ResourceCodec.tree(Objects.requireNonNull(in).readAllBytes());
        }
    }

    @Test
    void theStoredGenerationDecodesForEver() throws Exception {
        Generation generation = ResourceCodec.storedGeneration(stored());
        assertThat(generation.number()).isEqualTo(41);
        assertThat(generation.resources()).hasSize(9);
        assertThat(ResourceCodec.digest(generation))
                .isEqualTo("f3601447ebcc84fb979d858972ce72202ae5719630b1691cc8dd5e6fdb68a643");
    }

    @Test
    void everyResourceIsWrittenAsItWasStored() throws Exception {
        Set<String> kinds = new HashSet<>();
        for (JsonNode document : stored().path("resources")) {
            Resource resource = ResourceCodec.stored(document);
            kinds.add(resource.kind().label());
            assertThat(CanonicalJson.text(ResourceCodec.write(resource))).isEqualTo(CanonicalJson.text(document));
            assertThat(ResourceCodec.stored(ResourceCodec.write(resource))).isEqualTo(resource);
        }
        assertThat(kinds).hasSize(Kind.values().length);
    }
}
