-- The list of users, and which of them are being erased. Their ids stand in plain text, as in the journal's persistence ids, until
-- the erasure removes the row.
CREATE TABLE user_account (
    tenant  TEXT COLLATE "C" NOT NULL,
    user_id TEXT COLLATE "C" NOT NULL,
    state   TEXT             NOT NULL CHECK (state IN ('active', 'erasing')),
    sealed  BYTEA            NOT NULL,
    PRIMARY KEY (tenant, user_id)
);
CREATE INDEX user_account_erasing_idx ON user_account (tenant, user_id) WHERE state = 'erasing';

CREATE INDEX audit_log_subject_idx ON audit_log (tenant, subject_index, number);
CREATE INDEX audit_log_at_idx ON audit_log (tenant, at);
