"""The hub's first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

STATEMENTS = (
    """
CREATE OR REPLACE FUNCTION posting_slot(
  OUT posted_at timestamptz, OUT window_date date, OUT last_closed date,
  OUT directory_version bigint)
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  zone text;
BEGIN
  -- In a condition, the call is an expression and no query of its own.
  IF pg_advisory_xact_lock_shared(7203, 1) IS NULL THEN NULL; END IF;
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
    """
CREATE TRIGGER movement_append_only BEFORE UPDATE OR DELETE ON movement
FOR EACH STATEMENT EXECUTE FUNCTION forbid_change()
""",
    """
CREATE TRIGGER obligation_append_only BEFORE UPDATE OR DELETE ON obligation
FOR EACH STATEMENT EXECUTE FUNCTION forbid_change()
""",
    """
CREATE TRIGGER agreement_append_only BEFORE UPDATE OR DELETE ON agreement
FOR EACH STATEMENT EXECUTE FUNCTION forbid_change()
""",
    """
CREATE TRIGGER party_event_append_only BEFORE UPDATE OR DELETE ON party_event
FOR EACH STATEMENT EXECUTE FUNCTION forbid_change()
""",
    """
CREATE TABLE signed_request_default PARTITION OF signed_request DEFAULT
""",
)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "balance",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("open", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("frozen", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("spend_locked", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("active", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("pending", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("held", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("debt", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="0", nullable=False),
        sa.CheckConstraint(
            "least(active, pending, held, debt) >= 0", name=op.f("ck_balance_not_negative")
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_balance")),
        postgresql_with={"fillfactor": "70"},
    )
    op.create_table(
        "call_log",
        sa.Column("connection_no", sa.Integer(), nullable=False),
        sa.Column("no", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("called_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), server_default="0", nullable=False),
        sa.CheckConstraint(
            "outcome = ANY ('{answered,refused,slow_down,unreachable}'::text[])",
            name=op.f("ck_call_log_outcome"),
        ),
        sa.PrimaryKeyConstraint("connection_no", "no", name=op.f("pk_call_log")),
    )
    op.create_index("ix_call_log_called_at", "call_log", ["called_at"], unique=False)
    op.create_table(
        "call_pace",
        sa.Column("connection_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("quiet_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("connection_no", name=op.f("pk_call_pace")),
    )
    op.create_table(
        "certification",
        sa.Column("certification_id", sa.Uuid(), nullable=False),
        sa.Column("connection_no", sa.Integer(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("report", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("certification_id", name=op.f("pk_certification")),
    )
    op.create_index(
        "ix_certification_connection_no",
        "certification",
        ["connection_no", "certification_id"],
        unique=False,
    )
    op.create_table(
        "closed_position",
        sa.Column("party_no", sa.Integer(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("net_micros", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("party_no", "currency", name=op.f("pk_closed_position")),
    )
    op.create_table(
        "closed_through",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("window_date", sa.Date(), nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_closed_through_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closed_through")),
    )
    op.create_table(
        "conversion_rate",
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("scaled", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("scaled > 0", name=op.f("ck_conversion_rate_scaled")),
        sa.PrimaryKeyConstraint("currency", name=op.f("pk_conversion_rate")),
    )
    op.create_table(
        "debt",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("debt_id", sa.Uuid(), nullable=False),
        sa.Column("issuer", sa.Integer(), nullable=False),
        sa.Column("funder", sa.Integer(), nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("funding", sa.Text(), nullable=False),
        sa.Column("issue_price_micros", sa.BigInteger(), nullable=False),
        sa.Column("redemption_price_micros", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("sale_id", sa.Uuid(), nullable=False),
        sa.Column("adjusts", sa.Uuid(), nullable=True),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("recovered", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("written_off", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column(
            "outstanding",
            sa.BigInteger(),
            sa.Computed("due - recovered - written_off", persisted=True),
            nullable=True,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "due > 0 AND recovered >= 0 AND written_off >= 0", name=op.f("ck_debt_not_negative")
        ),
        sa.CheckConstraint("due >= recovered + written_off", name=op.f("ck_debt_conserved")),
        sa.PrimaryKeyConstraint("account_id", "debt_id", name=op.f("pk_debt")),
    )
    op.create_table(
        "delivery_attempt",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("no", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("subscription_id", sa.Uuid(), nullable=False),
        sa.Column("attempted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('delivered', 'refused', 'unreachable')",
            name=op.f("ck_delivery_attempt_outcome"),
        ),
        sa.PrimaryKeyConstraint("event_id", "no", name=op.f("pk_delivery_attempt")),
    )
    op.create_table(
        "entered_position",
        sa.Column("party_no", sa.Integer(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("covering_micros", sa.BigInteger(), nullable=False),
        sa.Column("collateral_micros", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("party_no", "currency", name=op.f("pk_entered_position")),
    )
    op.create_table(
        "event",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("party_no", sa.Integer(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), server_default="pending", nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("replayed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('pending', 'delivered', 'failed')", name=op.f("ck_event_state")
        ),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_event")),
    )
    op.create_index(
        "ix_event_due",
        "event",
        ["next_attempt_at"],
        unique=False,
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index("ix_event_party_no_event_id", "event", ["party_no", "event_id"], unique=False)
    op.create_table(
        "exposure",
        sa.Column("party_no", sa.Integer(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("uncovered_micros", sa.BigInteger(), nullable=False),
        sa.Column("cap_micros", sa.BigInteger(), nullable=True),
        sa.Column("warned_percent", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("measured_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("party_no", "currency", name=op.f("pk_exposure")),
    )
    op.create_table(
        "face_value",
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("micros", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("micros > 0", name=op.f("ck_face_value_positive")),
        sa.PrimaryKeyConstraint("currency", "effective_from", name=op.f("pk_face_value")),
    )
    op.create_table(
        "hold",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("hold_id", sa.Uuid(), nullable=False),
        sa.Column("party_no", sa.Integer(), nullable=False),
        sa.Column("agreement_no", sa.Integer(), nullable=False),
        sa.Column("face_micros", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("captured_points", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("lot_ids", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("lot_points", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("redemption_id", sa.Uuid(), nullable=True),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("store", sa.Text(), nullable=True),
        sa.Column("till", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('held', 'captured', 'voided', 'expired')", name=op.f("ck_hold_state")
        ),
        sa.CheckConstraint("captured_points BETWEEN 0 AND points", name=op.f("ck_hold_captured")),
        sa.CheckConstraint("points > 0", name=op.f("ck_hold_points")),
        sa.PrimaryKeyConstraint("account_id", "hold_id", name=op.f("pk_hold")),
        sa.UniqueConstraint("hold_id", name=op.f("uq_hold_hold_id")),
    )
    op.create_index(
        "ix_hold_expires_at",
        "hold",
        ["expires_at"],
        unique=False,
        postgresql_where=sa.text("state = 'held'"),
    )
    op.create_table(
        "hub_state",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("business_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_closed", sa.Date(), nullable=False),
        sa.Column("directory_version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "environment = 'test' OR business_at IS NULL",
            name=op.f("ck_hub_state_live_has_no_set_clock"),
        ),
        sa.CheckConstraint(
            "environment IN ('test', 'live')", name=op.f("ck_hub_state_environment")
        ),
        sa.CheckConstraint("id = 1", name=op.f("ck_hub_state_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hub_state")),
    )
    op.create_table(
        "idempotency",
        sa.Column("party_no", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_hmac", sa.LargeBinary(), nullable=True),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kept_until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "num_nulls(request_hmac, answer, kept_until) IN (0, 3)",
            name=op.f("ck_idempotency_all_is_gone"),
        ),
        sa.PrimaryKeyConstraint("party_no", "key", name=op.f("pk_idempotency")),
    )
    op.create_index(
        "ix_idempotency_kept_until",
        "idempotency",
        ["kept_until"],
        unique=False,
        postgresql_where=sa.text("kept_until IS NOT NULL"),
    )
    op.create_table(
        "inbox_message",
        sa.Column("connection_no", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("delivery_key", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=True),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("headers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("result", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state = ANY ('{waiting,done,ignored,dead}'::text[])",
            name=op.f("ck_inbox_message_state"),
        ),
        sa.PrimaryKeyConstraint("connection_no", "message_id", name=op.f("pk_inbox_message")),
        sa.UniqueConstraint(
            "connection_no",
            "delivery_key",
            name=op.f("uq_inbox_message_connection_no_delivery_key"),
        ),
    )
    op.create_index(
        "ix_inbox_message_dead",
        "inbox_message",
        ["connection_no", "message_id"],
        unique=False,
        postgresql_where=sa.text("state = 'dead'"),
    )
    op.create_index(
        "ix_inbox_message_due",
        "inbox_message",
        ["connection_no", "due_at"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index(
        "ix_inbox_message_received_at",
        "inbox_message",
        ["received_at"],
        unique=False,
        postgresql_using="brin",
    )
    op.create_index(
        "ix_inbox_message_undone",
        "inbox_message",
        ["connection_no", "about"],
        unique=False,
        postgresql_where=sa.text("result ? 'undone'"),
    )
    op.create_table(
        "inbox_rejection",
        sa.Column("connection_no", sa.Integer(), nullable=False),
        sa.Column("no", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("rejected_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("connection_no", "no", name=op.f("pk_inbox_rejection")),
    )
    op.create_table(
        "job_run",
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("slot", sa.Text(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("result", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint("duration_ms >= 0", name=op.f("ck_job_run_duration")),
        sa.PrimaryKeyConstraint("job", "slot", name=op.f("pk_job_run")),
    )
    op.create_table(
        "known_order",
        sa.Column("connection_no", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("stated", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("connection_no", "order_id", name=op.f("pk_known_order")),
    )
    op.create_table(
        "lot",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("issuer", sa.Integer(), nullable=False),
        sa.Column("funder", sa.Integer(), nullable=False),
        sa.Column("funding", sa.Text(), nullable=False),
        sa.Column("issue_price_micros", sa.BigInteger(), nullable=False),
        sa.Column("redemption_price_micros", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("agreement_no", sa.Integer(), nullable=False),
        sa.Column("sale_id", sa.Uuid(), nullable=True),
        sa.Column("campaign", sa.Text(), nullable=True),
        sa.Column("qualifying_points", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("granted", sa.BigInteger(), nullable=False),
        sa.Column("pending", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("active", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("held", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("spent", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("expired", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("clawed_back", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("taken", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("activates_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("blocked", sa.Boolean(), server_default="false", nullable=False),
        sa.Column(
            "is_open",
            sa.Boolean(),
            sa.Computed("pending + active + held > 0", persisted=True),
            nullable=True,
        ),
        sa.Column(
            "is_pending", sa.Boolean(), sa.Computed("pending > 0", persisted=True), nullable=True
        ),
        sa.CheckConstraint(
            "funding = ANY ('{redemption,issue}'::text[])", name=op.f("ck_lot_funding")
        ),
        sa.CheckConstraint(
            "granted = pending + active + held + spent + expired + clawed_back + taken",
            name=op.f("ck_lot_conserved"),
        ),
        sa.CheckConstraint(
            "least(pending, active, held, spent, expired, clawed_back, taken, granted - 1, issue_price_micros, redemption_price_micros) >= 0",
            name=op.f("ck_lot_not_negative"),
        ),
        sa.PrimaryKeyConstraint("account_id", "lot_id", name=op.f("pk_lot")),
        postgresql_with={"fillfactor": "80"},
    )
    op.create_index(
        "ix_lot_activates_at",
        "lot",
        ["activates_at"],
        unique=False,
        postgresql_where=sa.text("is_pending"),
    )
    op.create_index(
        "ix_lot_expires_at", "lot", ["expires_at"], unique=False, postgresql_using="brin"
    )
    op.create_index(
        "ix_lot_fifo",
        "lot",
        ["account_id", "expires_at", "lot_id"],
        unique=False,
        postgresql_where=sa.text("is_open"),
    )
    op.create_table(
        "movement",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("movement_id", sa.Uuid(), nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("from_bucket", sa.Text(), nullable=False),
        sa.Column("to_bucket", sa.Text(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("window_date", sa.Date(), nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("party_no", sa.Integer(), nullable=False),
        sa.Column("cause_kind", sa.Text(), nullable=False),
        sa.Column("cause_id", sa.Uuid(), nullable=False),
        sa.Column("adjusts", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "cause_kind = ANY ('{sale,redemption,hold,lot}'::text[])",
            name=op.f("ck_movement_cause_kind"),
        ),
        sa.CheckConstraint(
            "kind = ANY ('{earn,activate,hold,release,capture,redeem,restore,expire,clawback,take,adjust}'::text[])",
            name=op.f("ck_movement_kind"),
        ),
        sa.CheckConstraint(
            "points > 0 AND from_bucket <> to_bucket", name=op.f("ck_movement_moves_points")
        ),
        sa.PrimaryKeyConstraint("account_id", "movement_id", name=op.f("pk_movement")),
    )
    op.create_index(
        "ix_movement_party_no_movement_id", "movement", ["party_no", "movement_id"], unique=False
    )
    op.create_index(
        "ix_movement_window_date",
        "movement",
        ["window_date"],
        unique=False,
        postgresql_using="brin",
    )
    op.create_table(
        "obligation",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("movement_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.SmallInteger(), nullable=False),
        sa.Column("window_date", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("debtor", sa.Integer(), nullable=False),
        sa.Column("creditor", sa.Integer(), nullable=False),
        sa.Column("amount_micros", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("tax_code", sa.Text(), nullable=True),
        sa.Column("tax_micros", sa.BigInteger(), server_default="0", nullable=False),
        sa.CheckConstraint(
            "kind = ANY ('{issue,issue_fee,redemption,margin,subsidy,redemption_fee,clawback,breakage}'::text[])",
            name=op.f("ck_obligation_kind"),
        ),
        sa.CheckConstraint(
            "debtor <> creditor AND amount_micros > 0", name=op.f("ck_obligation_owes_another")
        ),
        sa.PrimaryKeyConstraint("account_id", "movement_id", "seq", name=op.f("pk_obligation")),
    )
    op.create_index(
        "ix_obligation_window_date",
        "obligation",
        ["window_date"],
        unique=False,
        postgresql_using="brin",
    )
    op.create_table(
        "order_file",
        sa.Column("connection_no", sa.Integer(), nullable=False),
        sa.Column("store", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("sha256", sa.LargeBinary(), nullable=True),
        sa.Column("first_date", sa.Date(), nullable=True),
        sa.Column("last_date", sa.Date(), nullable=True),
        sa.Column("orders", sa.Integer(), server_default="0", nullable=False),
        sa.Column("done", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "problems", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False
        ),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'given_up') = (sha256 IS NULL)", name=op.f("ck_order_file_hash")
        ),
        sa.CheckConstraint(
            "(state = 'waiting') = (due_at IS NOT NULL)", name=op.f("ck_order_file_due")
        ),
        sa.CheckConstraint(
            "state = ANY ('{taking,waiting,taken,given_up}'::text[])",
            name=op.f("ck_order_file_state"),
        ),
        sa.PrimaryKeyConstraint("connection_no", "store", "sequence", name=op.f("pk_order_file")),
    )
    op.create_table(
        "order_part",
        sa.Column("connection_no", sa.Integer(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("says", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("connection_no", "about", "key", name=op.f("pk_order_part")),
    )
    op.create_table(
        "party",
        sa.Column("no", sa.Integer(), sa.Identity(always=False, start=10), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("lots_blocked", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("issuing_stopped", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('partner', 'pool', 'operator', 'clearing')", name=op.f("ck_party_kind")
        ),
        sa.CheckConstraint("slug ~ '^[a-z0-9][a-z0-9-]{0,39}$'", name=op.f("ck_party_slug")),
        sa.CheckConstraint(
            "state IN ('applied', 'certified', 'live', 'suspended', 'leaving', 'closed')",
            name=op.f("ck_party_state"),
        ),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_party")),
        sa.UniqueConstraint("id", name=op.f("uq_party_id")),
        sa.UniqueConstraint("slug", name=op.f("uq_party_slug")),
    )
    op.create_table(
        "poll_cursor",
        sa.Column("connection_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("polled_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cursor", sa.Text(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "cursor IS NULL OR until IS NOT NULL", name=op.f("ck_poll_cursor_cursor_of_a_round")
        ),
        sa.PrimaryKeyConstraint("connection_no", name=op.f("pk_poll_cursor")),
    )
    op.create_index("ix_poll_cursor_due_at", "poll_cursor", ["due_at"], unique=False)
    op.create_table(
        "redemption",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("redemption_id", sa.Uuid(), nullable=False),
        sa.Column("party_no", sa.Integer(), nullable=False),
        sa.Column("agreement_no", sa.Integer(), nullable=False),
        sa.Column("face_micros", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("reversed_points", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("hold_id", sa.Uuid(), nullable=True),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("store", sa.Text(), nullable=True),
        sa.Column("till", sa.Text(), nullable=True),
        sa.Column("receipt", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("points > 0", name=op.f("ck_redemption_points")),
        sa.CheckConstraint(
            "reversed_points BETWEEN 0 AND points", name=op.f("ck_redemption_reversed")
        ),
        sa.PrimaryKeyConstraint("account_id", "redemption_id", name=op.f("pk_redemption")),
        sa.UniqueConstraint("redemption_id", name=op.f("uq_redemption_redemption_id")),
    )
    op.create_table(
        "refused_request",
        sa.Column("party_no", sa.Integer(), nullable=False),
        sa.Column("nonce", sa.Text(), nullable=False),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("party_no", "nonce", name=op.f("pk_refused_request")),
    )
    op.create_table(
        "sale",
        sa.Column("party_no", sa.Integer(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("sale_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("content_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("local_date", sa.Date(), nullable=False),
        sa.Column("store", sa.Text(), nullable=True),
        sa.Column("store_time_zone", sa.Text(), nullable=True),
        sa.Column("till", sa.Text(), nullable=True),
        sa.Column("receipt", sa.Text(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("agreement_no", sa.Integer(), nullable=False),
        sa.Column("document", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("refunds", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("points", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("lot_ids", postgresql.ARRAY(sa.Uuid()), server_default="{}", nullable=False),
        sa.Column("earn_ids", postgresql.ARRAY(sa.Uuid()), server_default="{}", nullable=False),
        sa.Column("day_capped", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("window_date", sa.Date(), nullable=False),
        sa.Column("first_posted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("least(revision, points) >= 0", name=op.f("ck_sale_not_negative")),
        sa.PrimaryKeyConstraint("party_no", "external_id", name=op.f("pk_sale")),
        sa.UniqueConstraint("sale_id", name=op.f("uq_sale_sale_id")),
    )
    op.create_index(
        "ix_sale_member_day",
        "sale",
        ["account_id", "party_no", "local_date"],
        unique=False,
        postgresql_where=sa.text("day_capped"),
    )
    op.create_index(
        "ix_sale_occurred_at", "sale", ["occurred_at"], unique=False, postgresql_using="brin"
    )
    op.create_table(
        "sale_digest",
        sa.Column("party_no", sa.Integer(), nullable=False),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("store", sa.Text(), nullable=False),
        sa.Column("sales", sa.BigInteger(), nullable=False),
        sa.Column("amount_micros", sa.BigInteger(), nullable=False),
        sa.Column("refunded_micros", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "sales >= 0 AND amount_micros >= 0 AND refunded_micros >= 0",
            name=op.f("ck_sale_digest_not_negative"),
        ),
        sa.PrimaryKeyConstraint("party_no", "hour", "store", name=op.f("pk_sale_digest")),
    )
    op.create_table(
        "settlement_window",
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('closed', 'netted', 'issued', 'released', 'settled')",
            name=op.f("ck_settlement_window_state"),
        ),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_settlement_window_interval")),
        sa.PrimaryKeyConstraint("business_date", name=op.f("pk_settlement_window")),
    )
    op.create_table(
        "signed_request",
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("party_no", sa.Integer(), nullable=False),
        sa.Column("key_id", sa.Uuid(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("headers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("received_at", "request_id", name=op.f("pk_signed_request")),
        postgresql_partition_by="RANGE (received_at)",
    )
    op.create_table(
        "slice",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("redemption_id", sa.Uuid(), nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("reversed_points", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("movement_id", sa.Uuid(), nullable=False),
        sa.Column("face_micros", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("points > 0", name=op.f("ck_slice_points")),
        sa.CheckConstraint("reversed_points BETWEEN 0 AND points", name=op.f("ck_slice_reversed")),
        sa.PrimaryKeyConstraint("account_id", "redemption_id", "lot_id", name=op.f("pk_slice")),
    )
    op.create_table(
        "spend",
        sa.Column("spend_id", sa.Uuid(), nullable=False),
        sa.Column("connection_no", sa.Integer(), nullable=False),
        sa.Column("party_no", sa.Integer(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("hold_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("amount_micros", sa.BigInteger(), nullable=False),
        sa.Column("face_micros", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("undo", sa.Boolean(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=True),
        sa.Column("order_revision", sa.BigInteger(), nullable=True),
        sa.Column("customer", sa.LargeBinary(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("redemption_id", sa.Uuid(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(state = 'used') = (redemption_id IS NOT NULL)", name=op.f("ck_spend_used")
        ),
        sa.CheckConstraint(
            "state = ANY ('{wanted,made,used,undone,failed}'::text[])", name=op.f("ck_spend_state")
        ),
        sa.CheckConstraint("NOT undo OR due_at IS NOT NULL", name=op.f("ck_spend_undo_is_due")),
        sa.CheckConstraint(
            "least(points, amount_micros, face_micros) > 0", name=op.f("ck_spend_positive")
        ),
        sa.PrimaryKeyConstraint("spend_id", name=op.f("pk_spend")),
        sa.UniqueConstraint(
            "connection_no", "reference", name=op.f("uq_spend_connection_no_reference")
        ),
    )
    op.create_index(
        "ix_spend_connection_no_spend_id", "spend", ["connection_no", "spend_id"], unique=False
    )
    op.create_index(
        "ix_spend_due_at",
        "spend",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index(
        "ix_spend_order",
        "spend",
        ["connection_no", "order_id"],
        unique=False,
        postgresql_where=sa.text("order_id IS NOT NULL"),
    )
    op.create_table(
        "told_file",
        sa.Column("connection_no", sa.Integer(), nullable=False),
        sa.Column("no", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("store", sa.Text(), nullable=True),
        sa.Column("sequence", sa.BigInteger(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("lines", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("more", sa.Integer(), nullable=False),
        sa.Column("stamp", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "what = ANY ('{taken,repeated,refused,held,waiting,incomplete,checked,misnamed}'::text[])",
            name=op.f("ck_told_file_what"),
        ),
        sa.PrimaryKeyConstraint("connection_no", "no", name=op.f("pk_told_file")),
        sa.UniqueConstraint(
            "connection_no", "folder", "name", name=op.f("uq_told_file_connection_no_folder_name")
        ),
    )
    op.create_index("ix_told_file_since", "told_file", ["since"], unique=False)
    op.create_table(
        "agreement",
        sa.Column("no", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("party_no", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("effective_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("effective_to", sa.DateTime(timezone=True), nullable=True),
        sa.Column("terms", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("terms_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "effective_to IS NULL OR effective_to > effective_from",
            name=op.f("ck_agreement_period"),
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_agreement_version")),
        sa.ForeignKeyConstraint(["party_no"], ["party.no"], name=op.f("fk_agreement_party_no")),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_agreement")),
        sa.UniqueConstraint("id", name=op.f("uq_agreement_id")),
        sa.UniqueConstraint(
            "party_no", "effective_from", name=op.f("uq_agreement_party_no_effective_from")
        ),
        sa.UniqueConstraint("party_no", "version", name=op.f("uq_agreement_party_no_version")),
    )
    op.create_table(
        "bearer_key",
        sa.Column("key_id", sa.Uuid(), nullable=False),
        sa.Column("party_no", sa.Integer(), nullable=False),
        sa.Column("secret_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "person ~ '^[a-z0-9][a-z0-9.-]{0,39}$'", name=op.f("ck_bearer_key_person")
        ),
        sa.CheckConstraint(
            "(party_no = 2) = (person IS NOT NULL)",
            name=op.f("ck_bearer_key_operators_are_persons"),
        ),
        sa.ForeignKeyConstraint(["party_no"], ["party.no"], name=op.f("fk_bearer_key_party_no")),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_bearer_key")),
        sa.UniqueConstraint("secret_sha256", name=op.f("uq_bearer_key_secret_sha256")),
    )
    op.create_table(
        "checkout_connection",
        sa.Column("no", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("party_no", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("settings", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("guests", sa.Text(), nullable=False),
        sa.Column("secrets", sa.LargeBinary(), nullable=False),
        sa.Column("secret_names", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("previous_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rotated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "guests = ANY ('{keep,ignore}'::text[])", name=op.f("ck_checkout_connection_guests")
        ),
        sa.CheckConstraint(
            "state = ANY ('{test,live,paused,closed}'::text[])",
            name=op.f("ck_checkout_connection_state"),
        ),
        sa.ForeignKeyConstraint(
            ["party_no"], ["party.no"], name=op.f("fk_checkout_connection_party_no")
        ),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_checkout_connection")),
        sa.UniqueConstraint("connection_id", name=op.f("uq_checkout_connection_connection_id")),
        sa.UniqueConstraint("party_no", "name", name=op.f("uq_checkout_connection_party_no_name")),
    )
    op.create_table(
        "member",
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("spend_locked", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("enrolled_by", sa.Integer(), nullable=False),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("state IN ('active', 'frozen', 'closed')", name=op.f("ck_member_state")),
        sa.ForeignKeyConstraint(["enrolled_by"], ["party.no"], name=op.f("fk_member_enrolled_by")),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_member")),
        sa.UniqueConstraint("account_id", name=op.f("uq_member_account_id")),
    )
    op.create_table(
        "partner_key",
        sa.Column("key_id", sa.Uuid(), nullable=False),
        sa.Column("party_no", sa.Integer(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "octet_length(public_key) = 32", name=op.f("ck_partner_key_ed25519_length")
        ),
        sa.ForeignKeyConstraint(["party_no"], ["party.no"], name=op.f("fk_partner_key_party_no")),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_partner_key")),
        sa.UniqueConstraint("public_key", name=op.f("uq_partner_key_public_key")),
    )
    op.create_table(
        "party_event",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("party_no", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("from_state", sa.Text(), nullable=True),
        sa.Column("to_state", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["party_no"], ["party.no"], name=op.f("fk_party_event_party_no")),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_party_event")),
    )
    op.create_index(
        "ix_party_event_party_no_recorded_at",
        "party_event",
        ["party_no", "recorded_at"],
        unique=False,
    )
    op.create_table(
        "subscription",
        sa.Column("subscription_id", sa.Uuid(), nullable=False),
        sa.Column("party_no", sa.Integer(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("types", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('active', 'disabled', 'deleted')", name=op.f("ck_subscription_state")
        ),
        sa.ForeignKeyConstraint(["party_no"], ["party.no"], name=op.f("fk_subscription_party_no")),
        sa.PrimaryKeyConstraint("subscription_id", name=op.f("pk_subscription")),
    )
    op.create_table(
        "card",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("replaced_by", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('active', 'replaced', 'closed')", name=op.f("ck_card_state")),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.member_id"], name=op.f("fk_card_member_id")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_card")),
    )
    op.create_index("ix_card_member_id", "card", ["member_id"], unique=False)
    op.create_table(
        "contact",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("lookup_hash", sa.LargeBinary(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("kind IN ('phone', 'email')", name=op.f("ck_contact_kind")),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.member_id"], name=op.f("fk_contact_member_id")
        ),
        sa.PrimaryKeyConstraint("kind", "lookup_hash", name=op.f("pk_contact")),
    )
    op.create_index("uq_contact_member", "contact", ["member_id", "kind"], unique=True)
    op.create_table(
        "member_event",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("party_no", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.member_id"], name=op.f("fk_member_event_member_id")
        ),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_member_event")),
    )
    op.create_index(
        "ix_member_event_member_id_recorded_at",
        "member_event",
        ["member_id", "recorded_at"],
        unique=False,
    )
    op.create_table(
        "partner_reference",
        sa.Column("party_no", sa.Integer(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.member_id"], name=op.f("fk_partner_reference_member_id")
        ),
        sa.ForeignKeyConstraint(
            ["party_no"], ["party.no"], name=op.f("fk_partner_reference_party_no")
        ),
        sa.PrimaryKeyConstraint("party_no", "reference", name=op.f("pk_partner_reference")),
    )
    op.create_index(
        "uq_partner_reference_member", "partner_reference", ["party_no", "member_id"], unique=True
    )
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Undo."""
    op.drop_index("uq_partner_reference_member", table_name="partner_reference")
    op.drop_table("partner_reference")
    op.drop_index("ix_member_event_member_id_recorded_at", table_name="member_event")
    op.drop_table("member_event")
    op.drop_index("uq_contact_member", table_name="contact")
    op.drop_table("contact")
    op.drop_index("ix_card_member_id", table_name="card")
    op.drop_table("card")
    op.drop_table("subscription")
    op.drop_index("ix_party_event_party_no_recorded_at", table_name="party_event")
    op.drop_table("party_event")
    op.drop_table("partner_key")
    op.drop_table("member")
    op.drop_table("checkout_connection")
    op.drop_table("bearer_key")
    op.drop_table("agreement")
    op.drop_index("ix_told_file_since", table_name="told_file")
    op.drop_table("told_file")
    op.drop_index(
        "ix_spend_order", table_name="spend", postgresql_where=sa.text("order_id IS NOT NULL")
    )
    op.drop_index(
        "ix_spend_due_at", table_name="spend", postgresql_where=sa.text("due_at IS NOT NULL")
    )
    op.drop_index("ix_spend_connection_no_spend_id", table_name="spend")
    op.drop_table("spend")
    op.drop_table("slice")
    op.drop_table("signed_request")
    op.drop_table("settlement_window")
    op.drop_table("sale_digest")
    op.drop_index("ix_sale_occurred_at", table_name="sale", postgresql_using="brin")
    op.drop_index("ix_sale_member_day", table_name="sale", postgresql_where=sa.text("day_capped"))
    op.drop_table("sale")
    op.drop_table("refused_request")
    op.drop_table("redemption")
    op.drop_index("ix_poll_cursor_due_at", table_name="poll_cursor")
    op.drop_table("poll_cursor")
    op.drop_table("party")
    op.drop_table("order_part")
    op.drop_table("order_file")
    op.drop_index("ix_obligation_window_date", table_name="obligation", postgresql_using="brin")
    op.drop_table("obligation")
    op.drop_index("ix_movement_window_date", table_name="movement", postgresql_using="brin")
    op.drop_index("ix_movement_party_no_movement_id", table_name="movement")
    op.drop_table("movement")
    op.drop_index("ix_lot_fifo", table_name="lot", postgresql_where=sa.text("is_open"))
    op.drop_index("ix_lot_expires_at", table_name="lot", postgresql_using="brin")
    op.drop_index("ix_lot_activates_at", table_name="lot", postgresql_where=sa.text("is_pending"))
    op.drop_table("lot")
    op.drop_table("known_order")
    op.drop_table("job_run")
    op.drop_table("inbox_rejection")
    op.drop_index(
        "ix_inbox_message_undone",
        table_name="inbox_message",
        postgresql_where=sa.text("result ? 'undone'"),
    )
    op.drop_index(
        "ix_inbox_message_received_at", table_name="inbox_message", postgresql_using="brin"
    )
    op.drop_index(
        "ix_inbox_message_due",
        table_name="inbox_message",
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.drop_index(
        "ix_inbox_message_dead",
        table_name="inbox_message",
        postgresql_where=sa.text("state = 'dead'"),
    )
    op.drop_table("inbox_message")
    op.drop_index(
        "ix_idempotency_kept_until",
        table_name="idempotency",
        postgresql_where=sa.text("kept_until IS NOT NULL"),
    )
    op.drop_table("idempotency")
    op.drop_table("hub_state")
    op.drop_index(
        "ix_hold_expires_at", table_name="hold", postgresql_where=sa.text("state = 'held'")
    )
    op.drop_table("hold")
    op.drop_table("face_value")
    op.drop_table("exposure")
    op.drop_index("ix_event_party_no_event_id", table_name="event")
    op.drop_index("ix_event_due", table_name="event", postgresql_where=sa.text("state = 'pending'"))
    op.drop_table("event")
    op.drop_table("entered_position")
    op.drop_table("delivery_attempt")
    op.drop_table("debt")
    op.drop_table("conversion_rate")
    op.drop_table("closed_through")
    op.drop_table("closed_position")
    op.drop_index("ix_certification_connection_no", table_name="certification")
    op.drop_table("certification")
    op.drop_table("call_pace")
    op.drop_index("ix_call_log_called_at", table_name="call_log")
    op.drop_table("call_log")
    op.drop_table("balance")
    op.execute("DROP FUNCTION posting_slot")
    op.execute("DROP FUNCTION forbid_change")
