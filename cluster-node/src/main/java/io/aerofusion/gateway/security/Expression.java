package io.aerofusion.gateway.security;

import dev.cel.common.CelAbstractSyntaxTree;
import dev.cel.common.CelOptions;
import dev.cel.common.CelValidationException;
import dev.cel.common.CelValidationResult;
import dev.cel.common.types.CelType;
import dev.cel.common.types.ListType;
import dev.cel.common.types.MapType;
import dev.cel.common.types.SimpleType;
import dev.cel.compiler.CelCompiler;
import dev.cel.compiler.CelCompilerFactory;
import dev.cel.parser.CelStandardMacro;
import dev.cel.runtime.CelEvaluationException;
import dev.cel.runtime.CelRuntime;
import dev.cel.runtime.CelRuntimeFactory;
import dev.cel.runtime.CelVariableResolver;
import dev.cel.validator.CelValidatorFactory;
import dev.cel.validator.validators.RegexLiteralValidator;
import io.aerofusion.gateway.RequestView;
import java.util.AbstractMap;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * An expression over a request, in the Common Expression Language: compiled and type-checked when it is published, bounded in size, in nesting and in
 * the rounds of its loops. Variables are looked up only when an evaluation asks for them.
 *
 * <table>
 * <tr><td>{@code request.method, request.host, request.path, request.route, request.clientIp}</td><td>string</td></tr>
 * <tr><td>{@code request.headers, request.query}</td><td>map of string to string: first values; cannot be iterated over</td></tr>
 * <tr><td>{@code consumer.name, consumer.subject, consumer.scheme}</td><td>string, empty when there is none</td></tr>
 * <tr><td>{@code consumer.roles, consumer.scopes}</td><td>list of string</td></tr>
 * <tr><td>{@code consumer.labels}</td><td>map of string to string</td></tr>
 * <tr><td>{@code claims}</td><td>map of string to anything</td></tr>
 * </table>
 */
public final class Expression {
    /** The longest expression, in characters. */
    public static final int LENGTH_MAX = 4096;

    static final int NESTING_MAX = 32;
    static final int ROUNDS_MAX = 1_000;

    private static final CelType STRINGS = MapType.create(SimpleType.STRING, SimpleType.STRING);
    private static final CelType WORDS = ListType.create(SimpleType.STRING);
    private static final CelOptions OPTIONS = CelOptions.current()
            .maxExpressionCodePointSize(LENGTH_MAX)
            .maxParseRecursionDepth(NESTING_MAX)
            .comprehensionMaxIterations(ROUNDS_MAX)
            .maxRegexProgramSize(2_000)
            .build();
    private static final CelRuntime RUNTIME =
            CelRuntimeFactory.legacyCelRuntimeBuilder().setOptions(OPTIONS).build();

    private final CelRuntime.Program program;

    /** What an expression gives. */
    public enum Kind {
        CONDITION(SimpleType.BOOL),
        NUMBER(SimpleType.INT);

        private final CelCompiler compiler;

        Kind(CelType result) {
            this.compiler = CelCompilerFactory.standardCelCompilerBuilder()
                    .setOptions(OPTIONS)
                    .setStandardMacros(CelStandardMacro.STANDARD_MACROS)
                    .addVar("request.method", SimpleType.STRING)
                    .addVar("request.host", SimpleType.STRING)
                    .addVar("request.path", SimpleType.STRING)
                    .addVar("request.route", SimpleType.STRING)
                    .addVar("request.clientIp", SimpleType.STRING)
                    .addVar("request.headers", STRINGS)
                    .addVar("request.query", STRINGS)
                    .addVar("consumer.name", SimpleType.STRING)
                    .addVar("consumer.subject", SimpleType.STRING)
                    .addVar("consumer.scheme", SimpleType.STRING)
                    .addVar("consumer.roles", WORDS)
                    .addVar("consumer.scopes", WORDS)
                    .addVar("consumer.labels", STRINGS)
                    .addVar("claims", MapType.create(SimpleType.STRING, SimpleType.DYN))
                    .setResultType(result)
                    .build();
        }
    }

