package io.aerofusion.route;

/** What is wanted of a resource: the {@code spec} of its document. */
public sealed interface Spec
        permits RouteSpec, GrpcRouteSpec, UpstreamSpec, ConsumerSpec, PolicySpec, CertificateSpec {}
