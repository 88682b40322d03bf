package io.aerofusion.platform.cluster;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.Version;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.Module;

/**
 * Leaves JSON that is not there out of messages between nodes. Written as null it would arrive as the JSON value null, and an
 * absent document would become one that is null. Named in the serialization settings.
 */
public final class AbsentJson extends Module {
    @Override
    public String getModuleName() {
        return "absent-json";
    }

    @Override
    public Version version() {
        return Version.unknownVersion();
    }

    @Override
    public void setupModule(SetupContext context) {
        context.configOverride(JsonNode.class)
                .setInclude(JsonInclude.Value.construct(JsonInclude.Include.NON_NULL, JsonInclude.Include.ALWAYS));
    }
}
