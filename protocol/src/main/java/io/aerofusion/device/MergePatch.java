package io.aerofusion.device;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;

/** JSON Merge Patch (RFC 7396). */
public final class MergePatch {
    private MergePatch() {}

    /**
     * The target after the patch; neither argument is changed.
     *
     * <p>Recursive by nesting: the caller bounds the depth, see {@link #depth}.
     */
    public static JsonNode apply(JsonNode target, JsonNode patch) {
        if (!patch.isObject()) {
            return patch.deepCopy();
        }
        ObjectNode result =
                target instanceof ObjectNode object ? object.deepCopy() : JsonNodeFactory.instance.objectNode();
        for (Map.Entry<String, JsonNode> member : patch.properties()) {
            if (member.getValue().isNull()) {
                result.remove(member.getKey());
            } else {
                JsonNode before = result.path(member.getKey());
                result.set(member.getKey(), apply(before, member.getValue()));
            }
        }
        return result;
    }

    /** How deep objects and arrays are nested: 0 for a scalar, 1 for {@code {}}; stops counting above {@code limit}. */
    public static int depth(JsonNode node, int limit) {
        if (!node.isContainerNode()) {
            return 0;
        }
        if (limit == 0) {
            return 1;
        }
        int deepest = 0;
        for (JsonNode child : node) {
            deepest = Math.max(deepest, depth(child, limit - 1));
        }
        return deepest + 1;
    }
}
