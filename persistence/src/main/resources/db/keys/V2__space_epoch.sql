-- The epoch that the last restore began, if there was one: aerofusion.space.epoch is at least this. It stands here and not beside the
-- journal, because a restored journal must not bring an old epoch back.
CREATE TABLE space_epoch (
    only_row BOOLEAN PRIMARY KEY DEFAULT TRUE CHECK (only_row),
    epoch    BIGINT NOT NULL CHECK (epoch > 0)
);
