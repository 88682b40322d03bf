-- Lists and searches, written by projections. What a person wrote or what names a person is sealed or a blind index; ids of
-- entities stand in plain text here as they do in the journal's persistence ids. COLLATE "C": pages follow the bytes of ids.

CREATE TABLE device (
    tenant        TEXT COLLATE "C" NOT NULL,
    device        TEXT COLLATE "C" NOT NULL,
    owner_index   CHAR(64)         NOT NULL,
    label_indexes TEXT[]           NOT NULL,
    state         TEXT             NOT NULL,
    seen_at       TIMESTAMPTZ,
    sealed        BYTEA            NOT NULL,
    PRIMARY KEY (tenant, device)
);
CREATE INDEX device_owner_idx ON device (tenant, owner_index, device);
CREATE INDEX device_label_idx ON device USING gin (label_indexes);
CREATE INDEX device_seen_idx ON device (tenant, seen_at);

CREATE TABLE space (
    tenant      TEXT COLLATE "C" NOT NULL,
    space       TEXT COLLATE "C" NOT NULL,
    owner_index CHAR(64)         NOT NULL,
    sealed      BYTEA            NOT NULL,
    PRIMARY KEY (tenant, space)
);
CREATE INDEX space_owner_idx ON space (tenant, owner_index);

CREATE TABLE space_member (
    tenant       TEXT COLLATE "C" NOT NULL,
    space        TEXT COLLATE "C" NOT NULL,
    user_index   CHAR(64)         NOT NULL,
    access_right TEXT             NOT NULL,
    PRIMARY KEY (tenant, space, user_index),
    FOREIGN KEY (tenant, space) REFERENCES space ON DELETE CASCADE
);
CREATE INDEX space_member_user_idx ON space_member (tenant, user_index, space);

-- Who did what when. Rows are only ever added: the trigger refuses everything else, and each row's hash covers the row before,
-- so that a superuser who switches the trigger off leaves a trace all the same.
CREATE TABLE audit_log (
    number        BIGINT PRIMARY KEY,
    at            BIGINT           NOT NULL,
    tenant        TEXT COLLATE "C" NOT NULL,
    entity        TEXT COLLATE "C" NOT NULL,
    event_number  BIGINT           NOT NULL,
    action        TEXT             NOT NULL,
    actor_index   CHAR(64)         NOT NULL,
    subject_index CHAR(64)         NOT NULL,
    sealed        BYTEA            NOT NULL,
    hash          BYTEA            NOT NULL,
    UNIQUE (entity, event_number, action)
);
CREATE INDEX audit_log_entity_idx ON audit_log (tenant, entity, number);
CREATE INDEX audit_log_actor_idx ON audit_log (tenant, actor_index, number);

CREATE FUNCTION audit_log_is_append_only() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit_log is append-only';
END
$$;
CREATE TRIGGER audit_log_rows BEFORE UPDATE OR DELETE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION audit_log_is_append_only();
CREATE TRIGGER audit_log_truncation BEFORE TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION audit_log_is_append_only();
