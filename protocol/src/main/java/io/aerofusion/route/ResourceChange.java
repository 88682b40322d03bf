package io.aerofusion.route;

import com.fasterxml.jackson.databind.JsonNode;
import org.jspecify.annotations.Nullable;

/**
 * What a publication did to one resource. Stored for ever as a part of {@link PublicationEvent}.
 *
 * @param document the resource from then on, as {@link ResourceCodec} writes it; null when it was removed
 * @param previous the generation that changed the resource before; 0 when there was none since it was made
 */
public record ResourceChange(
        Kind kind, String name, @Nullable JsonNode document, long previous) {}
