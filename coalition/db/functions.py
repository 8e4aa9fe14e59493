"""The two functions that the schema needs beside its tables.

`posting_slot()` is the only stored routine that a posting calls. It must be a routine: the window's
lock has to be held *before* the books are read, and in READ COMMITTED a statement keeps the
snapshot of its start, while each query inside a VOLATILE function takes a fresh one. So one
statement can lock, read its instant and write, in one round trip, and never lands in a window
that was closed while it waited (docs/decisions/0003).

`forbid_change()` makes a table append-only.
"""

from __future__ import annotations

WINDOW_LOCK = (7203, 1)
"""Advisory lock key: shared by every posting, exclusive for closing a window."""

CREATE_FUNCTIONS: tuple[str, ...] = (
    f"""
CREATE OR REPLACE FUNCTION posting_slot()
RETURNS TABLE (posted_at timestamptz, window_date date, last_closed date, directory_version bigint)
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared({WINDOW_LOCK[0]}, {WINDOW_LOCK[1]});
  RETURN QUERY
    SELECT i.instant,
           GREATEST((i.instant AT TIME ZONE h.time_zone)::date, h.last_closed + 1),
           h.last_closed,
           h.directory_version
      FROM hub_state h, LATERAL (SELECT COALESCE(h.business_at, clock_timestamp()) AS instant) i;
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
