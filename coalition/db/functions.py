"""The two functions that the schema needs beside its tables.

`posting_slot()` is the only stored routine that a posting calls. It must be a routine: the window's
lock has to be held *before* the books are read, and in READ COMMITTED a statement keeps the
snapshot of its start, while each query inside a VOLATILE function takes a fresh one. So one
statement can lock, read its instant and write, in one round trip, and never lands in a window
that was closed while it waited (docs/decisions/0003).

`forbid_change()` makes a table append-only.
"""

from __future__ import annotations

from coalition.db.locks import WINDOW

CREATE_FUNCTIONS: tuple[str, ...] = (
    f"""
CREATE OR REPLACE FUNCTION posting_slot(
  OUT posted_at timestamptz, OUT window_date date, OUT last_closed date,
  OUT directory_version bigint)
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  zone text;
BEGIN
  -- In a condition, the call is an expression and no query of its own.
  IF pg_advisory_xact_lock_shared({WINDOW[0]}, {WINDOW[1]}) IS NULL THEN NULL; END IF;
  SELECT h.business_at, h.time_zone, h.last_closed, h.directory_version
    INTO posted_at, zone, last_closed, directory_version FROM hub_state h;
  posted_at := COALESCE(posted_at, clock_timestamp());
  window_date := GREATEST((posted_at AT TIME ZONE zone)::date, last_closed + 1);
END $$
""",
    """
CREATE OR REPLACE FUNCTION forbid_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$
""",
)

APPEND_ONLY_TABLES: tuple[str, ...] = ("movement", "obligation", "agreement", "party_event")

CREATE_TRIGGERS: tuple[str, ...] = tuple(
    f"""
CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION forbid_change()
"""
    for table in APPEND_ONLY_TABLES
)
