import type Database from 'libsql';

/**
 * The schema, step by step: entry N leads from version N to N + 1 (SQLite's `user_version`). Entries are never
 * edited once they were released; a change of the schema is a new entry.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE sessions (
    session_id TEXT PRIMARY KEY,
    type TEXT NOT NULL CHECK (type IN ('remote_access', 'screen_share')),
    status TEXT NOT NULL,
    user_id TEXT NOT NULL,
    origin TEXT NOT NULL,
    metadata TEXT NOT NULL,
    safety_mode TEXT,
    quality TEXT,
    approval_id TEXT,
    expires_at_ms INTEGER,
    started_at_ms INTEGER NOT NULL,
    last_activity_at_ms INTEGER NOT NULL,
    duration_seconds REAL NOT NULL,
    stopped_at_ms INTEGER,
    stop_reason TEXT,
    commands_executed INTEGER NOT NULL DEFAULT 0,
    frames_captured INTEGER NOT NULL DEFAULT 0,
    -- The order in which sessions ended, which times do not tell when they are equal.
    end_order INTEGER
  ) STRICT, WITHOUT ROWID;
  -- Holds what the history is filtered by, so that a page deep in it and its total read this index alone.
  CREATE INDEX sessions_by_end ON sessions (stopped_at_ms DESC, end_order DESC, type, user_id)
    WHERE stopped_at_ms IS NOT NULL;
  CREATE INDEX sessions_unfinished ON sessions (started_at_ms) WHERE stopped_at_ms IS NULL;

  CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    event TEXT NOT NULL,
    data TEXT NOT NULL
  ) STRICT;

  CREATE TABLE owner_lock (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    locked INTEGER NOT NULL CHECK (locked IN (0, 1))
  ) STRICT;
  INSERT INTO owner_lock VALUES (1, 0);
  `,
  `
  CREATE TABLE commands (
    -- The order in which commands were asked for, which times do not tell when they are equal.
    request_order INTEGER PRIMARY KEY AUTOINCREMENT,
    command_id TEXT NOT NULL UNIQUE,
    session_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    status TEXT NOT NULL,
    hash TEXT NOT NULL,
    reason TEXT,
    origin TEXT NOT NULL,
    requested_at_ms INTEGER NOT NULL,
    approval_id TEXT,
    expires_at_ms INTEGER,
    decided_at_ms INTEGER,
    decided_by TEXT,
    decision_reason TEXT,
    started_at_ms INTEGER,
    finished_at_ms INTEGER,
    duration_seconds REAL,
    exit_code INTEGER,
    signal TEXT,
    stdout_encoding TEXT NOT NULL,
    stdout_bytes INTEGER NOT NULL,
    stdout_truncated INTEGER NOT NULL,
    stderr_encoding TEXT NOT NULL,
    stderr_bytes INTEGER NOT NULL,
    stderr_truncated INTEGER NOT NULL,
    error TEXT,
    -- What its processes are known by, to be found again after a crash.
    mark TEXT,
    has_shot_before INTEGER NOT NULL,
    has_shot_after INTEGER NOT NULL,
    -- What may be large comes last, so that lists need not read past it. Output is UTF-8 and may hold NUL.
    operation TEXT NOT NULL,
    result TEXT,
    stdout BLOB NOT NULL,
    stderr BLOB NOT NULL
  ) STRICT;
  CREATE INDEX commands_by_session ON commands (session_id, request_order);
  CREATE INDEX commands_unfinished ON commands (request_order) WHERE finished_at_ms IS NULL;
  `,
  `
  ALTER TABLE sessions ADD COLUMN owner TEXT;
  CREATE INDEX sessions_by_owner ON sessions (owner, stopped_at_ms DESC, end_order DESC, type, user_id)
    WHERE stopped_at_ms IS NOT NULL AND owner IS NOT NULL;

  CREATE TABLE tokens (
    token_id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('admin', 'operator')),
    -- SHA-256 of the secret, in hexadecimal.
    digest TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER,
    last_used_at_ms INTEGER,
    parent_id TEXT,
    ended_at_ms INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE retired_secrets (digest TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;

  CREATE TABLE lockouts (
    source TEXT PRIMARY KEY,
    failures INTEGER NOT NULL,
    waiting INTEGER NOT NULL CHECK (waiting IN (0, 1))
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- What a share shows; neither is there for the primary screen.
  ALTER TABLE sessions ADD COLUMN source_id TEXT;
  ALTER TABLE sessions ADD COLUMN source_name TEXT;
  `,
  `
  CREATE TABLE webhooks (
    webhook_id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    url TEXT NOT NULL,
    -- A JSON list of names; NULL for all.
    events TEXT,
    secret TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    -- The event up to which its queue has been filled.
    last_seq INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    last_error TEXT,
    last_delivered_at_ms INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE webhook_deliveries (
    -- The order of delivery.
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    delivery_id TEXT NOT NULL UNIQUE,
    webhook_id TEXT NOT NULL REFERENCES webhooks ON DELETE CASCADE,
    event TEXT NOT NULL,
    seq INTEGER NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'dead')),
    attempts INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL,
    last_attempt_at_ms INTEGER,
    response_status INTEGER,
    error TEXT
  ) STRICT;
  CREATE INDEX webhook_deliveries_by_state ON webhook_deliveries (webhook_id, state, position);
  `,
  `
  CREATE TABLE recordings (
    recording_id TEXT PRIMARY KEY,
    session_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    owner TEXT,
    quality TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    started_at_ms INTEGER NOT NULL,
    stopped_at_ms INTEGER,
    duration_ms REAL NOT NULL,
    size_bytes INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX recordings_by_start ON recordings (started_at_ms DESC);
  -- Whether a share is to be recorded from its start.
  ALTER TABLE sessions ADD COLUMN is_recorded INTEGER NOT NULL DEFAULT 0;
  `,
  `
  -- What tells this agent from others under the same name; no secret.
  CREATE TABLE agent (agent_id TEXT NOT NULL) STRICT;
  INSERT INTO agent VALUES (lower(hex(randomblob(4))));
  `,
  `
  -- Since when a webhook gets nothing more, because its receiver said so.
  ALTER TABLE webhooks ADD COLUMN disabled_at_ms INTEGER;
  `,
  `
  -- What ended commands have on record of their content; those of before have all of it, and none here.
  CREATE TABLE command_contents (
    -- That of the command.
    request_order INTEGER PRIMARY KEY,
    session_id TEXT NOT NULL,
    -- The token that the session was started with.
    owner TEXT,
    kept TEXT NOT NULL CHECK (kept IN ('whole', 'part', 'digest')),
    -- How much could still go.
    bytes INTEGER NOT NULL,
    digests TEXT NOT NULL
  ) STRICT;
  CREATE INDEX command_contents_by_session ON command_contents (session_id, request_order, bytes) WHERE bytes > 0;
  CREATE INDEX command_contents_by_owner ON command_contents (owner, request_order, bytes)
    WHERE bytes > 0 AND owner IS NOT NULL;
  `,
  `
  -- What proofs of the secret are checked with, in hexadecimal; NULL until an older token is shown again.
  ALTER TABLE tokens ADD COLUMN public_key TEXT;
  `,
];

/**
 * Brings a database to the newest schema, each step in a transaction of its own. Throws if a newer version of
 * the agent wrote it.
 */
export function migrate(database: Database.Database): void {
  const version = readVersion(database);
  if (version > MIGRATIONS.length) {
    throw new Error(
      `it was written by a newer version of Porthole (schema ${version}, this one knows ${MIGRATIONS.length})`,
    );
  }
  for (const [index, statements] of MIGRATIONS.entries()) {
    if (index < version) continue;
    database.transaction(() => {
      database.exec(statements);
      database.exec(`PRAGMA user_version = ${index + 1}`);
    })();
  }
}

function readVersion(database: Database.Database): number {
  const row: unknown = database.prepare('SELECT user_version FROM pragma_user_version').get();
  if (typeof row === 'object' && row !== null && 'user_version' in row) return Number(row.user_version);
  throw new Error('it has no version');
}
