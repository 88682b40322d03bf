/**
 * Upstreams: which endpoint a request goes to, and what happens when endpoints fail. Nothing here does network I/O on the way of a
 * request, takes a lock there or reads a clock there: a request reads an immutable {@link
 * io.aerofusion.gateway.upstream.EndpointSet} and counts on atomics; a {@link io.aerofusion.gateway.upstream.Timeline} ticks ten times a
 * second and does what needs time (ejections that end, breakers that try again, slow start, health checks, discovery).
 *
 * <p>The life of a call, as the engine writes it:
 *
 * <pre>{@code
 * switch (upstream.begin(hashKey, idempotent, retryPolicy)) {
 *     case Refusal refusal -> answer(503, refusal.code());           // nothing to release
 *     case UpstreamCall call -> send(call, call.endpoint());
 * }
 *
 * void send(UpstreamCall call, Endpoint endpoint) {                  // connection of the loop's pool of this endpoint
 *     // the head of the final answer (not 1xx) came:      call.answered(status)
 *     // it did not come:                                  call.failed(Failure.RESET)
 *     // nothing was sent to the client yet, the request can be sent again:
 *     Endpoint next = call.retry();                        // null: pass on what happened
 *     if (next != null) after(call.backoffNanos(), () -> send(call, next));
 *     // the exchange is over, whichever way, once:        call.end()
 * }
 * }</pre>
 *
 * <p>A call belongs to one thread at a time; upstreams, endpoints and the table may be used by any. Three things take an endpoint out,
 * each for its own reason: <em>active checks</em> that fail (out until they succeed again), <em>ejection</em> for consecutive failures
 * (out for a time that grows, never more than a share of the endpoints), and its <em>circuit breaker</em> (out for the recovery time, then
 * a few trial requests decide). When checks and ejections leave no endpoint at all, they are ignored ({@code panic}): an answer may
 * still come, and a wrong check must not take a service down. An open breaker is never ignored: when every endpoint's breaker is open, a
 * request is refused at once.
 */
@NullMarked
package io.aerofusion.gateway.upstream;

import org.jspecify.annotations.NullMarked;
