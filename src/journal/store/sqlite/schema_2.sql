-- What was made is known by more than a number: clients of forms may have left none.
CREATE TABLE made_by (
    project TEXT NOT NULL,
    -- The number's digits, `email:…`, `client-id:…`.
    who     TEXT NOT NULL,
    kind    TEXT NOT NULL,
    crm_id  TEXT NOT NULL,
    at_ms   INTEGER NOT NULL
);
INSERT INTO made_by SELECT project, CAST(number AS TEXT), kind, crm_id, at_ms FROM made ORDER BY rowid;
DROP TABLE made;
ALTER TABLE made_by RENAME TO made;
CREATE INDEX made_who ON made (project, who, at_ms);
CREATE INDEX made_at ON made (project, at_ms);
