/**
 * From a generation to what a request meets: {@link io.aerofusion.gateway.routing.Compiler} checks the whole and gives {@link
 * io.aerofusion.gateway.routing.Compiled}, which any number of event loops read without a lock.
 *
 * <p>How the engine uses it, for each request:
 *
 * <ol>
 *   <li>{@code NormalPath.isNormal(rawPath)} is the usual case; otherwise {@code NormalPath.of(rawPath)} gives the path for {@code
 *       RequestView.path()}, its ambiguities, or why it is refused (400).
 *   <li>{@code compiled.match(door, view)} gives a candidate or null (404; for a gRPC call, status 12). If the path has ambiguities, a missing
 *       candidate and one that does not {@code allows(ambiguities)} is a 400. The door is the listener's place in the list that was given
 *       to the compiler.
 *   <li>{@code rule.filters()}: {@code cors()} first (a preflight is answered and goes no further), then {@code redirect()}, which is
 *       an answer too; {@code requestHeaders()}, {@code mirrors()} (each picks by {@code chosen}), {@code rewrite()}.
 *   <li>{@code rule.backends().pick(random)}: null is a 500. The backend's own filters come after the rule's.
 *   <li>Of the response: {@code responseHeaders()} of the backend and of the rule, {@code cors().answered}.
 * </ol>
 *
 * <p>{@code rule.policy()} is what of all policies applies to the rule, merged; {@code rule.index()} counts rules from 0 without gaps, so
 * that what others keep for each rule is an array beside the generation.
 */
@NullMarked
package io.aerofusion.gateway.routing;

import org.jspecify.annotations.NullMarked;
