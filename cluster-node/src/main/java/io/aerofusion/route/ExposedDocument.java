package io.aerofusion.route;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.URI;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A service's OpenAPI document as the gateway exposes the service: with the gateway's addresses as {@code servers}, and each path as
 * clients write it. Paths and methods that no route leads to are left out.
 */
final class ExposedDocument {
    private final ObjectNode document;
    private final List<ApiReach> reaches;
    private final String caller;
    private final Instant now;
    private final ObjectNode paths = JsonNodeFactory.instance.objectNode();
    /** Where what stood at a path of the service stands now, as far as it moved. */
    private final Map<String, String> moved = new LinkedHashMap<>();

    private ExposedDocument(ObjectNode document, List<ApiReach> reaches, String caller, Instant now) {
        this.document = document;
        this.reaches = reaches;
        this.caller = caller;
        this.now = now;
    }

    /**
     * Makes it.
     *
     * @param document of the service, valid; it is not changed
     * @param caller the host by which the caller found this node
     */
    static ObjectNode of(ObjectNode document, List<ApiReach> reaches, String caller, Instant now) {
        return new ExposedDocument(document.deepCopy(), reaches, caller, now).make();
    }

    private ObjectNode make() {
        Set<ApiReach.Origin> all = new LinkedHashSet<>();
        for (Map.Entry<String, JsonNode> path : document.path("paths").properties()) {
            if (path.getKey().startsWith("/") && path.getValue() instanceof ObjectNode item) {
                all.addAll(path(path.getKey(), item));
            }
        }
        for (JsonNode path : paths) {
            ObjectNode item = (ObjectNode) path;
            Set<ApiReach.Origin> here = origins(item);
            item.remove("x-origins");
            if (!here.equals(all)) {
                item.set("servers", servers(here));
            }
        }
        document.set("paths", paths);
        document.set("servers", servers(all));
        document.remove("webhooks");
        OpenApiRefs.rewrite(document, this::reference);
        return document;
    }

    /** While it is made, a path remembers by numbers which origins lead to it. */
    private Set<ApiReach.Origin> origins(ObjectNode item) {
        Set<ApiReach.Origin> origins = new LinkedHashSet<>();
        item.path("x-origins")
                .forEach(number -> origins.addAll(reaches.get(number.asInt()).origins()));
        return origins;
    }

    private Set<ApiReach.Origin> path(String path, ObjectNode item) {
        Set<ApiReach.Origin> used = new LinkedHashSet<>();
        String whole = base(item) + path;
        for (int i = 0; i < reaches.size(); i++) {
            ApiReach reach = reaches.get(i);
            String exposed = reach.exposed(whole).orElse(null);
            if (exposed == null) {
                continue;
            }
            ObjectNode target = paths.get(exposed) instanceof ObjectNode known ? known : common(item);
            boolean added = false;
            for (String method : OpenApiCheck.methods()) {
                if (item.get(method) instanceof ObjectNode operation && reach.takes(method)) {
                    operation(target, method, operation, reach);
                    added = true;
                }
            }
            if (added) {
                paths.set(exposed, target);
                target.withArray("x-origins").add(i);
                used.addAll(reach.origins());
                moved.putIfAbsent(path, exposed);
            }
        }
        return used;
    }

    /** Where a service's paths begin, by the first of its servers. */
    private String base(ObjectNode item) {
        JsonNode server = item.has("servers") ? item.at("/servers/0") : document.at("/servers/0");
        String url = server.path("url").asText("/");
        for (Map.Entry<String, JsonNode> variable : server.path("variables").properties()) {
            url = url.replace(
                    "{" + variable.getKey() + "}",
                    variable.getValue().path("default").asText(""));
        }
        String path;
        try {
            path = URI.create(url).getPath();
        } catch (IllegalArgumentException unreadable) {
            return "";
        }
        if (path == null || path.isEmpty()) {
            return "";
        }
        String absolute = path.startsWith("/") ? path : "/" + path;
        return absolute.endsWith("/") ? absolute.substring(0, absolute.length() - 1) : absolute;
    }

