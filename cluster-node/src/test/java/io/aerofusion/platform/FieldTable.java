package io.aerofusion.platform;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The fields in docs/gateway-settings.md with what their rows say, and documents that have one of them. */
public final class FieldTable {
    /** A section, the kind of resource it is about, and where in its spec its fields are. */
    private record Section(String heading, String kind, String prefix) {}

    private static final List<Section> SECTIONS = List.of(
            new Section("## HTTPRoute", "HTTPRoute", ""),
            new Section("### ParentRef", "HTTPRoute", "parentRefs[]."),
            new Section("### HeaderMatch", "HTTPRoute", "rules[].matches[].headers[]."),
            new Section("### BackendRef", "HTTPRoute", "rules[].backendRefs[]."),
            new Section("### Filter", "HTTPRoute", "rules[].filters[]."),
            new Section("### Cors", "Policy", "cors."),
            new Section("## Upstream", "Upstream", ""),
            new Section("### Retry", "Upstream", "retry."),
            new Section("## Policy", "Policy", ""),
            new Section("## GRPCRoute", "GRPCRoute", ""),
            new Section("## Consumer", "Consumer", ""),
            new Section("## Certificate", "Certificate", ""));

    /** What makes a document whole, beside the field in question: the first whose path the field's begins with. */
    private record Whole(String kind, String prefix, String spec) {}

    private static final String ENDPOINTS = "'endpoints':[{'address':'10.0.0.1','port':1}]";
    private static final String BACKEND = "'backendRefs':[{'name':'n'}]";
    private static final String TARGET = "'targetRefs':[{'kind':'HTTPRoute','name':'r'}]";
    private static final String METHOD = TARGET + ",'authentication':{'anyOf':[{%s}]}";

    private static final List<Whole> WHOLE = List.of(
            new Whole(
                    "HTTPRoute",
                    "versioning.",
                    "'versioning':{'versions':[{'name':'1'}]},'rules':[{'version':'1'," + BACKEND + "}]"),
            new Whole(
                    "HTTPRoute",
                    "rules[].matches[].headers[].",
                    "'rules':[{'matches':[{'headers':[{'name':'h','value':'v'}]}]," + BACKEND + "}]"),
            new Whole(
                    "HTTPRoute",
                    "rules[].filters[].requestMirror.",
                    "'rules':[{'filters':[{'requestMirror':{'backendRef':{'name':'n'}}}]," + BACKEND + "}]"),
            new Whole(
                    "HTTPRoute",
                    "rules[].filters[].requestRedirect.",
                    "'rules':[{'filters':[{'requestRedirect':{'hostname':'h'}}]}]"),
            new Whole(
                    "HTTPRoute",
                    "rules[].filters[].extensionRef.",
                    "'rules':[{'filters':[{'extensionRef':{'name':'p'}}]," + BACKEND + "}]"),
            new Whole("HTTPRoute", "", "'rules':[{" + BACKEND + "}]"),
            new Whole(
                    "GRPCRoute",
                    "rules[].matches[].method.",
                    "'rules':[{'matches':[{'method':{'service':'s'}}]," + BACKEND + "}]"),
            new Whole("GRPCRoute", "", "'rules':[{" + BACKEND + "}]"),
            new Whole("Upstream", "dns.", "'dns':{'hostname':'h.example','port':1}"),
            new Whole("Upstream", "tls.", "'protocol':'HTTPS'," + ENDPOINTS),
            new Whole(
                    "Upstream",
                    "loadBalancer.consistentHash.",
                    "'loadBalancer':{'type':'ConsistentHash'}," + ENDPOINTS),
            new Whole("Upstream", "openapi.", "'openapi':{'path':'/o'}," + ENDPOINTS),
            new Whole("Upstream", "", ENDPOINTS),
            new Whole("Policy", "targetRefs[].", "'targetRefs':[{'name':'r'}],'limits':{'bodyBytes':1}"),
            new Whole(
                    "Policy",
                    "authentication.anyOf[].jwt.",
                    METHOD.formatted(
                            "'jwt':{'providers':[{'issuer':'https://i.example','remoteJWKS':{'uri':'https://i.example/k'}}]}")),
            new Whole(
                    "Policy",
                    "authentication.anyOf[].introspection.",
                    METHOD.formatted(
                            "'introspection':{'uri':'https://i.example/i','clientId':'c','clientSecret':'s'}")),
            new Whole(
                    "Policy",
                    "transform.request.json[].",
                    TARGET + ",'transform':{'request':{'json':[{'path':'/a','value':1}]}}"),
            new Whole(
                    "Policy",
                    "transform.response.json[].",
                    TARGET + ",'transform':{'response':{'json':[{'path':'/a','value':1}]}}"),
            new Whole("Policy", "", TARGET),
            new Whole("Consumer", "", ""));

