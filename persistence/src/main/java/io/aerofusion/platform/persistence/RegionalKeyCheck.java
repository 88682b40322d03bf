package io.aerofusion.platform.persistence;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.Optional;
import javax.sql.DataSource;

/** Holds the regional key file against the database: something sealed with the right one lies there since the first node. */
final class RegionalKeyCheck {
    private static final byte[] CHECK = "aerofusion regional key".getBytes(StandardCharsets.US_ASCII);

    private RegionalKeyCheck() {}

    /**
     * Reads the key file; creates it with the first node of a region.
     *
     * @throws StartException when it is missing or is not the one this database was written with
     */
    static RegionalKey open(DataSource source, Path file) {
        Optional<byte[]> check = readCheck(source);
        boolean missing = !Files.exists(file);
        if (missing && check.isPresent()) {
            throw wrongKeyFile(file, "is missing");
        }
        try {
            if (missing) {
                RegionalKey.create(file);
            }
        } catch (IOException e) {
            throw new StartException("The regional key file " + file + " cannot be written (" + e + ").", e);
        }
        RegionalKey key = RegionalKey.read(file);
        try {
            key.unwrap(check.orElseGet(() -> writeCheck(source, key.wrap(CHECK, CHECK))), CHECK);
            return key;
        } catch (IllegalStateException e) {
            throw wrongKeyFile(file, "is not the one this database was written with");
        }
    }

    private static StartException wrongKeyFile(Path file, String what) {
        return new StartException("The regional key file " + file + " " + what
                + ": copy it from another node of the region (secrets/regional.key) or from its backup.");
    }

    private static Optional<byte[]> readCheck(DataSource source) {
        return Transaction.single(source, connection -> {
            try (PreparedStatement select =
                            connection.prepareStatement("SELECT sealed FROM aerofusion_keys.regional_key_check");
                    ResultSet rows = select.executeQuery()) {
                return rows.next() ? Optional.of(rows.getBytes(1)) : Optional.empty();
            }
        });
    }

    /** The check that stands after this: ours, or that of a node that was faster. */
    private static byte[] writeCheck(DataSource source, byte[] sealed) {
        Transaction.single(source, connection -> {
            try (PreparedStatement insert = connection.prepareStatement(
                    "INSERT INTO aerofusion_keys.regional_key_check (sealed) VALUES (?) ON CONFLICT DO NOTHING")) {
                insert.setBytes(1, sealed);
                return insert.executeUpdate();
            }
        });
        return readCheck(source).orElseThrow();
    }
}