    private static ObjectNode common(ObjectNode item) {
        ObjectNode common = item.deepCopy();
        OpenApiCheck.methods().forEach(common::remove);
        common.remove("servers");
        return common;
    }

    private void operation(ObjectNode target, String method, ObjectNode operation, ApiReach reach) {
        boolean old = ApiReaches.past(reach.deprecated(), now);
        if (target.get(method) instanceof ObjectNode known) {
            // reached in two ways: it is deprecated only if both are
            if (!old && known.path("x-deprecated-by-route").asBoolean()) {
                known.remove("deprecated");
                known.remove("x-deprecated-by-route");
                known.remove("x-sunset");
            }
            return;
        }
        ObjectNode exposed = operation.deepCopy();
        exposed.remove("servers");
        if (old && !exposed.path("deprecated").asBoolean()) {
            exposed.put("deprecated", true).put("x-deprecated-by-route", true);
        }
        if (reach.sunset() != null) {
            exposed.put("x-sunset", reach.sunset().toString());
        }
        version(exposed, reach);
        target.set(method, exposed);
    }

    /** What a caller has to send to get the version that the route sends here. */
    private static void version(ObjectNode operation, ApiReach reach) {
        Versioning versioning = reach.versioning();
        String version = reach.version();
        if (versioning == null || version == null) {
            return;
        }
        operation.put("x-api-version", version);
        boolean required = !version.equalsIgnoreCase(String.valueOf(versioning.defaultVersion()));
        if (versioning.header() != null) {
            ObjectNode parameter = operation
                    .withArray("parameters")
                    .addObject()
                    .put("in", "header")
                    .put("name", versioning.header().name())
                    .put("required", required && versioning.path() == null && versioning.mediaType() == null)
                    .put("description", "The version of the API");
            parameter.putObject("schema").put("type", "string").putArray("enum").add(version);
        } else if (versioning.mediaType() != null && versioning.mediaType().type() != null) {
            operation.put("x-accept", versioning.mediaType().type() + ".v" + version + "+json");
        }
    }

    private ArrayNode servers(Set<ApiReach.Origin> origins) {
        ArrayNode servers = JsonNodeFactory.instance.arrayNode();
        Set<String> urls = new LinkedHashSet<>();
        for (ApiReach.Origin origin : origins) {
            String url = origin.url(caller);
            if (urls.add(url)) {
                ObjectNode server = servers.addObject().put("url", url);
                if (origin.wildcard()) {
                    server.putObject("variables").putObject("host").put("default", "www");
                }
            }
        }
        return servers;
    }

    /** References into paths go where the path went. */
    private String reference(String reference) {
        String start = "#/paths/";
        if (!reference.startsWith(start)) {
            return reference;
        }
        int end = reference.indexOf('/', start.length());
        String segment = reference.substring(start.length(), end < 0 ? reference.length() : end);
        String path = java.net.URLDecoder.decode(segment.replace("+", "%2B"), java.nio.charset.StandardCharsets.UTF_8)
                .replace("~1", "/")
                .replace("~0", "~");
        String now = moved.get(path);
        // a brace may not stand in an address
        return now == null
                ? reference
                : start
                        + OpenApiCheck.escaped(now).replace("{", "%7B").replace("}", "%7D")
                        + (end < 0 ? "" : reference.substring(end));
    }

    /** The operations of a document. */
    static List<Operation> operations(JsonNode document) {
        List<Operation> operations = new ArrayList<>();
        for (Map.Entry<String, JsonNode> path : document.path("paths").properties()) {
            for (String method : OpenApiCheck.methods()) {
                JsonNode operation = path.getValue().path(method);
                if (operation.isObject()) {
                    operations.add(new Operation(
                            method,
                            path.getKey(),
                            operation.path("summary").asText(""),
                            operation.path("operationId").asText("")));
                }
            }
        }
        return operations;
    }

    /** An operation as a search finds it; its method in lower case. */
    record Operation(String method, String path, String summary, String id) {}
}
