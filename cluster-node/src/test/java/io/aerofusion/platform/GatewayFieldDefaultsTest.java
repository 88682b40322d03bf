package io.aerofusion.platform;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.aerofusion.gateway.TestCertificates;
import io.aerofusion.gateway.routing.Compiled;
import io.aerofusion.gateway.routing.Compiler;
import io.aerofusion.gateway.routing.Door;
import io.aerofusion.gateway.upstream.RetryPolicy;
import io.aerofusion.gateway.upstream.UpstreamSettings;
import io.aerofusion.gateway.upstream.UpstreamTimeouts;
import io.aerofusion.platform.FieldTable.Field;
import io.aerofusion.route.CertificateSpec;
import io.aerofusion.route.Generation;
import io.aerofusion.route.PolicySpec;
import io.aerofusion.route.Resource;
import io.aerofusion.route.ResourceCodec;
import io.aerofusion.route.RouteSpec;
import io.aerofusion.route.UpstreamSpec;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The defaults in docs/gateway-settings.md are what the gateway does when a document leaves a field out: the same as when it writes the default,
 * in the document that is read, or at least in what the data path makes of it.
 */
final class GatewayFieldDefaultsTest {
    /** Those that only a policy's steps apply: PolicyDefaultsTest. */
    private static final Set<String> OF_STEPS = Set.of(
            "Policy rateLimit[].cost",
            "Policy authorization.rules[].cel",
            "Policy authentication.anyOf[].introspection.cacheDuration",
            "Policy cache.staleWhileRevalidate");

    /** Defaults that are no values but what is done; a new one belongs here together with a test of what it says. */
    private static final Set<String> NO_VALUES = Set.of(
            "",
            "none",
            "empty",
            "needed",
            "any",
            "all",
            "every host",
            "every version",
            "all listeners",
            "any port",
            "all rules",
            "never",
            "none: they are refused",
            "none: requests get 500 `no-backend`",
            "that of the policy, else `timeout.request` of the upstream",
            "`retry.perRetry.timeout` of the upstream, or of the policy whose `retry` holds",
            "that of the request",
            "that of a stated scheme, else the listener's",
            "by the member that is there",
            "the path as it is",
            "the TTL",
            "the endpoint's host name",
            "those of the JDK",
            "the whole server",
            "all that the keys allow",
            "the whole",
            "a tenth of the time since `Last-Modified`",
            "that of the upstream",
            "the DNS names in the certificate",
            "`bounds.body-bytes-max`",
            "`bounds.head-bytes-max`",
            "2 retries after connect-failure and reset",
            "the node's `timeouts.connect`, 1s",
            "the node's `timeouts.upstream-idle`, 60s",
            "the node's `timeouts.request`, 30s");

    private static final Pattern AMOUNT = Pattern.compile("([0-9][0-9,]*)( [KMG]iB)?");
    private static final Pattern DURATION = Pattern.compile("[0-9]+(ms|s|m|h)");
    private static final Pattern NAME = Pattern.compile("[A-Z][A-Za-z0-9]*");
    private static final Pattern QUOTED = Pattern.compile("`([a-z/]+)`");
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    static Stream<Field> stated() throws Exception {
        List<Field> stated = FieldTable.fields().stream()
                .filter(field -> value(field) != null && !field.kind().equals("Certificate"))
                .filter(field -> !OF_STEPS.contains(field.toString()))
                .toList();
        assertThat(stated).hasSizeGreaterThan(70);
        return stated.stream();
    }

