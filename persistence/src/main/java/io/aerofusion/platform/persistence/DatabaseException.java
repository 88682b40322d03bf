package io.aerofusion.platform.persistence;

import java.sql.SQLException;

/** The database refused or could not be reached; what was asked for may or may not have happened. */
public final class DatabaseException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    DatabaseException(SQLException cause) {
        super(cause);
    }
}
