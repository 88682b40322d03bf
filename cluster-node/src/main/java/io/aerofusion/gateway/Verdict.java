package io.aerofusion.gateway;

import java.util.Map;
import java.util.concurrent.CompletionStage;

/** What a policy step says of a request. */
public sealed interface Verdict {
    /** The next step decides; after the last one the request goes upstream. */
    Verdict PASS = new Pass(false, Map.of());
    /** As {@link #PASS}, but something that is a dry run would have refused; it is counted. */
    Verdict WOULD_REFUSE = new Pass(true, Map.of());

    /**
     * Let it pass; use {@link #PASS} or {@link #WOULD_REFUSE} where there is nothing more to say.
     *
     * @param headers what a {@link Later} verdict adds to the response, names in lower case; a step that decides at once uses {@link
     *     RequestEdit#setResponseHeader}
     */
    record Pass(boolean wouldRefuse, Map<String, String> headers) implements Verdict {
        public Pass {
            headers = Map.copyOf(headers);
        }
    }

    /**
     * Answer with this problem and send nothing upstream.
     *
     * @param status the HTTP status, 4xx or 5xx
     * @param code the stable code of the problem document
     * @param detail a sentence for the caller, without secrets
     * @param headers further response headers ({@code www-authenticate}, {@code retry-after}), names in lower case
     */
    record Refuse(int status, String code, String detail, Map<String, String> headers) implements Verdict {
        public Refuse {
            if (status < 400 || status > 599)
                throw new IllegalArgumentException("a refusal needs a 4xx or 5xx: " + status);
            headers = Map.copyOf(headers);
        }

        public Refuse(int status, String code, String detail) {
            this(status, code, detail, Map.of());
        }
    }

    /**
     * Answer with this and send nothing upstream: a response that was kept, for example.
     *
     * @param headers without those of a connection and without a length; nobody changes them
     */
    @SuppressWarnings("ArrayRecordComponent") // nothing compares it
    record Answer(int status, Headers headers, byte[] body) implements Verdict {}

    /**
     * The answer is not known yet; the request waits (its client is not read meanwhile) until the stage completes, at most for
     * the request's own timeout. A failed stage counts as a refusal with 503.
     */
    record Later(CompletionStage<Verdict> verdict) implements Verdict {}
}
