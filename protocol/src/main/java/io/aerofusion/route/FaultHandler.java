package io.aerofusion.route;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.deser.DeserializationProblemHandler;
import com.fasterxml.jackson.databind.jsontype.TypeIdResolver;
import java.io.IOException;
import java.lang.reflect.Field;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Notes what is wrong and reads on, so that one reading finds all of it. */
final class FaultHandler extends DeserializationProblemHandler {
    private final Faults faults;

    FaultHandler(Faults faults) {
        this.faults = faults;
    }

    @Override
    public boolean handleUnknownProperty(
            DeserializationContext context, JsonParser in, JsonDeserializer<?> reader, Object target, String name)
            throws IOException {
        // what stood before the last known field was set aside, and comes from there when the object has ended
        boolean aside = !in.equals(context.getParser());
        String place = aside ? at(context.getParser()) + "/" + Faults.escaped(name) : at(in);
        faults.add(place, Problem.UNKNOWN_FIELD, "There is no field " + name + ".");
        in.skipChildren();
        return true;
    }

    @Override
    public @Nullable Object handleWeirdStringValue(
            DeserializationContext context, Class<?> type, String value, String why) {
        String known = type.isEnum() ? "Write one of " + constants(type) + "." : "It is " + why + ".";
        faults.add(at(context.getParser()), Problem.INVALID, "The value " + value + " is unknown. " + known);
        return null;
    }

    @Override
    public @Nullable Object handleUnexpectedToken(
            DeserializationContext context, JavaType type, JsonToken token, JsonParser in, String why)
            throws IOException {
        faults.add(at(in), Problem.INVALID, "There is a value of another type than belongs here.");
        in.skipChildren();
        return null;
    }

    @Override
    public @Nullable Object handleMissingInstantiator(
            DeserializationContext context,
            Class<?> type,
            com.fasterxml.jackson.databind.deser.ValueInstantiator instantiator,
            JsonParser in,
            String why)
            throws IOException {
        faults.add(at(in), Problem.INVALID, "There is a value of another type than belongs here.");
        in.skipChildren();
        return null;
    }

    @Override
    public JavaType handleUnknownTypeId(
            DeserializationContext context, JavaType base, String name, TypeIdResolver resolver, String why) {
        faults.add(at(context.getParser()), Problem.UNKNOWN_FIELD, "There is no alternative " + name + ".");
        return context.constructType(Void.class);
    }

    private static String at(JsonParser in) {
        return "/spec" + in.getParsingContext().pathAsPointer();
    }

    private static String constants(Class<?> type) {
        return Arrays.stream(type.getDeclaredFields())
                .filter(Field::isEnumConstant)
                .map(constant -> constant.getAnnotation(com.fasterxml.jackson.annotation.JsonProperty.class))
                .filter(named -> named != null && !named.value().isEmpty())
                .map(com.fasterxml.jackson.annotation.JsonProperty::value)
                .collect(Collectors.joining(", "));
    }
}
