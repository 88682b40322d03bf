-- Every slice of a projection asks for its tag's events after an offset several times a second; the primary key begins with the event.
CREATE INDEX event_tag_tag_idx ON event_tag (tag, event_id);