    private static final Pattern ROW =
            Pattern.compile("(?m)^\\| `([^`]+)` \\| ([^|]*) ?\\| ([^|]*) ?\\| ([^|]*) ?\\|$");
    private static final ObjectMapper JSON = new ObjectMapper();

    private FieldTable() {}

    /** A field with what its row says. */
    public record Field(String kind, String path, String what, String range, String otherwise) {
        @Override
        public String toString() {
            return kind + " " + path;
        }

        String pointer() {
            return "/spec/" + path.replace("[]", "/0").replace('.', '/');
        }
    }

    /** The row of a field. */
    public static Field field(String kind, String path) throws Exception {
        return fields().stream()
                .filter(field -> field.kind().equals(kind) && field.path().equals(path))
                .findFirst()
                .orElseThrow();
    }

    static List<Field> fields() throws Exception {
        String text = Files.readString(Path.of("..", "docs", "gateway-settings.md"));
        List<Field> fields = new ArrayList<>();
        for (Section section : SECTIONS) {
            int from = text.indexOf("\n" + section.heading() + "\n");
            Matcher next = Pattern.compile("\n##+ ").matcher(text);
            int to = next.find(from + section.heading().length()) ? next.start() : text.length();
            Matcher row = ROW.matcher(text.substring(from, to));
            while (row.find()) {
                fields.add(new Field(
                        section.kind(),
                        section.prefix() + row.group(1),
                        row.group(2).strip(),
                        row.group(3).strip(),
                        row.group(4).strip()));
            }
        }
        return fields;
    }

    private static ObjectNode whole(Field field) throws IOException {
        String spec = WHOLE.stream()
                .filter(whole ->
                        whole.kind().equals(field.kind()) && field.path().startsWith(whole.prefix()))
                .findFirst()
                .orElseThrow()
                .spec();
        return (ObjectNode) JSON.readTree("{" + spec.replace('\'', '"') + "}");
    }

    /** A document with this field, or with all that it stands in if the value is null. */
    static ObjectNode document(Field field, @Nullable JsonNode value) {
        try {
            ObjectNode spec = whole(field);
            ObjectNode at = spec;
            List<String> steps = Arrays.asList(field.path().split("\\."));
            for (int i = 0; i < steps.size(); i++) {
                boolean last = i == steps.size() - 1;
                boolean list = steps.get(i).endsWith("[]");
                String name = steps.get(i).replace("[]", "");
                if (last && value == null) {
                    break;
                }
                if (last && list && !value.isArray()) {
                    at.putArray(name).add(value);
                } else if (last) {
                    at.set(name, value);
                } else {
                    at = list ? element(at, name) : at.withObject("/" + name);
                    if (name.equals("filters")) {
                        String member = steps.get(i + 1);
                        at.put("type", Character.toUpperCase(member.charAt(0)) + member.substring(1));
                    }
                }
            }
            ObjectNode document = JSON.createObjectNode().put("kind", field.kind());
            document.putObject("metadata").put("name", "n");
            document.set("spec", spec);
            return document;
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    private static ObjectNode element(ObjectNode in, String name) {
        ArrayNode list = in.withArray("/" + name);
        return list.isEmpty() ? list.addObject() : (ObjectNode) list.get(0);
    }
}
