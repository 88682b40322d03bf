-- Data keys, wrapped by the regional key file. This schema stays out of the journal's backup (pg_dump -N aerofusion_keys):
-- whoever has a backup of the journal alone can read nothing, and an old backup cannot bring a destroyed key back.
-- Subjects are stored as blind indexes; their names lie inside of the wrapped key and go with it.

CREATE TABLE subject_key (
    subject_index CHAR(64) PRIMARY KEY,
    wrapped       BYTEA,
    erased_at     TIMESTAMPTZ,
    CHECK ((wrapped IS NULL) = (erased_at IS NOT NULL))
);
CREATE INDEX subject_key_erased_idx ON subject_key (erased_at) WHERE erased_at IS NOT NULL;

CREATE TABLE entity_binding (
    persistence_id VARCHAR(255) PRIMARY KEY,
    subject_index  CHAR(64) NOT NULL REFERENCES subject_key
);
CREATE INDEX entity_binding_subject_idx ON entity_binding (subject_index);

-- One row: something sealed with the regional key, so that a node with another key file is refused at its start.
CREATE TABLE regional_key_check (
    only_row BOOLEAN PRIMARY KEY DEFAULT TRUE CHECK (only_row),
    sealed   BYTEA NOT NULL
);
