-- A database as the first released schema leaves it: one call with a leg, a message that failed twice, one that waits
-- behind it, and a call in progress. Written by hand. Never edited once released.
PRAGMA auto_vacuum = INCREMENTAL;
PRAGMA journal_mode = WAL;
CREATE TABLE calls (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    system TEXT NOT NULL,
    uniqueid TEXT NOT NULL,
    linkedid TEXT NOT NULL,
    started_at_ms INTEGER NOT NULL,
    answered_at_ms INTEGER,
    ended_at_ms INTEGER NOT NULL,
    direction TEXT NOT NULL,
    disposition TEXT NOT NULL,
    caller_number TEXT,
    callee_number TEXT,
    numbers TEXT NOT NULL,          -- every number of the call, each between line feeds
    agents TEXT NOT NULL,           -- numbers and names of the agents, each between line feeds
    queue TEXT,
    duration_s INTEGER NOT NULL,
    billsec INTEGER NOT NULL,
    completeness TEXT NOT NULL,
    hangup_cause INTEGER NOT NULL,
    stored_at_ms INTEGER NOT NULL,
    amended_at_ms INTEGER
) STRICT;
CREATE UNIQUE INDEX calls_by_id ON calls (id);
CREATE INDEX calls_by_start ON calls (started_at_ms);

-- Apart from calls, so that a search over many calls does not read their documents.
CREATE TABLE call_documents (
    call INTEGER PRIMARY KEY,
    record TEXT NOT NULL,
    evidence TEXT NOT NULL          -- [[field, event, at_us, offset or null, reason], ...]
) STRICT;

CREATE TABLE legs (
    uniqueid TEXT NOT NULL,         -- a channel's, or the linkedid
    call INTEGER NOT NULL,
    channel TEXT NOT NULL,
    PRIMARY KEY (uniqueid, call)
) STRICT, WITHOUT ROWID;

CREATE TABLE open_calls (
    id TEXT PRIMARY KEY,
    system TEXT NOT NULL,
    linkedid TEXT NOT NULL,
    started_at_ms INTEGER NOT NULL,
    snapshot BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE endpoints (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    condition TEXT NOT NULL DEFAULT 'active',
    reason TEXT NOT NULL DEFAULT '',
    since_ms INTEGER,
    ready INTEGER NOT NULL DEFAULT 0,       -- counts of outbox rows by state, kept by the writer
    waiting INTEGER NOT NULL DEFAULT 0,
    delivered INTEGER NOT NULL DEFAULT 0,
    dead INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE outbox (
    row INTEGER PRIMARY KEY,                -- not used again: retention spares the newest row
    message_id TEXT NOT NULL,
    endpoint INTEGER NOT NULL,
    call_id TEXT NOT NULL,
    event TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    state INTEGER NOT NULL,                 -- 0 ready, 1 waiting, 2 delivered, 3 dead
    attempts INTEGER NOT NULL,              -- since it was last made ready
    attempts_before INTEGER NOT NULL,       -- of earlier rounds
    created_at_ms INTEGER NOT NULL,
    due_at_ms INTEGER NOT NULL,
    settled_at_ms INTEGER,
    last_status INTEGER,
    last_error TEXT,
    content_type TEXT NOT NULL
) STRICT;
CREATE INDEX outbox_due ON outbox (endpoint, due_at_ms) WHERE state = 0;
CREATE INDEX outbox_dead ON outbox (row) WHERE state = 3;
CREATE INDEX outbox_by_call ON outbox (call_id, endpoint);

CREATE TABLE outbox_bodies (
    message INTEGER PRIMARY KEY,
    body BLOB NOT NULL
) STRICT;

CREATE TABLE attempts (
    message INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    duration_us INTEGER NOT NULL,
    status INTEGER,
    error TEXT,
    response BLOB NOT NULL,
    PRIMARY KEY (message, ordinal)
) STRICT, WITHOUT ROWID;

CREATE TABLE requests (
    row INTEGER PRIMARY KEY AUTOINCREMENT,
    request TEXT NOT NULL,                  -- a JSON object
    created_at_ms INTEGER NOT NULL,
    answer TEXT                             -- a JSON object; NULL until the daemon has done it
) STRICT;

INSERT INTO calls (row, id, system, uniqueid, linkedid, started_at_ms, answered_at_ms, ended_at_ms, direction, disposition,
    caller_number, callee_number, numbers, agents, queue, duration_s, billsec, completeness, hangup_cause, stored_at_ms)
VALUES (1, 'pbx1-1795227461.2', 'pbx1', '1795227461.2', '1795227461.2', 1795227461000, 1795227465000, 1795227491000,
    'inbound', 'ANSWERED', '15551234567', '8005550100', char(10) || '15551234567' || char(10), '', NULL, 30, 26, 'full',
    16, 1795227491300);
INSERT INTO call_documents VALUES (1, '{"id":"pbx1-1795227461.2","legs":[{"uniqueid":"1795227461.2"}]}',
    '[["billsec","Hangup",1795227491000000,1234,"the end of the last leg"]]');
INSERT INTO legs VALUES ('1795227461.2', 1, 'PJSIP/trunk-a-00000001'), ('1795227461.3', 1, 'PJSIP/1001-00000002');
INSERT INTO open_calls VALUES ('pbx1-1795227470.9', 'pbx1', '1795227470.9', 1795227470000, x'0102');
INSERT INTO endpoints (id, name, ready, waiting) VALUES (1, 'crm', 1, 1);
INSERT INTO outbox (row, message_id, endpoint, call_id, event, sequence, state, attempts, attempts_before, created_at_ms,
    due_at_ms, last_status, last_error, content_type)
VALUES (1, 'm1', 1, 'pbx1-1795227461.2', 'call.ended', 1, 0, 2, 0, 1795227491300, 1795227600000, 503, 'http_5xx',
    'application/json'),
    (2, 'm2', 1, 'pbx1-1795227461.2', 'call.complete', 2, 1, 0, 0, 1795227491300, 1795227491300, NULL, NULL,
    'application/json');
INSERT INTO outbox_bodies VALUES (1, CAST('{"n":1}' AS BLOB)), (2, CAST('{"n":2}' AS BLOB));
INSERT INTO attempts VALUES (1, 1, 1795227491400, 20000, 503, 'http_5xx', x''), (1, 2, 1795227500000, 21000, 503, 'http_5xx', x'');
PRAGMA user_version = 1;
