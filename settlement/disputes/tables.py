"""Disputes, their lines, what was said and shown, and the rules that the coalition sets."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from settlement.store.tables import SCHEMA, append_only, metadata

dispute = Table(
    "dispute",
    metadata,
    Column("dispute_id", Uuid, primary_key=True),
    # The statement of the claimant, and the one of the respondent of the same date.
    Column("business_date", Date, nullable=False),
    Column("claimant", Integer, nullable=False),
    Column("respondent", Integer, nullable=False),
    Column("currency", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("state", Text, nullable=False),
    # Business time; when the default outcome comes about, NULL where there is none.
    Column("due_at", DateTime(timezone=True)),
    Column("proposal", ARRAY(BigInteger)),
    Column("proposed_by", Text),
    Column("outcome", Text),
    Column("closed_by", Text),
    Column("ruled_by", Text),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    Column("closed_at", DateTime(timezone=True)),
    CheckConstraint("claimant <> respondent", name="two_parties"),
    CheckConstraint("state IN ('open', 'rejected', 'escalated', 'closed')", name="state"),
    CheckConstraint("outcome IN ('upheld', 'rejected', 'split', 'withdrawn')", name="outcome"),
    CheckConstraint(
        "closed_by IN ('answer', 'no_answer', 'not_escalated', 'ruling', 'withdrawal')",
        name="closed_by",
    ),
    CheckConstraint(
        "num_nulls(outcome, closed_by, closed_at) = CASE state WHEN 'closed' THEN 0 ELSE 3 END",
        name="closed",
    ),
    CheckConstraint(
        "(proposal IS NULL) = (proposed_by IS NULL) OR state = 'closed'", name="proposal"
    ),
    # Whoever proposed a ruling does not confirm it.
    CheckConstraint("ruled_by <> proposed_by", name="two_people"),
    CheckConstraint(
        "(ruled_by IS NOT NULL) = (closed_by IS NOT DISTINCT FROM 'ruling')", name="ruled"
    ),
    Index("ix_dispute_claimant", "claimant", "dispute_id"),
    Index("ix_dispute_respondent", "respondent", "dispute_id"),
    Index("ix_dispute_due_at", "due_at", postgresql_where=text("due_at IS NOT NULL")),
)

dispute_line = Table(
    "dispute_line",
    metadata,
    Column("dispute_id", Uuid, ForeignKey(f"{SCHEMA}.dispute.dispute_id"), nullable=False),
    Column("place", SmallInteger, nullable=False),
    Column("claimant_line", Integer, nullable=False),
    Column("respondent_line", Integer, nullable=False),
    Column("movement_id", Uuid, nullable=False),
    Column("seq", SmallInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("debtor", Integer, nullable=False),
    Column("creditor", Integer, nullable=False),
    # What the line says, and what of it is disputed and so withheld; micros.
    Column("line_micros", BigInteger, nullable=False),
    Column("withheld_micros", BigInteger, nullable=False),
    # How the disputed amount ended: undone, or standing. Both once the dispute is closed.
    Column("upheld_micros", BigInteger),
    Column("rejected_micros", BigInteger),
    PrimaryKeyConstraint("dispute_id", "place"),
    # An obligation is disputed once, by whichever of its two parties.
    UniqueConstraint("movement_id", "seq"),
    CheckConstraint("withheld_micros BETWEEN 1 AND line_micros", name="in_part"),
    CheckConstraint(
        "num_nulls(upheld_micros, rejected_micros) IN (0, 2)"
        " AND upheld_micros >= 0 AND rejected_micros >= 0"
        " AND upheld_micros + rejected_micros = withheld_micros",
        name="one_outcome",
    ),
)

dispute_event = Table(
    "dispute_event",
    metadata,
    Column("no", BigInteger, Identity(), primary_key=True),
    Column("dispute_id", Uuid, ForeignKey(f"{SCHEMA}.dispute.dispute_id"), nullable=False),
    Column("kind", Text, nullable=False),
    # NULL where the night did it.
    Column("party", Integer),
    # The operator's person; the key or name it showed itself by.
    Column("person", Text),
    Column("text", Text, nullable=False),
    # The signed request that it came of (the hub's signed_request.request_id).
    Column("request_id", Uuid),
    Column("facts", JSONB, nullable=False),
    # Business time, then wall time.
    Column("happened_at", DateTime(timezone=True), nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    CheckConstraint(
        "kind IN ('opened', 'accepted', 'rejected', 'escalated', 'withdrawn', 'proposed',"
        " 'ruled', 'lapsed')",
        name="kind",
    ),
    Index("ix_dispute_event_dispute_id", "dispute_id", "no"),
)

dispute_evidence = Table(
    "dispute_evidence",
    metadata,
    Column("dispute_id", Uuid, ForeignKey(f"{SCHEMA}.dispute.dispute_id"), nullable=False),
    Column("no", SmallInteger, nullable=False),
    Column("party", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    # Either the bytes themselves, or where they are kept.
    Column("content", LargeBinary),
    Column("reference", Text),
    PrimaryKeyConstraint("dispute_id", "no"),
    CheckConstraint("octet_length(sha256) = 32", name="sha256"),
    CheckConstraint("num_nulls(content, reference) = 1", name="either"),
    CheckConstraint("sha256 = sha256(content)", name="as_stated"),
)

dispute_rules = Table(
    "dispute_rules",
    metadata,
    # The newest row is in force; a dispute keeps the deadlines that it was given.
    Column("no", Integer, Identity(), primary_key=True),
    Column("open_days", Integer, nullable=False),
    Column("answer_days", Integer, nullable=False),
    Column("escalate_days", Integer, nullable=False),
    Column("two_people_micros", BigInteger, nullable=False),
    Column("person", Text, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    CheckConstraint(
        "open_days BETWEEN 1 AND 3660 AND answer_days BETWEEN 1 AND 366"
        " AND escalate_days BETWEEN 1 AND 366 AND two_people_micros >= 0",
        name="bounds",
    ),
)

for _kept in (dispute_event, dispute_evidence, dispute_rules):
    append_only(_kept)
