package io.aerofusion.gateway.security;

import io.aerofusion.gateway.Headers;
import io.aerofusion.gateway.RequestEdit;
import io.aerofusion.gateway.RequestView;
import io.aerofusion.gateway.Step;
import io.aerofusion.gateway.Treatment;
import io.aerofusion.gateway.Verdict;
import io.aerofusion.gateway.transform.QueryEdits;
import io.aerofusion.route.NamedValue;
import io.aerofusion.route.PolicySpec;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Header fields and query parameters that policies set or remove, and what they say of an API's age: {@code Deprecation} (RFC 9745), {@code Sunset} (RFC 8594). */
final class EditStep implements Step {
    private static final DateTimeFormatter HTTP_DATE =
            DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ENGLISH);

    private final List<NamedValue> set = new ArrayList<>();
    private final List<String> removed = new ArrayList<>();
    private final List<NamedValue> answered = new ArrayList<>();
    private final List<String> taken = new ArrayList<>();
    private final QueryEdits query;

    EditStep(PolicySpec.@Nullable Transform transform, PolicySpec.@Nullable Version version) {
        if (transform != null && transform.request() != null) {
            transform.request().setHeaders().forEach(one -> set.add(lower(one)));
            transform.request().removeHeaders().forEach(name -> removed.add(AuthMethod.lower(name)));
        }
        if (transform != null && transform.response() != null) {
            transform.response().setHeaders().forEach(one -> answered.add(lower(one)));
            transform.response().removeHeaders().forEach(name -> taken.add(AuthMethod.lower(name)));
        }
        query = transform == null || transform.request() == null
                ? new QueryEdits(List.of(), List.of())
                : new QueryEdits(
                        transform.request().setQuery(), transform.request().removeQuery());
        if (version != null) {
            if (version.deprecated() != null) {
                answered.add(
                        new NamedValue("deprecation", "@" + version.deprecated().getEpochSecond()));
            }
            if (version.sunset() != null) {
                answered.add(new NamedValue(
                        "sunset", HTTP_DATE.format(version.sunset().atOffset(ZoneOffset.UTC))));
            }
            if (version.link() != null) {
                String relation = version.deprecated() != null ? "deprecation" : "sunset";
                answered.add(new NamedValue("link", "<" + version.link() + ">; rel=\"" + relation + "\""));
            }
        }
    }

    private static NamedValue lower(NamedValue one) {
        return new NamedValue(AuthMethod.lower(one.name()), one.value());
    }

    boolean isEmpty() {
        return set.isEmpty() && removed.isEmpty() && answered.isEmpty() && taken.isEmpty() && query.isEmpty();
    }

    @Override
    public Verdict check(RequestEdit request) {
        for (int i = 0; i < removed.size(); i++) {
            request.removeHeader(removed.get(i));
        }
        for (int i = 0; i < set.size(); i++) {
            request.setHeader(set.get(i).name(), set.get(i).value());
        }
        for (int i = 0; i < answered.size(); i++) {
            request.setResponseHeader(answered.get(i).name(), answered.get(i).value());
        }
        if (!query.isEmpty()) {
            request.setQuery(query.apply(request.query()));
        }
        if (!taken.isEmpty()) {
            request.treat(new Taking(taken));
        }
        return Verdict.PASS;
    }

    private record Taking(List<String> names) implements Treatment {
        @Override
        public Head head(RequestView request, int status, Headers response, long length, boolean bodiless) {
            names.forEach(response::remove);
            return Head.PASS;
        }
    }
}
