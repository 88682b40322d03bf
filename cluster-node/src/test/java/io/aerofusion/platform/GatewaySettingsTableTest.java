package io.aerofusion.platform;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import io.aerofusion.route.BackendRef;
import io.aerofusion.route.CertificateSpec;
import io.aerofusion.route.ConsumerSpec;
import io.aerofusion.route.Cost;
import io.aerofusion.route.Filter;
import io.aerofusion.route.GrpcRouteSpec;
import io.aerofusion.route.HeaderMatch;
import io.aerofusion.route.ParentRef;
import io.aerofusion.route.PolicySpec;
import io.aerofusion.route.RouteSpec;
import io.aerofusion.route.UpstreamSpec;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** docs/gateway-settings.md has a row for every field of every resource, and for nothing else. */
final class GatewaySettingsTableTest {
    /** The sections; a type that has its own is not written out where it is used. */
    private static final Map<Class<?>, String> SECTIONS = Map.ofEntries(
            Map.entry(RouteSpec.class, "## HTTPRoute"),
            Map.entry(GrpcRouteSpec.class, "## GRPCRoute"),
            Map.entry(UpstreamSpec.class, "## Upstream"),
            Map.entry(ConsumerSpec.class, "## Consumer"),
            Map.entry(PolicySpec.class, "## Policy"),
            Map.entry(CertificateSpec.class, "## Certificate"),
            Map.entry(ParentRef.class, "### ParentRef"),
            Map.entry(HeaderMatch.class, "### HeaderMatch"),
            Map.entry(BackendRef.class, "### BackendRef"),
            Map.entry(Filter.class, "### Filter"),
            Map.entry(Filter.Cors.class, "### Cors"),
            Map.entry(UpstreamSpec.Retry.class, "### Retry"));

    private static final Pattern ROW = Pattern.compile("(?m)^\\| `([^`]+)` \\|.*$");

    @Test
    void every_field_has_its_row_with_its_values() throws Exception {
        String text = Files.readString(Path.of("..", "docs", "gateway-settings.md"));
        SECTIONS.forEach((type, heading) -> {
            Map<String, String> rows = rows(text, heading);
            Map<String, List<String>> fields = new TreeMap<>();
            fields(type, "", fields);
            assertThat(rows.keySet()).as(heading).containsExactlyInAnyOrderElementsOf(fields.keySet());
            fields.forEach((field, values) -> values.forEach(value ->
                    assertThat(rows.get(field)).as(heading + " " + field).contains(value)));
        });
    }

    private static Map<String, String> rows(String text, String heading) {
        int from = text.indexOf("\n" + heading + "\n");
        assertThat(from).as(heading).isNotNegative();
        Matcher next = Pattern.compile("\n##+ ").matcher(text);
        Matcher row =
                ROW.matcher(text.substring(from, next.find(from + heading.length()) ? next.start() : text.length()));
        Map<String, String> rows = new TreeMap<>();
        while (row.find()) {
            assertThat(rows.put(row.group(1), row.group())).as(row.group()).isNull();
        }
        return rows;
    }

    /** The fields below a type as documents write them, each with the values it may have, if these are listed. */
    private static void fields(Class<?> type, String at, Map<String, List<String>> found) {
        for (RecordComponent component : type.getRecordComponents()) {
            JsonProperty named = component.getAccessor().getAnnotation(JsonProperty.class);
            field(
                    component.getGenericType(),
                    at + (named == null || named.value().isEmpty() ? component.getName() : named.value()),
                    found);
        }
    }

    private static void field(Type generic, String name, Map<String, List<String>> found) {
        if (generic instanceof ParameterizedType list && list.getRawType() == List.class) {
            field(list.getActualTypeArguments()[0], name + "[]", found);
            return;
        }
        Class<?> type = (Class<?>) (generic instanceof ParameterizedType raw ? raw.getRawType() : generic);
        JsonSubTypes choices = type.getAnnotation(JsonSubTypes.class);
        if (choices != null) {
            for (JsonSubTypes.Type choice : choices.value()) {
                field(choice.value(), name + "." + choice.name(), found);
            }
        } else if (type.isRecord()
                && type != Cost.class
                && type.getRecordComponents().length > 0
                && !SECTIONS.containsKey(type)) {
            fields(type, name + ".", found);
        } else {
            found.put(name, values(type));
        }
    }

    private static List<String> values(Class<?> type) {
        return type.isEnum()
                ? Arrays.stream(type.getFields())
                        .filter(java.lang.reflect.Field::isEnumConstant)
                        .map(constant -> constant.getAnnotation(JsonProperty.class))
                        .map(JsonProperty::value)
                        .filter(value -> !value.isEmpty())
                        .toList()
                : List.of();
    }
}
