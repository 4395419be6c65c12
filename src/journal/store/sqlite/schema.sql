CREATE TABLE entry (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    project        TEXT NOT NULL,
    moment         TEXT NOT NULL,
    call_id        TEXT,
    identity       TEXT NOT NULL,
    lane           TEXT NOT NULL,
    received_ms    INTEGER NOT NULL,
    facts          TEXT,
    state          TEXT NOT NULL CHECK (state IN ('received', 'planned', 'leased', 'later', 'done', 'dead', 'stored',
                                                  'unreadable', 'dropped')),
    -- The state that a leased entry returns to.
    returns_to     TEXT,
    planned        INTEGER NOT NULL DEFAULT 0,
    -- Whether it is the one of its lane whose turn it is. At most one is, and one is while any is open.
    head           INTEGER NOT NULL DEFAULT 0,
    outcome        TEXT,
    row_id         TEXT,
    attempts       INTEGER NOT NULL DEFAULT 0,
    not_before_ms  INTEGER,
    lease_until_ms INTEGER,
    lease          TEXT,
    error          TEXT,
    finished_ms    INTEGER,
    open           INTEGER GENERATED ALWAYS AS (state IN ('received', 'planned', 'leased', 'later')) VIRTUAL,
    retry          INTEGER GENERATED ALWAYS AS (attempts > 0) VIRTUAL,
    -- When a worker may take it up.
    due_ms         INTEGER GENERATED ALWAYS AS (
        CASE state WHEN 'leased' THEN lease_until_ms WHEN 'later' THEN not_before_ms ELSE 0 END
    ) VIRTUAL,
    -- Last: what is long is not read past on the way to what is short.
    raw            BLOB NOT NULL
);
CREATE UNIQUE INDEX entry_identity ON entry (project, identity);
CREATE UNIQUE INDEX entry_head ON entry (project, lane) WHERE head = 1;
CREATE INDEX entry_lane ON entry (project, lane, id) WHERE open = 1;
CREATE INDEX entry_turn ON entry (project, planned, retry, due_ms, id) WHERE head = 1;
CREATE INDEX entry_call ON entry (project, call_id, id) WHERE call_id IS NOT NULL;
CREATE INDEX entry_state ON entry (project, state, id);

CREATE TABLE step (
    entry   INTEGER NOT NULL REFERENCES entry (id) ON DELETE CASCADE,
    seq     INTEGER NOT NULL,
    name    TEXT NOT NULL,
    mark    TEXT NOT NULL,
    "order" TEXT NOT NULL,
    state   TEXT NOT NULL DEFAULT 'todo' CHECK (state IN ('todo', 'sent', 'done', 'skipped', 'dead')),
    unclear INTEGER NOT NULL DEFAULT 0,
    parts   TEXT NOT NULL DEFAULT '[]',
    receipt TEXT,
    sent_ms INTEGER,
    done_ms INTEGER,
    error   TEXT,
    PRIMARY KEY (entry, seq)
) WITHOUT ROWID;

CREATE TABLE call (
    project  TEXT NOT NULL,
    call_id  TEXT NOT NULL,
    lane     TEXT NOT NULL,
    judged   TEXT,
    first_ms INTEGER NOT NULL,
    PRIMARY KEY (project, call_id)
) WITHOUT ROWID;
CREATE INDEX call_first ON call (project, first_ms);

CREATE TABLE made (
    project TEXT NOT NULL,
    number  INTEGER NOT NULL,
    kind    TEXT NOT NULL,
    crm_id  TEXT NOT NULL,
    at_ms   INTEGER NOT NULL
);
CREATE INDEX made_number ON made (project, number, at_ms);
CREATE INDEX made_at ON made (project, at_ms);

CREATE TABLE paused (
    project  TEXT PRIMARY KEY,
    by       TEXT NOT NULL CHECK (by IN ('operator', 'credentials')),
    since_ms INTEGER NOT NULL,
    reason   TEXT NOT NULL
) WITHOUT ROWID;

-- How many entries are in each state.
CREATE TABLE tally (
    project TEXT NOT NULL,
    state   TEXT NOT NULL,
    count   INTEGER NOT NULL,
    PRIMARY KEY (project, state)
) WITHOUT ROWID;
CREATE TRIGGER entry_comes AFTER INSERT ON entry BEGIN
    INSERT INTO tally VALUES (new.project, new.state, 1) ON CONFLICT DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER entry_moves AFTER UPDATE OF state ON entry WHEN old.state <> new.state BEGIN
    UPDATE tally SET count = count - 1 WHERE project = old.project AND state = old.state;
    INSERT INTO tally VALUES (new.project, new.state, 1) ON CONFLICT DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER entry_goes AFTER DELETE ON entry BEGIN
    UPDATE tally SET count = count - 1 WHERE project = old.project AND state = old.state;
END;

-- How often the file was opened: part of a lease's token, so that none is ever given twice.
CREATE TABLE opened (times INTEGER NOT NULL);
INSERT INTO opened VALUES (0);
