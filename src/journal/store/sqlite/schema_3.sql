-- Until when each project's calls have been compared with the telephone system's list, and since when they are.
CREATE TABLE reconciled (
    project  TEXT PRIMARY KEY,
    since_ms INTEGER NOT NULL,
    until_ms INTEGER NOT NULL
) WITHOUT ROWID;