    /** The default as a document would write it; null when it is no value. */
    private static @Nullable JsonNode value(Field field) {
        String text = field.otherwise().replaceFirst("(?<=[]0-9])(; |, )without .*", "");
        if (field.path().endsWith("[]")) {
            return text.startsWith("[") || text.contains("/*") ? list(text) : null;
        }
        Matcher amount = AMOUNT.matcher(text);
        Matcher quoted = QUOTED.matcher(text);
        if (amount.matches()) {
            return NODES.numberNode(Long.parseLong(amount.group(1).replace(",", ""))
                    * ConfigFactory.parseString("unit = \"1" + (amount.group(2) == null ? " B" : amount.group(2)) + '"')
                            .getBytes("unit"));
        }
        if (text.equals("true") || text.equals("false")) {
            return NODES.booleanNode(text.equals("true"));
        }
        return quoted.matches()
                ? NODES.textNode(quoted.group(1))
                : DURATION.matcher(text).matches() || NAME.matcher(text).matches() ? NODES.textNode(text) : null;
    }

    private static JsonNode list(String text) {
        var list = NODES.arrayNode();
        for (String element : text.replaceAll("[\\[\\]]", "").split(", ")) {
            if (element.matches("[0-9]+")) {
                list.add(Integer.parseInt(element));
            } else {
                list.add(element);
            }
        }
        return list;
    }

    /** Another value of the same kind, to see that the field counts at all. */
    private static Optional<JsonNode> another(JsonNode value) {
        if (value.isBoolean()) {
            return Optional.of(NODES.booleanNode(!value.booleanValue()));
        }
        if (value.isNumber()) {
            long other = value.longValue() == 302 ? 301 : Math.max(1, value.longValue() / 2 + 1);
            return other == value.longValue() ? Optional.empty() : Optional.of(NODES.numberNode(other));
        }
        return DURATION.matcher(value.asText()).matches()
                ? Optional.of(NODES.textNode(value.asText().equals("2s") ? "3s" : "2s"))
                : Optional.empty();
    }

    private static Resource read(Field field, @Nullable JsonNode value) {
        ResourceCodec.Read read = ResourceCodec.read(FieldTable.document(field, value), Instant.EPOCH);
        assertThat(read).as(field + " = " + value).isInstanceOf(ResourceCodec.Read.Valid.class);
        return ((ResourceCodec.Read.Valid) read).resource();
    }

    @ParameterizedTest
    @MethodSource("stated")
    void to_leave_it_out_is_to_write_its_default(Field field) {
        JsonNode value = value(field);
        Resource without = read(field, null);
        Resource with = read(field, value);
        assertThat(effective(with)).as(field + " = " + value).isEqualTo(effective(without));
        another(value)
                .map(other -> ResourceCodec.read(FieldTable.document(field, other), Instant.EPOCH))
                .filter(ResourceCodec.Read.Valid.class::isInstance)
                .ifPresent(other -> assertThat(effective(((ResourceCodec.Read.Valid) other).resource()))
                        .as(field + " counts")
                        .isNotEqualTo(effective(without)));
    }

    /** What the data path works by; the resource itself where it works by that. */
    private static Object effective(Resource resource) {
        return switch (resource.spec()) {
            case UpstreamSpec upstream ->
                List.of(
                        UpstreamSettings.of("n", upstream),
                        upstream.tls() == null ? "" : upstream.tls(),
                        upstream.openapi() == null ? "" : upstream.openapi());
            case RouteSpec route -> routing(resource, route);
            default -> resource;
        };
    }

    private static Object routing(Resource resource, RouteSpec route) {
        RouteSpec.Rule rule = route.rules().getFirst();
        if (rule.retry() != null) {
            return RetryPolicy.of(rule.retry(), Duration.ZERO);
        }
        if (rule.filters().stream().noneMatch(filter -> filter.requestMirror() != null)) {
            return resource;
        }
        Resource upstream = read(new Field("Upstream", "protocol", "", "", ""), null);
        return ((Compiled) new Compiler(
                                List.of(new Door("http", 80, false)), InstantSource.fixed(Instant.EPOCH), List.of())
                        .compile(new Generation(1, List.of(upstream, resource))))
                .rules()
                .getFirst()
                .filters()
                .mirrors();
    }

