CREATE TABLE project (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;

-- What calls were answered, each answer once: there are few, and calls are many. What does not apply is ''.
CREATE TABLE answer (
    id INTEGER PRIMARY KEY,
    project INTEGER NOT NULL REFERENCES project (id),
    block TEXT NOT NULL,
    outcome TEXT NOT NULL,
    reason TEXT NOT NULL,
    employee TEXT NOT NULL,
    destination TEXT NOT NULL,
    source TEXT NOT NULL,
    entity TEXT NOT NULL,
    UNIQUE (project, block, outcome, reason, employee, destination, source, entity)
) STRICT;

-- One call. number: the caller's, whole and international; NULL where there was none to look up.
CREATE TABLE decision (
    id INTEGER PRIMARY KEY,
    project INTEGER NOT NULL REFERENCES project (id),
    answer INTEGER NOT NULL REFERENCES answer (id),
    number INTEGER,
    crm_id TEXT,
    at_ms INTEGER NOT NULL
) STRICT;

CREATE INDEX decision_number ON decision (project, number) WHERE number IS NOT NULL;
CREATE INDEX decision_time ON decision (project, at_ms)
