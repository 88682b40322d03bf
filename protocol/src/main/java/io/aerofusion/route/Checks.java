package io.aerofusion.route;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What can be said about a resource from itself alone: fields that are needed, bounds, and what does not go together. */
public final class Checks {
    /** Longer names are refused (RFC 1035). */
    public static final int NAME_LENGTH_MAX = 253;

    /** More labels than this are refused. */
    public static final int LABELS_MAX = 64;

    /** Longer values of headers, paths and the like are refused. */
    public static final int TEXT_LENGTH_MAX = 4096;

    private static final Pattern NAME =
            Pattern.compile("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*");
    private static final Pattern TOKEN = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}");
    private static final Set<String> METHODS =
            Set.of("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH");

    private final Resource resource;
    private final List<Problem> problems = new ArrayList<>();

    private Checks(Resource resource) {
        this.resource = resource;
    }

    /** Everything that is wrong with the resource; empty when nothing is. */
    public static List<Problem> check(Resource resource) {
        Checks checks = new Checks(resource);
        checks.name("/metadata/name", resource.name());
        checks.count("/metadata/labels", resource.labels().keySet(), LABELS_MAX);
        switch (resource.spec()) {
            case RouteSpec route -> new RouteChecks(checks).check(route);
            case GrpcRouteSpec route -> new RouteChecks(checks).check(route);
            case UpstreamSpec upstream -> new UpstreamChecks(checks).check(upstream);
            case ConsumerSpec consumer -> new ConsumerChecks(checks).check(consumer);
            case PolicySpec policy -> new PolicyChecks(checks).check(policy);
            case CertificateSpec certificate -> checks.certificate(certificate);
        }
        return List.copyOf(checks.problems);
    }

    void add(String pointer, String code, String detail) {
        if (problems.size() < Faults.REPORTED_MAX) {
            problems.add(Problem.of(resource, pointer, code, detail));
        }
    }

    void require(boolean holds, String pointer, String code, String detail) {
        if (!holds) {
            add(pointer, code, detail);
        }
    }

    /** The name of a resource: a DNS subdomain. */
    void name(String pointer, String name) {
        if (name.isEmpty()) {
            add(pointer, Problem.REQUIRED, "A name is needed.");
        } else if (name.length() > NAME_LENGTH_MAX || !NAME.matcher(name).matches()) {
            add(
                    pointer,
                    Problem.INVALID,
                    "A name is a DNS subdomain: small letters, digits, - and . up to 253 characters.");
        }
    }

    /** A host name: exact, or with {@code *.} before it; never an address. */
    void hostname(String pointer, String host, boolean wildcard) {
        String exact = wildcard && host.startsWith("*.") ? host.substring(2) : host;
        boolean address = exact.chars().allMatch(unit -> unit == '.' || (unit >= '0' && unit <= '9'));
        require(
                !address
                        && exact.length() <= NAME_LENGTH_MAX
                        && NAME.matcher(exact).matches(),
                pointer,
                Problem.INVALID,
                "A host name is in small letters, without a port, no address"
                        + (wildcard ? ", or *.example.com." : "."));
    }

    /** The name of a header, a method and the like (RFC 9110, token). */
    void token(String pointer, String text) {
        if (text.isEmpty()) {
            add(pointer, Problem.REQUIRED, "A name is needed.");
        } else if (!TOKEN.matcher(text).matches()) {
            add(pointer, Problem.INVALID, "It holds characters that a token must not have (RFC 9110), or is too long.");
        }
    }

    /** The value of a header: no control characters, bounded. */
    void value(String pointer, String text) {
        require(text.length() <= TEXT_LENGTH_MAX, pointer, Problem.OUT_OF_RANGE, "At most 4096 characters.");
        boolean clean = text.chars().allMatch(unit -> (unit >= 0x20 && unit != 0x7f) || unit == '\t');
        require(clean, pointer, Problem.INVALID, "It holds control characters.");
    }

    void text(String pointer, @Nullable String text) {
        if (text == null || text.isEmpty()) {
            add(pointer, Problem.REQUIRED, "A value is needed.");
        } else {
            require(text.length() <= TEXT_LENGTH_MAX, pointer, Problem.OUT_OF_RANGE, "At most 4096 characters.");
        }
    }

    void method(String pointer, String method) {
        if (!METHODS.contains(method)) {
            String known = String.join(", ", METHODS.stream().sorted().toList());
            add(pointer, Problem.INVALID, "Write one of " + known + ".");
        }
    }

    void range(String pointer, @Nullable Number value, long least, long most) {
        if (value != null && (value.longValue() < least || value.longValue() > most)) {
            add(pointer, Problem.OUT_OF_RANGE, "From " + least + " to " + most + ".");
        }
    }

    void range(String pointer, @Nullable Duration value, Duration least, Duration most) {
        if (value != null && (value.compareTo(least) < 0 || value.compareTo(most) > 0)) {
            add(pointer, Problem.OUT_OF_RANGE, "From " + Durations.text(least) + " to " + Durations.text(most) + ".");
        }
    }

    void count(String pointer, Collection<?> values, int most) {
        require(values.size() <= most, pointer, Problem.TOO_MANY, "At most " + most + ".");
    }

    /** An absolute address of HTTP. */
    void uri(String pointer, String uri) {
        require(
                uri.matches("https?://[^\\s/?#]+[^\\s]*") && uri.length() <= TEXT_LENGTH_MAX,
                pointer,
                uri.isEmpty() ? Problem.REQUIRED : Problem.INVALID,
                "Write an absolute http or https address.");
    }

    /** The modifications of headers that filters hold. */
    void named(String pointer, List<NamedValue> values, int most) {
        count(pointer, values, most);
        for (int i = 0; i < values.size(); i++) {
            token(pointer + "/" + i + "/name", values.get(i).name());
            value(pointer + "/" + i + "/value", values.get(i).value());
        }
    }

    void tokens(String pointer, List<String> names, int most) {
        count(pointer, names, most);
        for (int i = 0; i < names.size(); i++) {
            token(pointer + "/" + i, names.get(i));
        }
    }

    private void certificate(CertificateSpec certificate) {
        count("/spec/hosts", certificate.hosts(), 256);
        for (int i = 0; i < certificate.hosts().size(); i++) {
            hostname("/spec/hosts/" + i, certificate.hosts().get(i), true);
        }
        pem("/spec/certificateChain", certificate.certificateChain(), "CERTIFICATE");
        pem("/spec/privateKey", certificate.privateKey(), "PRIVATE KEY");
        if (certificate.clientValidation() != null) {
            pem(
                    "/spec/clientValidation/caCertificates",
                    certificate.clientValidation().caCertificates(),
                    "CERTIFICATE");
        }
    }

    /** PEM of that label; what is in it is looked at when the whole is compiled. */
    void pem(String pointer, String pem, String label) {
        boolean there = pem.contains("-----BEGIN " + label + "-----");
        require(
                there,
                pointer,
                pem.isEmpty() ? Problem.REQUIRED : Problem.INVALID,
                "Write PEM with BEGIN " + label + ".");
        require(pem.length() <= 262_144, pointer, Problem.OUT_OF_RANGE, "At most 256 KiB.");
    }
}