    private Expression(CelRuntime.Program program) {
        this.program = program;
    }

    /** Compiles an expression. @throws IllegalArgumentException saying what is wrong with it, in one line */
    public static Expression compile(Kind kind, String text) {
        CelValidationResult checked = kind.compiler.compile(text);
        if (!checked.hasError()) {
            try {
                CelAbstractSyntaxTree tree = checked.getAst();
                checked = CelValidatorFactory.standardCelValidatorBuilder(kind.compiler, RUNTIME)
                        .addAstValidators(RegexLiteralValidator.INSTANCE)
                        .build()
                        .validate(tree);
                if (!checked.hasError()) {
                    return new Expression(RUNTIME.createProgram(tree));
                }
            } catch (CelValidationException | CelEvaluationException refused) {
                throw new IllegalArgumentException(oneLine(String.valueOf(refused.getMessage())), refused);
            }
        }
        throw new IllegalArgumentException(oneLine(checked.getErrorString()));
    }

    private static String oneLine(String text) {
        String line = text.replaceAll("\\s+", " ").strip();
        return line.length() > 300 ? line.substring(0, 300) : line;
    }

    /** Whether the condition holds; empty when it could not be evaluated: a key that is not there, a number that is none. */
    public Optional<Boolean> holds(RequestView request, Principal principal) {
        return evaluate(request, principal) instanceof Boolean holds ? Optional.of(holds) : Optional.empty();
    }

    /** The number; empty when it could not be evaluated. */
    public OptionalLong number(RequestView request, Principal principal) {
        return evaluate(request, principal) instanceof Long number ? OptionalLong.of(number) : OptionalLong.empty();
    }

    private @Nullable Object evaluate(RequestView request, Principal principal) {
        try {
            return program.eval(new Variables(request, principal));
        } catch (CelEvaluationException | RuntimeException failed) {
            return null;
        }
    }

    private record Variables(RequestView request, Principal principal) implements CelVariableResolver {
        @Override
        public Optional<Object> find(String name) {
            return Optional.ofNullable(
                    switch (name) {
                        case "request.method" -> request.method();
                        case "request.host" -> request.host();
                        case "request.path" -> request.path();
                        case "request.route" -> request.routeName();
                        case "request.clientIp" -> request.clientAddress().getHostAddress();
                        case "request.headers" -> new HeaderMap(request);
                        case "request.query" -> new QueryMap(request.query());
                        case "consumer.name" -> principal.consumer() == null ? "" : principal.consumer();
                        case "consumer.subject" -> principal.subject();
                        case "consumer.scheme" -> principal.scheme();
                        case "consumer.roles" -> List.copyOf(principal.roles());
                        case "consumer.scopes" -> List.copyOf(principal.scopes());
                        case "consumer.labels" -> principal.labels();
                        case "claims" -> principal.claims();
                        default -> null;
                    });
        }
    }

    /** A map that can be asked and not be listed. */
    private abstract static class AskedMap extends AbstractMap<String, String> {
        @Override
        public boolean containsKey(Object key) {
            return get(key) != null;
        }

        @Override
        public Set<Entry<String, String>> entrySet() {
            throw new UnsupportedOperationException("cannot be iterated over");
        }
    }

    private static final class HeaderMap extends AskedMap {
        private final RequestView request;

        HeaderMap(RequestView request) {
            this.request = request;
        }

        @Override
        public @Nullable String get(Object key) {
            return key instanceof String name ? request.header(AuthMethod.lower(name)) : null;
        }
    }

    private static final class QueryMap extends AskedMap {
        private final String query;

        QueryMap(String query) {
            this.query = query;
        }

        @Override
        public @Nullable String get(Object key) {
            return key instanceof String name ? ApiKeyMethod.parameter(query, name) : null;
        }
    }
}