    private static UpstreamSettings upstream(String more, UpstreamTimeouts node) throws Exception {
        String json = "{'kind':'Upstream','metadata':{'name':'n'},'spec':{'endpoints':[{'address':'10.0.0.1','port':1}]"
                + more + "}}";
        ResourceCodec.Read read = ResourceCodec.read(
                ResourceCodec.tree(json.replace('\'', '"').getBytes(java.nio.charset.StandardCharsets.UTF_8)),
                Instant.EPOCH);
        return UpstreamSettings.of(
                "n", (UpstreamSpec) ((ResourceCodec.Read.Valid) read).resource().spec(), PolicySpec.NONE, node);
    }

    @Test
    void an_upstream_that_says_nothing_has_the_same_defaults() throws Exception {
        UpstreamSettings silent = upstream("", UpstreamTimeouts.DEFAULT);
        UpstreamSettings empty = upstream(
                ",'circuitBreaker':{},'retryBudget':{},'loadBalancer':{},'timeout':{}", UpstreamTimeouts.DEFAULT);
        assertThat(silent.limits()).isEqualTo(empty.limits());
        assertThat(silent.retryShare()).isEqualTo(empty.retryShare());
        assertThat(silent.balancing()).isEqualTo(empty.balancing());
        assertThat(silent.timeouts()).isEqualTo(empty.timeouts());
        assertThat(List.of(
                        silent.breaker().failureThreshold(),
                        silent.breaker().recovery(),
                        silent.breaker().successThreshold()))
                .isEqualTo(List.of(
                        empty.breaker().failureThreshold(),
                        empty.breaker().recovery(),
                        empty.breaker().successThreshold()));
        assertThat(FieldTable.field("Upstream", "retry").otherwise())
                .isEqualTo("2 retries after connect-failure and reset");
        assertThat(silent.retry())
                .isEqualTo(upstream(
                                ",'retry':{'numRetries':2,'retryOn':['connect-failure','reset']}",
                                UpstreamTimeouts.DEFAULT)
                        .retry());
    }

    @Test
    void times_that_an_upstream_does_not_state_are_those_of_the_node() throws Exception {
        UpstreamTimeouts node =
                new UpstreamTimeouts(Duration.ofMillis(11), Duration.ofMillis(12), Duration.ofMillis(13));
        assertThat(upstream("", node).timeouts()).isEqualTo(node);
        Config defaults = NodeConfig.load(ConfigFactory.empty()).getConfig("aerofusion.gateway");
        Pattern ofTheNode = Pattern.compile("the node's `(.+)`, (.+)");
        List<String> held = new ArrayList<>();
        for (Field field : FieldTable.fields()) {
            Matcher said = ofTheNode.matcher(field.otherwise());
            if (said.matches()) {
                assertThat(defaults.getString(said.group(1)))
                        .as(field.toString())
                        .isEqualTo(said.group(2));
                held.add(field.path() + " " + said.group(1));
            }
        }
        assertThat(held)
                .containsExactly(
                        "timeout.connect timeouts.connect",
                        "timeout.idle timeouts.upstream-idle",
                        "timeout.request timeouts.request");
    }

    @Test
    void a_certificate_asks_clients_for_theirs_and_requires_it() throws Exception {
        TestCertificates authority = new TestCertificates();
        assertThat(FieldTable.field("Certificate", "clientValidation.mode").otherwise())
                .isEqualTo("Require");
        assertThat(new CertificateSpec.ClientValidation(authority.authorityPem, null).mode())
                .isEqualTo(CertificateSpec.Mode.REQUIRE);
    }

    @Test
    void every_default_is_a_value_or_one_of_those_whose_meaning_is_known() throws Exception {
        Set<String> unknown = new TreeSet<>();
        for (Field field : FieldTable.fields()) {
            if (value(field) == null
                    && !NO_VALUES.contains(field.otherwise())
                    && !field.otherwise().contains("needed")) {
                unknown.add(field + ": " + field.otherwise());
            }
        }
        assertThat(unknown).isEmpty();
    }
}
