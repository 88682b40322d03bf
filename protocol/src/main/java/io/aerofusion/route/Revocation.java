package io.aerofusion.route;

import org.jspecify.annotations.Nullable;

/**
 * Tokens that count no more although they are signed and have not expired: one by its id, those of a subject, or those of an issuer. Part of
 * stored events: add fields, do not rename or retype.
 *
 * @param id made of what is revoked: revoking the same again replaces it
 * @param jti the token's id; null: it is about a subject or an issuer
 * @param issuer {@code iss}; null: of whatever issuer, which only a token's id may be
 * @param subject {@code sub}; null: it is about a token's id or all of an issuer
 * @param issuedBefore milliseconds of the epoch: only tokens issued before; 0: all, also those that are still to be issued
 * @param expiresAt milliseconds of the epoch when all the tokens concerned have expired by themselves
 * @param note what whoever revoked says about it; may be empty
 * @param by the actor, such as {@code user:alice}
 * @param at when it was revoked, in milliseconds of the epoch
 */
public record Revocation(
        String id,
        @Nullable String jti,
        @Nullable String issuer,
        @Nullable String subject,
        long issuedBefore,
        long expiresAt,
        String note,
        String by,
        long at) {
    public Revocation {
        if (jti == null && issuer == null) {
            throw new IllegalArgumentException("a revocation names a token or an issuer");
        }
        if (jti != null && (subject != null || issuedBefore != 0)) {
            throw new IllegalArgumentException("a revocation of a token names no subject and no time");
        }
    }
}
