package io.aerofusion.gateway.upstream;

/** The answer to a request for an endpoint. */
public sealed interface Admission permits UpstreamCall, Refusal {}
