package io.aerofusion.client;

import io.aerofusion.space.Conflict;

/** A conflict that this device's mutations took part in, kept until the application resolves or dismisses it. */
public record ConflictNotice(long number, Conflict conflict) {}
