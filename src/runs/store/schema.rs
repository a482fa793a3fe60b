//! The tables of a run's file. `docs/runs.md` tells their meaning to those who read them with other
//! tools: what changes here changes there, and raises [`VERSION`].

use rusqlite::{Connection, Result};

/// What SQLite's header says the file is: `gBru`.
pub(super) const APPLICATION_ID: i32 = 0x6742_7275;
/// The version of the schema, in the header too.
pub(super) const VERSION: i32 = 2;
/// The oldest version that can be read, and is made [`VERSION`] by whoever drives the run.
const OLDEST: i32 = 1;

const TABLES: &str = "
CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value
) WITHOUT ROWID;

CREATE TABLE intakes (
    id INTEGER PRIMARY KEY,
    time INTEGER NOT NULL,
    source TEXT NOT NULL,
    requests INTEGER NOT NULL,
    added INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    unchanged INTEGER NOT NULL,
    vanished INTEGER NOT NULL
);

CREATE TABLE requests (
    id INTEGER PRIMARY KEY,
    place INTEGER NOT NULL,
    key TEXT NOT NULL,
    digest BLOB NOT NULL,
    bytes INTEGER NOT NULL,
    tokens INTEGER NOT NULL,
    same_as INTEGER,
    replaced INTEGER NOT NULL DEFAULT 0,
    vanished INTEGER,
    metadata TEXT
);

CREATE TABLE bodies (
    request INTEGER PRIMARY KEY,
    body TEXT NOT NULL
);

CREATE TABLE parts (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    version TEXT,
    bytes INTEGER,
    state TEXT NOT NULL,
    generation INTEGER NOT NULL DEFAULT 1,
    job INTEGER,
    output TEXT,
    replaced INTEGER NOT NULL DEFAULT 0,
    vanished INTEGER,
    UNIQUE (source, replaced)
);

CREATE TABLE jobs (
    id INTEGER PRIMARY KEY,
    generation INTEGER NOT NULL,
    state TEXT NOT NULL,
    mark TEXT,
    name TEXT UNIQUE,
    first INTEGER,
    last INTEGER,
    intake INTEGER,
    part INTEGER,
    requests INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    tokens INTEGER NOT NULL,
    placed TEXT,
    cut_time INTEGER NOT NULL,
    sent_time INTEGER,
    looked_ms INTEGER NOT NULL DEFAULT 0,
    unclear INTEGER NOT NULL DEFAULT 0,
    stopped INTEGER NOT NULL DEFAULT 0,
    adopted INTEGER NOT NULL DEFAULT 0,
    created_time INTEGER,
    ended_time INTEGER,
    read_time INTEGER,
    service_state TEXT,
    error TEXT,
    responses INTEGER NOT NULL DEFAULT 0,
    errors INTEGER NOT NULL DEFAULT 0,
    missing INTEGER NOT NULL DEFAULT 0,
    retried INTEGER NOT NULL DEFAULT 0,
    input_tokens INTEGER NOT NULL DEFAULT 0,
    output_tokens INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE job_requests (
    job INTEGER NOT NULL,
    request INTEGER NOT NULL,
    PRIMARY KEY (job, request)
) WITHOUT ROWID;

CREATE TABLE waiting (
    request INTEGER PRIMARY KEY,
    generation INTEGER NOT NULL
);

CREATE TABLE attempts (
    request INTEGER NOT NULL,
    job INTEGER NOT NULL,
    kind TEXT NOT NULL,
    code INTEGER,
    message TEXT,
    row TEXT,
    PRIMARY KEY (request, job)
);

CREATE INDEX attempts_job ON attempts (job);

CREATE TABLE outcomes (
    request INTEGER PRIMARY KEY,
    job INTEGER NOT NULL,
    kind TEXT NOT NULL,
    code INTEGER,
    message TEXT,
    input_tokens INTEGER NOT NULL DEFAULT 0,
    output_tokens INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE rows (
    request INTEGER PRIMARY KEY,
    row TEXT NOT NULL
);

CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    time INTEGER NOT NULL,
    kind TEXT NOT NULL,
    job INTEGER,
    detail TEXT
);

CREATE VIEW results AS
SELECT
    r.id AS request,
    r.place,
    r.key,
    CASE
        WHEN o.kind IS NOT NULL THEN o.kind
        WHEN w.request IS NOT NULL THEN 'waiting'
        WHEN coalesce(r.same_as, r.id) > (SELECT value FROM settings WHERE name = 'cut_to') THEN 'new'
        ELSE 'in a job'
    END AS state,
    o.job,
    o.code,
    o.message,
    o.input_tokens,
    o.output_tokens,
    r.metadata,
    b.body,
    w2.row
FROM requests r
LEFT JOIN bodies b ON b.request = r.id
LEFT JOIN outcomes o ON o.request = coalesce(r.same_as, r.id)
LEFT JOIN waiting w ON w.request = coalesce(r.same_as, r.id)
LEFT JOIN rows w2 ON w2.request = coalesce(r.same_as, r.id)
WHERE r.replaced = 0;
";

/// What was off about the rows of a job: since version 2.
const DEVIATIONS: &str = "
CREATE TABLE deviations (
    job INTEGER NOT NULL,
    kind TEXT NOT NULL,
    rows INTEGER NOT NULL,
    named TEXT,
    PRIMARY KEY (job, kind)
) WITHOUT ROWID;
";

/// Keys are unique among the requests that stand: made once the first are taken in, since a sorted
/// list is faster than one insertion after another.
pub(super) const KEYS: &str = "CREATE UNIQUE INDEX requests_key ON requests (key, replaced);";
/// For runs that pay for equal requests once.
pub(super) const DIGESTS: &str =
    "CREATE INDEX IF NOT EXISTS requests_digest ON requests (digest, id);";
/// For inputs whose order is no longer that in which their requests came.
pub(super) const PLACES: &str =
    "CREATE INDEX IF NOT EXISTS requests_place ON requests (place, id);";

/// Makes the tables of a new file.
pub(super) fn create(connection: &Connection) -> Result<()> {
    connection.execute_batch(TABLES)?;
    connection.execute_batch(DEVIATIONS)?;
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    connection.pragma_update(None, "user_version", VERSION)
}

/// Whether files of this version can be read.
pub(super) fn is_known(version: i32) -> bool {
    (OLDEST..=VERSION).contains(&version)
}

/// Brings a file of an earlier version up to this one.
pub(super) fn upgrade(connection: &Connection) -> Result<()> {
    let step = connection.unchecked_transaction()?;
    let (_, version) = header(&step)?;
    if version < 2 {
        step.execute_batch("ALTER TABLE jobs ADD COLUMN unclear INTEGER NOT NULL DEFAULT 0")?;
        step.execute_batch(DEVIATIONS)?;
    }
    if version < VERSION {
        step.pragma_update(None, "user_version", VERSION)?;
    }
    step.commit()
}

/// What the header says: application and version.
pub(super) fn header(connection: &Connection) -> Result<(i32, i32)> {
    let read = |name| connection.pragma_query_value(None, name, |row| row.get(0));
    Ok((read("application_id")?, read("user_version")?))
}
