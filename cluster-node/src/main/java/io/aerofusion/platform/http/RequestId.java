package io.aerofusion.platform.http;

import akka.http.javadsl.model.HttpHeader;
import akka.http.javadsl.model.HttpRequest;
import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;

/** The id under which a request is found in the log: the caller's {@code X-Request-Id} when it is plain, or a fresh one. */
final class RequestId {
    static final String HEADER = "X-Request-Id";
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_.:-]{1,64}");

    private RequestId() {}

    static String of(HttpRequest request) {
        return request.getHeader(HEADER)
                .map(HttpHeader::value)
                .filter(PLAIN.asMatchPredicate())
                .orElseGet(RequestId::fresh);
    }

    /** It is no secret: it only has to be rare. */
    static String fresh() {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        return HexFormat.of().toHexDigits(random.nextLong()) + HexFormat.of().toHexDigits(random.nextInt());
    }
}
