package io.aerofusion.route;

import io.aerofusion.platform.cluster.AuditedReadModel;
import io.aerofusion.platform.persistence.AuditLog;
import io.aerofusion.platform.persistence.ReadModelTransaction;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Writes into the audit log which tokens were revoked, and what was lifted. */
final class RevocationReadModel extends AuditedReadModel<RevocationEvent> {
    RevocationReadModel(AuditLog audit) {
        super(Revocations.KEY.name(), RevocationEvent.class, audit);
    }

    @Override
    public void apply(ReadModelTransaction transaction, Change<RevocationEvent> change) {
        switch (change.event()) {
            case RevocationEvent.Revoked revoked -> {
                Revocation revocation = revoked.revocation();
                Map<String, String> details = new TreeMap<>();
                details.put("revocation", revocation.id());
                put(details, "jti", revocation.jti());
                put(details, "issuer", revocation.issuer());
                put(details, "subject", revocation.subject());
                details.put(
                        "expiresAt",
                        Instant.ofEpochMilli(revocation.expiresAt()).toString());
                if (revocation.issuedBefore() > 0) {
                    details.put(
                            "issuedBefore",
                            Instant.ofEpochMilli(revocation.issuedBefore()).toString());
                }
                details.put("note", revocation.note());
                record(transaction, change, "gateway.tokens-revoked", revocation.by(), revoked.at(), details);
            }
            case RevocationEvent.Lifted lifted ->
                record(
                        transaction,
                        change,
                        "gateway.revocation-lifted",
                        lifted.by(),
                        lifted.at(),
                        Map.of("revocation", lifted.id()));
        }
    }

    private static void put(Map<String, String> details, String name, @Nullable String value) {
        if (value != null) {
            details.put(name, value);
        }
    }

    @Override
    public void erased(ReadModelTransaction transaction, String tenant, String id) {
        // the audit log is sealed under the same key
    }
}
