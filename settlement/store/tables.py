"""Settlement's tables, in a schema of their own (`settlement`) beside the hub's.

A row of `step_run` is there if, and only if, that step's work is there: both are written in one
transaction. Lines hold keys, not contents: what a line says stands in the bundle, once and for all.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    DDL,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    event,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.schema import CreateSchema

SCHEMA = "settlement"

metadata = MetaData(
    schema=SCHEMA,
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    },
)


@event.listens_for(metadata, "before_create")
def _create_schema(_target: MetaData, connection: Connection, **_options: Any) -> None:
    connection.execute(CreateSchema(SCHEMA, if_not_exists=True))
    connection.execute(text(FORBID_CHANGE))


FORBID_CHANGE = f"""
CREATE OR REPLACE FUNCTION {SCHEMA}.forbid_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$
"""
APPEND_ONLY: dict[str, str] = {}
"""Tables whose rows the server refuses to change or delete, and the trigger that does."""


def append_only(table: Table) -> None:
    """Have the server refuse whatever would change or delete a row of the table."""
    APPEND_ONLY[table.name] = (
        f"CREATE TRIGGER {table.name}_append_only BEFORE UPDATE OR DELETE ON"
        f" {SCHEMA}.{table.name} FOR EACH STATEMENT EXECUTE FUNCTION {SCHEMA}.forbid_change()"
    )
    trigger = DDL(APPEND_ONLY[table.name])  # type: ignore[no-untyped-call]  # SQLAlchemy's DDL is untyped
    event.listen(table, "after_create", trigger)


step_run = Table(
    "step_run",
    metadata,
    Column("business_date", Date, nullable=False),
    Column("step", Text, nullable=False),
    # Wall time.
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("finished_at", DateTime(timezone=True), nullable=False),
    # Counts and sums that the step reports.
    Column("facts", JSONB, nullable=False),
    PrimaryKeyConstraint("business_date", "step"),
    CheckConstraint(
        "step IN ('expire_holds', 'activate_points', 'expire_lots', 'close', 'charge',"
        " 'disputes', 'net',"
        " 'issue', 'log', 'publish')",
        name="step",
    ),
)

step_failure = Table(
    "step_failure",
    metadata,
    Column("no", BigInteger, Identity(), primary_key=True),
    Column("business_date", Date, nullable=False),
    Column("step", Text, nullable=False),
    Column("failed_at", DateTime(timezone=True), nullable=False),
    Column("error", Text, nullable=False),
    Index("ix_step_failure_business_date", "business_date"),
)

pair_net = Table(
    "pair_net",
    metadata,
    Column("business_date", Date, nullable=False),
    Column("currency", Text, nullable=False),
    # Amounts are micros as party `a`, the one with the smaller number, sees them.
    Column("a", Integer, nullable=False),
    Column("b", Integer, nullable=False),
    Column("a_receives_micros", BigInteger, nullable=False),
    Column("a_pays_micros", BigInteger, nullable=False),
    Column("residue_in_micros", BigInteger, nullable=False),
    Column("rounded_micros", BigInteger, nullable=False),
    Column("residue_out_micros", BigInteger, nullable=False),
    PrimaryKeyConstraint("business_date", "currency", "a", "b"),
    CheckConstraint("a < b", name="ordered"),
    CheckConstraint(
        "residue_in_micros + a_receives_micros - a_pays_micros"
        " = rounded_micros + residue_out_micros",
        name="conserved",
    ),
)

position = Table(
    "position",
    metadata,
    Column("business_date", Date, nullable=False),
    Column("currency", Text, nullable=False),
    Column("party_no", Integer, nullable=False),
    Column("exact_micros", BigInteger, nullable=False),
    # Owed by the clearing house if above zero, to it if below.
    Column("rounded_micros", BigInteger, nullable=False),
    PrimaryKeyConstraint("business_date", "currency", "party_no"),
)

agreement_ref = Table(
    "agreement_ref",
    metadata,
    Column("no", Integer, primary_key=True, autoincrement=False),
    Column("public_id", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("terms_sha256", LargeBinary, nullable=False),
)

line = Table(
    "line",
    metadata,
    Column("window_date", Date, nullable=False),
    Column("party_no", Integer, nullable=False),
    Column("line_no", Integer, nullable=False),
    Column("account_id", Uuid, nullable=False),
    Column("movement_id", Uuid, nullable=False),
    # The obligation's number in its movement; -1: a movement without any.
    Column("seq", SmallInteger, nullable=False),
    Column("own", Boolean, nullable=False),
    Column("kind", Text, nullable=False),
    # NULL where nothing is owed; the amount is signed for the party (+ receives).
    Column("counterparty", Integer),
    Column("net_micros", BigInteger, nullable=False),
    # NULL: the clearing currency. A line in another one is on the statement in that currency,
    # unless it was converted: then this is its amount in the clearing currency.
    Column("currency", Text),
    Column("settlement_micros", BigInteger),
    # The line of an earlier statement of the same party that this one corrects; the currency of
    # that statement, NULL for the clearing one.
    Column("adjusts_date", Date),
    Column("adjusts_line", Integer),
    Column("adjusts_currency", Text),
    # Whatever happens, an obligation is stated once to each party. The order of the key serves
    # the search for the line that an adjustment names; ids grow with time, so it grows at its end.
    PrimaryKeyConstraint("movement_id", "seq", "party_no"),
    CheckConstraint("line_no > 0", name="line_no"),
    CheckConstraint("(counterparty IS NULL) = (net_micros = 0)", name="counterparty"),
    CheckConstraint("(adjusts_date IS NULL) = (adjusts_line IS NULL)", name="adjusts"),
    CheckConstraint("adjusts_date < window_date", name="adjusts_earlier"),
    CheckConstraint("settlement_micros IS NULL OR currency IS NOT NULL", name="converted"),
    # Lines are written in the order of this index, so a few pages name each statement's.
    Index(
        "ix_line_window_date_party_no",
        "window_date",
        "party_no",
        postgresql_using="brin",
        postgresql_with={"pages_per_range": "16"},
    ),
)

statement = Table(
    "statement",
    metadata,
    Column("statement_id", Uuid, primary_key=True),
    Column("public_id", Text, nullable=False, unique=True),
    Column("business_date", Date, nullable=False),
    Column("party_no", Integer, nullable=False),
    # 1, 2, 3 … of this party in this currency.
    Column("no", Integer, nullable=False),
    Column("previous_id", Uuid),
    Column("currency", Text, nullable=False),
    Column("opening_micros", BigInteger, nullable=False),
    Column("net_micros", BigInteger, nullable=False),
    Column("closing_micros", BigInteger, nullable=False),
    # Lines of movements; then those of entries, and those of rounding last.
    Column("lines", Integer, nullable=False),
    Column("entry_lines", Integer, nullable=False, server_default="0"),
    Column("rounding_lines", Integer, nullable=False),
    # What follows is known once the bundle is written.
    Column("issued_at", DateTime(timezone=True)),
    Column("sha256", Text),
    Column("merkle_root", Text),
    # Below the data folder.
    Column("path", Text),
    Column("bytes", BigInteger),
    Column("published_at", DateTime(timezone=True)),
    UniqueConstraint("business_date", "party_no", "currency"),
    UniqueConstraint("party_no", "currency", "no"),
    CheckConstraint("no >= 1", name="no"),
    CheckConstraint("(no = 1) = (previous_id IS NULL)", name="first"),
    CheckConstraint("closing_micros = opening_micros + net_micros", name="continuous"),
    CheckConstraint(
        "num_nulls(issued_at, sha256, merkle_root, path, bytes) IN (0, 5)", name="whole"
    ),
    CheckConstraint("published_at IS NULL OR issued_at IS NOT NULL", name="published"),
    Index("ix_statement_planned", "business_date", postgresql_where=text("issued_at IS NULL")),
)

# For one transaction only: the lines that the window's lines correct. Not of the schema.
adjusted_line = Table(
    "adjusted_line",
    MetaData(),
    Column("movement_id", Uuid, nullable=False),
    Column("seq", SmallInteger, nullable=False),
    Column("party_no", Integer, nullable=False),
    Column("adjusts_date", Date, nullable=False),
    Column("adjusts_line", Integer, nullable=False),
    Column("adjusts_currency", Text),
    PrimaryKeyConstraint("movement_id", "seq", "party_no"),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DROP",
)

without_timestamp = Table(
    "without_timestamp",
    metadata,
    # Statements whose PDF was signed while the timestamp authority gave no timestamp.
    Column("statement_id", Uuid, primary_key=True),
    Column("business_date", Date, nullable=False),
    # Wall time.
    Column("signed_at", DateTime(timezone=True), nullable=False),
    ForeignKeyConstraint(["statement_id"], ["statement.statement_id"]),
    Index("ix_without_timestamp_business_date", "business_date"),
)
