/**
 * What the gateway is told: its resources (routes, upstreams, consumers, policies, certificates) and the {@link
 * io.aerofusion.route.Generation}, one whole of them. Field names are those of the Kubernetes Gateway API for routes and of Envoy
 * Gateway for traffic and security policies. These forms are stored and travel between nodes: add, do not rename or retype.
 */
@NullMarked
package io.aerofusion.route;

import org.jspecify.annotations.NullMarked;
