"""Settlement's first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "settlement_0001"
down_revision = None
branch_labels = None
depends_on = None

FORBID_CHANGE = """
CREATE OR REPLACE FUNCTION settlement.forbid_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$
"""


def upgrade() -> None:
    op.execute("CREATE SCHEMA IF NOT EXISTS settlement")
    op.execute(FORBID_CHANGE)
    op.create_table(
        "agreement_ref",
        sa.Column("no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("terms_sha256", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_agreement_ref")),
        schema="settlement",
    )
    op.create_table(
        "bank_file",
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("new_entries", sa.Integer(), nullable=False),
        sa.Column("imported_by", sa.Text(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('camt.053', 'mt940')", name=op.f("ck_bank_file_kind")),
        sa.PrimaryKeyConstraint("file_id", name=op.f("pk_bank_file")),
        sa.UniqueConstraint("sha256", name=op.f("uq_bank_file_sha256")),
        schema="settlement",
    )
    op.create_table(
        "breakage_estimate",
        sa.Column("no", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("parameters", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_breakage_estimate")),
        sa.UniqueConstraint("effective_from", name=op.f("uq_breakage_estimate_effective_from")),
        schema="settlement",
    )
    op.create_table(
        "clearing_account",
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("iban", sa.Text(), nullable=False),
        sa.Column("bic", sa.Text(), nullable=True),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("mt940_name", sa.Text(), nullable=True),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("currency", name=op.f("pk_clearing_account")),
        sa.UniqueConstraint("iban", name=op.f("uq_clearing_account_iban")),
        sa.UniqueConstraint("mt940_name", name=op.f("uq_clearing_account_mt940_name")),
        schema="settlement",
    )
    op.create_table(
        "currency_policy",
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(mode = 'convert') = (num_nonnulls(method, source) = 2)",
            name=op.f("ck_currency_policy_whole"),
        ),
        sa.CheckConstraint("method IN ('spot', 'mean5')", name=op.f("ck_currency_policy_method")),
        sa.CheckConstraint(
            "mode IN ('per_currency', 'convert')", name=op.f("ck_currency_policy_mode")
        ),
        sa.PrimaryKeyConstraint("effective_from", name=op.f("pk_currency_policy")),
        schema="settlement",
    )
    op.create_table(
        "default_plan",
        sa.Column("plan_sha256", sa.Text(), nullable=False),
        sa.Column("party_no", sa.Integer(), nullable=False),
        sa.Column("document", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("executed_by", sa.Text(), nullable=True),
        sa.Column("executed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("plan_sha256 ~ '^[0-9a-f]{64}$'", name=op.f("ck_default_plan_sha256")),
        sa.CheckConstraint("executed_by <> approved_by", name=op.f("ck_default_plan_two_people")),
        sa.CheckConstraint(
            "executed_by IS NULL OR approved_by IS NOT NULL",
            name=op.f("ck_default_plan_approved_first"),
        ),
        sa.CheckConstraint(
            "num_nulls(approved_by, approved_at) IN (0, 2)", name=op.f("ck_default_plan_approved")
        ),
        sa.CheckConstraint(
            "num_nulls(executed_by, executed_at) IN (0, 2)", name=op.f("ck_default_plan_executed")
        ),
        sa.PrimaryKeyConstraint("plan_sha256", name=op.f("pk_default_plan")),
        schema="settlement",
    )
    op.create_table(
        "dispute",
        sa.Column("dispute_id", sa.Uuid(), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("claimant", sa.Integer(), nullable=False),
        sa.Column("respondent", sa.Integer(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("proposal", postgresql.ARRAY(sa.BigInteger()), nullable=True),
        sa.Column("proposed_by", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column("ruled_by", sa.Text(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(proposal IS NULL) = (proposed_by IS NULL) OR state = 'closed'",
            name=op.f("ck_dispute_proposal"),
        ),
        sa.CheckConstraint(
            "(ruled_by IS NOT NULL) = (closed_by IS NOT DISTINCT FROM 'ruling')",
            name=op.f("ck_dispute_ruled"),
        ),
        sa.CheckConstraint(
            "closed_by IN ('answer', 'no_answer', 'not_escalated', 'ruling', 'withdrawal')",
            name=op.f("ck_dispute_closed_by"),
        ),
        sa.CheckConstraint(
            "num_nulls(outcome, closed_by, closed_at) = CASE state WHEN 'closed' THEN 0 ELSE 3 END",
            name=op.f("ck_dispute_closed"),
        ),
        sa.CheckConstraint(
            "outcome IN ('upheld', 'rejected', 'split', 'withdrawn')",
            name=op.f("ck_dispute_outcome"),
        ),
        sa.CheckConstraint(
            "state IN ('open', 'rejected', 'escalated', 'closed')", name=op.f("ck_dispute_state")
        ),
        sa.CheckConstraint("claimant <> respondent", name=op.f("ck_dispute_two_parties")),
        sa.CheckConstraint("ruled_by <> proposed_by", name=op.f("ck_dispute_two_people")),
        sa.PrimaryKeyConstraint("dispute_id", name=op.f("pk_dispute")),
        schema="settlement",
    )
    op.create_index(
        "ix_dispute_claimant",
        "dispute",
        ["claimant", "dispute_id"],
        unique=False,
        schema="settlement",
    )
    op.create_index(
        "ix_dispute_due_at",
        "dispute",
        ["due_at"],
        unique=False,
        schema="settlement",
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index(
        "ix_dispute_respondent",
        "dispute",
        ["respondent", "dispute_id"],
        unique=False,
        schema="settlement",
    )
    op.create_table(
        "dispute_rules",
        sa.Column("no", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("open_days", sa.Integer(), nullable=False),
        sa.Column("answer_days", sa.Integer(), nullable=False),
        sa.Column("escalate_days", sa.Integer(), nullable=False),
        sa.Column("two_people_micros", sa.BigInteger(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "open_days BETWEEN 1 AND 3660 AND answer_days BETWEEN 1 AND 366 AND escalate_days BETWEEN 1 AND 366 AND two_people_micros >= 0",
            name=op.f("ck_dispute_rules_bounds"),
        ),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_dispute_rules")),
        schema="settlement",
    )
    op.create_table(
        "entry",
        sa.Column("no", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("window_date", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("debtor", sa.Integer(), nullable=False),
        sa.Column("creditor", sa.Integer(), nullable=False),
        sa.Column("amount_micros", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("about", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("business_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('payment', 'interest', 'penalty', 'dispute_withheld', 'dispute_released', 'ruling', 'collateral', 'default_share', 'default_cover', 'conversion')",
            name=op.f("ck_entry_kind"),
        ),
        sa.CheckConstraint("amount_micros > 0", name=op.f("ck_entry_amount")),
        sa.CheckConstraint("debtor <> creditor", name=op.f("ck_entry_two_parties")),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_entry")),
        sa.UniqueConstraint("cause", "kind", "seq", name=op.f("uq_entry_cause_kind_seq")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_entry_entry_id")),
        schema="settlement",
    )
    op.create_index(
        "ix_entry_window_date", "entry", ["window_date"], unique=False, schema="settlement"
    )
    op.create_table(
        "entry_line",
        sa.Column("entry_no", sa.BigInteger(), nullable=False),
        sa.Column("party_no", sa.Integer(), nullable=False),
        sa.Column("window_date", sa.Date(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("line_no", sa.Integer(), nullable=False),
        sa.Column("adjusts_date", sa.Date(), nullable=True),
        sa.Column("adjusts_line", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "(adjusts_date IS NULL) = (adjusts_line IS NULL)", name=op.f("ck_entry_line_adjusts")
        ),
        sa.CheckConstraint(
            "adjusts_date < window_date", name=op.f("ck_entry_line_adjusts_earlier")
        ),
        sa.CheckConstraint("line_no > 0", name=op.f("ck_entry_line_line_no")),
        sa.PrimaryKeyConstraint("entry_no", "party_no", name=op.f("pk_entry_line")),
        sa.UniqueConstraint(
            "window_date",
            "party_no",
            "currency",
            "line_no",
            name=op.f("uq_entry_line_window_date_party_no_currency_line_no"),
        ),
        schema="settlement",
    )
    op.create_table(
        "finance_profile",
        sa.Column("no", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("party_no", sa.Integer(), nullable=False),
        sa.Column("document", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_finance_profile")),
        schema="settlement",
    )
    op.create_index(
        "ix_finance_profile_party_no",
        "finance_profile",
        ["party_no", "no"],
        unique=False,
        schema="settlement",
    )
    op.create_table(
        "fx_quote",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("base", sa.Text(), nullable=False),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.Column("quoted_on", sa.Date(), nullable=False),
        sa.Column("rate", sa.Text(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("base <> quote", name=op.f("ck_fx_quote_two_currencies")),
        sa.CheckConstraint("rate::numeric > 0", name=op.f("ck_fx_quote_positive")),
        sa.PrimaryKeyConstraint("source", "base", "quote", "quoted_on", name=op.f("pk_fx_quote")),
        schema="settlement",
    )
    op.create_table(
        "late_terms",
        sa.Column("party_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("day_count", sa.Text(), nullable=False),
        sa.Column("penalty_micros", sa.BigInteger(), nullable=False),
        sa.Column("penalty_after_days", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "day_count IN ('act/365', 'act/360')", name=op.f("ck_late_terms_day_count")
        ),
        sa.CheckConstraint(
            "penalty_micros >= 0 AND penalty_after_days >= 0",
            name=op.f("ck_late_terms_not_negative"),
        ),
        sa.PrimaryKeyConstraint("party_no", name=op.f("pk_late_terms")),
        schema="settlement",
    )
    op.create_table(
        "line",
        sa.Column("window_date", sa.Date(), nullable=False),
        sa.Column("party_no", sa.Integer(), nullable=False),
        sa.Column("line_no", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("movement_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.SmallInteger(), nullable=False),
        sa.Column("own", sa.Boolean(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("counterparty", sa.Integer(), nullable=True),
        sa.Column("net_micros", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("settlement_micros", sa.BigInteger(), nullable=True),
        sa.Column("adjusts_date", sa.Date(), nullable=True),
        sa.Column("adjusts_line", sa.Integer(), nullable=True),
        sa.Column("adjusts_currency", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(adjusts_date IS NULL) = (adjusts_line IS NULL)", name=op.f("ck_line_adjusts")
        ),
        sa.CheckConstraint(
            "(counterparty IS NULL) = (net_micros = 0)", name=op.f("ck_line_counterparty")
        ),
        sa.CheckConstraint("adjusts_date < window_date", name=op.f("ck_line_adjusts_earlier")),
        sa.CheckConstraint("line_no > 0", name=op.f("ck_line_line_no")),
        sa.CheckConstraint(
            "settlement_micros IS NULL OR currency IS NOT NULL", name=op.f("ck_line_converted")
        ),
        sa.PrimaryKeyConstraint("movement_id", "seq", "party_no", name=op.f("pk_line")),
        schema="settlement",
    )
    op.create_index(
        "ix_line_window_date_party_no",
        "line",
        ["window_date", "party_no"],
        unique=False,
        schema="settlement",
        postgresql_using="brin",
        postgresql_with={"pages_per_range": "16"},
    )
    op.create_table(
        "log",
        sa.Column("log_no", sa.SmallInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("key_since", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("next_public_key", sa.LargeBinary(), nullable=True),
        sa.Column("next_since", sa.BigInteger(), nullable=True),
        sa.Column("handover", sa.LargeBinary(), nullable=True),
        sa.Column("cosignatures_needed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("published_size", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("name ~ '^[a-z][a-z0-9-]{0,39}$'", name=op.f("ck_log_name")),
        sa.CheckConstraint("cosignatures_needed >= 0", name=op.f("ck_log_cosignatures_needed")),
        sa.CheckConstraint(
            "num_nulls(next_public_key, next_since) IN (0, 2) AND COALESCE(octet_length(next_public_key), 32) = 32",
            name=op.f("ck_log_next_key"),
        ),
        sa.CheckConstraint("octet_length(public_key) = 32", name=op.f("ck_log_ed25519_length")),
        sa.PrimaryKeyConstraint("log_no", name=op.f("pk_log")),
        sa.UniqueConstraint("origin", name=op.f("uq_log_origin")),
        schema="settlement",
    )
    op.create_index(
        "ix_log_current",
        "log",
        ["name"],
        unique=True,
        schema="settlement",
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "pair_conversion",
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("a", sa.Integer(), nullable=False),
        sa.Column("b", sa.Integer(), nullable=False),
        sa.Column("net_micros", sa.BigInteger(), nullable=False),
        sa.Column("lines_micros", sa.BigInteger(), nullable=False),
        sa.Column("converted_micros", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("a < b", name=op.f("ck_pair_conversion_ordered")),
        sa.PrimaryKeyConstraint(
            "business_date", "currency", "a", "b", name=op.f("pk_pair_conversion")
        ),
        schema="settlement",
    )
    op.create_table(
        "pair_net",
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("a", sa.Integer(), nullable=False),
        sa.Column("b", sa.Integer(), nullable=False),
        sa.Column("a_receives_micros", sa.BigInteger(), nullable=False),
        sa.Column("a_pays_micros", sa.BigInteger(), nullable=False),
        sa.Column("residue_in_micros", sa.BigInteger(), nullable=False),
        sa.Column("rounded_micros", sa.BigInteger(), nullable=False),
        sa.Column("residue_out_micros", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("a < b", name=op.f("ck_pair_net_ordered")),
        sa.CheckConstraint(
            "residue_in_micros + a_receives_micros - a_pays_micros = rounded_micros + residue_out_micros",
            name=op.f("ck_pair_net_conserved"),
        ),
        sa.PrimaryKeyConstraint("business_date", "currency", "a", "b", name=op.f("pk_pair_net")),
        schema="settlement",
    )
    op.create_table(
        "partner_exit",
        sa.Column("party_no", sa.Integer(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("notice_until", sa.Date(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("party_no", name=op.f("pk_partner_exit")),
        schema="settlement",
    )
    op.create_table(
        "point_flow",
        sa.Column("window_date", sa.Date(), nullable=False),
        sa.Column("issuer", sa.Integer(), nullable=False),
        sa.Column("funder", sa.Integer(), nullable=False),
        sa.Column("funding", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("issued", sa.BigInteger(), nullable=False),
        sa.Column("redeemed", sa.BigInteger(), nullable=False),
        sa.Column("expired", sa.BigInteger(), nullable=False),
        sa.Column("clawed_back", sa.BigInteger(), nullable=False),
        sa.Column("issued_micros", sa.BigInteger(), nullable=False),
        sa.Column("redeemed_micros", sa.BigInteger(), nullable=False),
        sa.Column("expired_micros", sa.BigInteger(), nullable=False),
        sa.Column("clawed_back_micros", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("issued >= 0 AND issued_micros >= 0", name=op.f("ck_point_flow_issued")),
        sa.PrimaryKeyConstraint(
            "window_date",
            "issuer",
            "funder",
            "funding",
            "currency",
            "month",
            name=op.f("pk_point_flow"),
        ),
        schema="settlement",
    )
    op.create_table(
        "point_window",
        sa.Column("window_date", sa.Date(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("window_date", name=op.f("pk_point_window")),
        schema="settlement",
    )
    op.create_table(
        "position",
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("party_no", sa.Integer(), nullable=False),
        sa.Column("exact_micros", sa.BigInteger(), nullable=False),
        sa.Column("rounded_micros", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("business_date", "currency", "party_no", name=op.f("pk_position")),
        schema="settlement",
    )
    op.create_table(
        "release",
        sa.Column("release_id", sa.Uuid(), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("maker", sa.Text(), nullable=False),
        sa.Column("maker_key", sa.Uuid(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proposed_on", sa.Date(), nullable=False),
        sa.Column("approver", sa.Text(), nullable=True),
        sa.Column("approver_key", sa.Uuid(), nullable=True),
        sa.Column("approved_sha256", sa.LargeBinary(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(state = 'approved') = (num_nonnulls(approver, approver_key, approved_sha256) = 3) AND num_nonnulls(approver, approver_key, approved_sha256) IN (0, 3)",
            name=op.f("ck_release_approved"),
        ),
        sa.CheckConstraint(
            "(state = 'proposed') = (decided_at IS NULL)", name=op.f("ck_release_decided")
        ),
        sa.CheckConstraint(
            "(state IN ('withdrawn', 'void')) = (reason IS NOT NULL)",
            name=op.f("ck_release_reason"),
        ),
        sa.CheckConstraint(
            "state IN ('proposed', 'approved', 'withdrawn', 'void')", name=op.f("ck_release_state")
        ),
        sa.CheckConstraint("approved_sha256 = sha256", name=op.f("ck_release_as_proposed")),
        sa.CheckConstraint("approver <> maker", name=op.f("ck_release_two_people")),
        sa.CheckConstraint("sha256 = sha256(document)", name=op.f("ck_release_sha256")),
        sa.PrimaryKeyConstraint("release_id", name=op.f("pk_release")),
        schema="settlement",
    )
    op.create_index(
        "uq_release_living",
        "release",
        ["business_date"],
        unique=True,
        schema="settlement",
        postgresql_where=sa.text("state IN ('proposed', 'approved')"),
    )
    op.create_table(
        "statement",
        sa.Column("statement_id", sa.Uuid(), nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("party_no", sa.Integer(), nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("previous_id", sa.Uuid(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("opening_micros", sa.BigInteger(), nullable=False),
        sa.Column("net_micros", sa.BigInteger(), nullable=False),
        sa.Column("closing_micros", sa.BigInteger(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("entry_lines", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rounding_lines", sa.Integer(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("merkle_root", sa.Text(), nullable=True),
        sa.Column("path", sa.Text(), nullable=True),
        sa.Column("bytes", sa.BigInteger(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(no = 1) = (previous_id IS NULL)", name=op.f("ck_statement_first")),
        sa.CheckConstraint(
            "closing_micros = opening_micros + net_micros", name=op.f("ck_statement_continuous")
        ),
        sa.CheckConstraint("no >= 1", name=op.f("ck_statement_no")),
        sa.CheckConstraint(
            "num_nulls(issued_at, sha256, merkle_root, path, bytes) IN (0, 5)",
            name=op.f("ck_statement_whole"),
        ),
        sa.CheckConstraint(
            "published_at IS NULL OR issued_at IS NOT NULL", name=op.f("ck_statement_published")
        ),
        sa.PrimaryKeyConstraint("statement_id", name=op.f("pk_statement")),
        sa.UniqueConstraint(
            "business_date",
            "party_no",
            "currency",
            name=op.f("uq_statement_business_date_party_no_currency"),
        ),
        sa.UniqueConstraint(
            "party_no", "currency", "no", name=op.f("uq_statement_party_no_currency_no")
        ),
        sa.UniqueConstraint("public_id", name=op.f("uq_statement_public_id")),
        schema="settlement",
    )
    op.create_index(
        "ix_statement_planned",
        "statement",
        ["business_date"],
        unique=False,
        schema="settlement",
        postgresql_where=sa.text("issued_at IS NULL"),
    )
    op.create_table(
        "step_failure",
        sa.Column("no", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_step_failure")),
        schema="settlement",
    )
    op.create_index(
        "ix_step_failure_business_date",
        "step_failure",
        ["business_date"],
        unique=False,
        schema="settlement",
    )
    op.create_table(
        "step_run",
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint(
            "step IN ('expire_holds', 'activate_points', 'expire_lots', 'close', 'charge', 'disputes', 'net', 'issue', 'log', 'publish')",
            name=op.f("ck_step_run_step"),
        ),
        sa.PrimaryKeyConstraint("business_date", "step", name=op.f("pk_step_run")),
        schema="settlement",
    )
    op.create_table(
        "window_rate",
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("clearing", sa.Text(), nullable=False),
        sa.Column("scaled", sa.BigInteger(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("quoted_on", sa.ARRAY(sa.Date()), nullable=False),
        sa.CheckConstraint("scaled >= 0", name=op.f("ck_window_rate_scaled")),
        sa.PrimaryKeyConstraint("business_date", "currency", name=op.f("pk_window_rate")),
        schema="settlement",
    )
    op.create_table(
        "acceptance",
        sa.Column("statement_id", sa.Uuid(), nullable=False),
        sa.Column("party_no", sa.Integer(), nullable=False),
        sa.Column("key_id", sa.Uuid(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "octet_length(signature) = 64", name=op.f("ck_acceptance_signature_length")
        ),
        sa.ForeignKeyConstraint(
            ["statement_id"],
            ["settlement.statement.statement_id"],
            name=op.f("fk_acceptance_statement_id"),
        ),
        sa.PrimaryKeyConstraint("statement_id", name=op.f("pk_acceptance")),
        schema="settlement",
    )
    op.create_table(
        "bank_entry",
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("content_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("value_on", sa.Date(), nullable=False),
        sa.Column("amount_micros", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("credit", sa.Boolean(), nullable=False),
        sa.Column("end_to_end", sa.Text(), nullable=False),
        sa.Column("bank_reference", sa.Text(), nullable=False),
        sa.Column("counterparty_name", sa.Text(), nullable=False),
        sa.Column("counterparty_iban", sa.Text(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("party_no", sa.Integer(), nullable=True),
        sa.Column("how", sa.Text(), nullable=True),
        sa.Column("matched_by", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("matched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rest_micros", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(how IS NOT NULL AND how IN ('person', 'aside')) = (matched_by IS NOT NULL) AND (matched_by IS NULL) = (reason IS NULL)",
            name=op.f("ck_bank_entry_by_person"),
        ),
        sa.CheckConstraint(
            "(party_no IS NULL) = (how IS NULL OR how = 'aside')", name=op.f("ck_bank_entry_party")
        ),
        sa.CheckConstraint(
            "how IN ('reference', 'amount', 'person', 'aside')", name=op.f("ck_bank_entry_how")
        ),
        sa.CheckConstraint(
            "(how IS NULL) = (matched_at IS NULL)", name=op.f("ck_bank_entry_matched")
        ),
        sa.CheckConstraint("amount_micros > 0", name=op.f("ck_bank_entry_amount")),
        sa.CheckConstraint(
            "rest_micros BETWEEN 0 AND amount_micros", name=op.f("ck_bank_entry_rest")
        ),
        sa.ForeignKeyConstraint(
            ["file_id"], ["settlement.bank_file.file_id"], name=op.f("fk_bank_entry_file_id")
        ),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_bank_entry")),
        sa.UniqueConstraint("account", "key", name=op.f("uq_bank_entry_account_key")),
        schema="settlement",
    )
    op.create_index(
        "ix_bank_entry_on_account",
        "bank_entry",
        ["party_no", "currency"],
        unique=False,
        schema="settlement",
        postgresql_where=sa.text("party_no IS NOT NULL AND rest_micros > 0"),
    )
    op.create_index(
        "ix_bank_entry_unmatched",
        "bank_entry",
        ["booked_on"],
        unique=False,
        schema="settlement",
        postgresql_where=sa.text("how IS NULL"),
    )
    op.create_table(
        "breakage_cohort",
        sa.Column("estimate_no", sa.Integer(), nullable=False),
        sa.Column("issuer", sa.Integer(), nullable=False),
        sa.Column("funding", sa.Text(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("issued", sa.BigInteger(), nullable=False),
        sa.Column("redeemed", sa.BigInteger(), nullable=False),
        sa.Column("expired", sa.BigInteger(), nullable=False),
        sa.Column("clawed_back", sa.BigInteger(), nullable=False),
        sa.Column("outstanding", sa.BigInteger(), nullable=False),
        sa.Column("expected_redeemed", sa.BigInteger(), nullable=False),
        sa.Column("expected_clawed_back", sa.BigInteger(), nullable=False),
        sa.Column("expected_breakage", sa.BigInteger(), nullable=False),
        sa.Column("breakage_ppm", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "breakage_ppm BETWEEN 0 AND 1000000", name=op.f("ck_breakage_cohort_share")
        ),
        sa.CheckConstraint(
            "outstanding = expected_redeemed + expected_clawed_back + expected_breakage",
            name=op.f("ck_breakage_cohort_conserved"),
        ),
        sa.ForeignKeyConstraint(
            ["estimate_no"],
            ["settlement.breakage_estimate.no"],
            name=op.f("fk_breakage_cohort_estimate_no"),
        ),
        sa.PrimaryKeyConstraint(
            "estimate_no", "issuer", "funding", "month", name=op.f("pk_breakage_cohort")
        ),
        schema="settlement",
    )
    op.create_table(
        "breakage_segment",
        sa.Column("estimate_no", sa.Integer(), nullable=False),
        sa.Column("issuer", sa.Integer(), nullable=False),
        sa.Column("funding", sa.Text(), nullable=False),
        sa.Column("new_ppm", sa.Integer(), nullable=False),
        sa.CheckConstraint("new_ppm BETWEEN 0 AND 1000000", name=op.f("ck_breakage_segment_share")),
        sa.ForeignKeyConstraint(
            ["estimate_no"],
            ["settlement.breakage_estimate.no"],
            name=op.f("fk_breakage_segment_estimate_no"),
        ),
        sa.PrimaryKeyConstraint(
            "estimate_no", "issuer", "funding", name=op.f("pk_breakage_segment")
        ),
        schema="settlement",
    )
    op.create_table(
        "dispute_event",
        sa.Column("no", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("dispute_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("party", sa.Integer(), nullable=True),
        sa.Column("person", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=True),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('opened', 'accepted', 'rejected', 'escalated', 'withdrawn', 'proposed', 'ruled', 'lapsed')",
            name=op.f("ck_dispute_event_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["dispute_id"],
            ["settlement.dispute.dispute_id"],
            name=op.f("fk_dispute_event_dispute_id"),
        ),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_dispute_event")),
        schema="settlement",
    )
    op.create_index(
        "ix_dispute_event_dispute_id",
        "dispute_event",
        ["dispute_id", "no"],
        unique=False,
        schema="settlement",
    )
    op.create_table(
        "dispute_evidence",
        sa.Column("dispute_id", sa.Uuid(), nullable=False),
        sa.Column("no", sa.SmallInteger(), nullable=False),
        sa.Column("party", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "num_nulls(content, reference) = 1", name=op.f("ck_dispute_evidence_either")
        ),
        sa.CheckConstraint("octet_length(sha256) = 32", name=op.f("ck_dispute_evidence_sha256")),
        sa.CheckConstraint("sha256 = sha256(content)", name=op.f("ck_dispute_evidence_as_stated")),
        sa.ForeignKeyConstraint(
            ["dispute_id"],
            ["settlement.dispute.dispute_id"],
            name=op.f("fk_dispute_evidence_dispute_id"),
        ),
        sa.PrimaryKeyConstraint("dispute_id", "no", name=op.f("pk_dispute_evidence")),
        schema="settlement",
    )
    op.create_table(
        "dispute_line",
        sa.Column("dispute_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.SmallInteger(), nullable=False),
        sa.Column("claimant_line", sa.Integer(), nullable=False),
        sa.Column("respondent_line", sa.Integer(), nullable=False),
        sa.Column("movement_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("debtor", sa.Integer(), nullable=False),
        sa.Column("creditor", sa.Integer(), nullable=False),
        sa.Column("line_micros", sa.BigInteger(), nullable=False),
        sa.Column("withheld_micros", sa.BigInteger(), nullable=False),
        sa.Column("upheld_micros", sa.BigInteger(), nullable=True),
        sa.Column("rejected_micros", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "num_nulls(upheld_micros, rejected_micros) IN (0, 2) AND upheld_micros >= 0 AND rejected_micros >= 0 AND upheld_micros + rejected_micros = withheld_micros",
            name=op.f("ck_dispute_line_one_outcome"),
        ),
        sa.CheckConstraint(
            "withheld_micros BETWEEN 1 AND line_micros", name=op.f("ck_dispute_line_in_part")
        ),
        sa.ForeignKeyConstraint(
            ["dispute_id"],
            ["settlement.dispute.dispute_id"],
            name=op.f("fk_dispute_line_dispute_id"),
        ),
        sa.PrimaryKeyConstraint("dispute_id", "place", name=op.f("pk_dispute_line")),
        sa.UniqueConstraint("movement_id", "seq", name=op.f("uq_dispute_line_movement_id_seq")),
        schema="settlement",
    )
    op.create_table(
        "exit_run_off",
        sa.Column("party_no", sa.Integer(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("liability_micros", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "liability_micros >= 0 AND points >= 0", name=op.f("ck_exit_run_off_not_negative")
        ),
        sa.ForeignKeyConstraint(
            ["party_no"],
            ["settlement.partner_exit.party_no"],
            name=op.f("fk_exit_run_off_party_no"),
        ),
        sa.PrimaryKeyConstraint("party_no", "currency", name=op.f("pk_exit_run_off")),
        schema="settlement",
    )
    op.create_table(
        "log_checkpoint",
        sa.Column("log_no", sa.SmallInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("octet_length(root) = 32", name=op.f("ck_log_checkpoint_root_length")),
        sa.CheckConstraint("size > 0", name=op.f("ck_log_checkpoint_size")),
        sa.ForeignKeyConstraint(
            ["log_no"], ["settlement.log.log_no"], name=op.f("fk_log_checkpoint_log_no")
        ),
        sa.PrimaryKeyConstraint("log_no", "size", name=op.f("pk_log_checkpoint")),
        schema="settlement",
    )
    op.create_index(
        "ix_log_checkpoint_business_date",
        "log_checkpoint",
        ["log_no", "business_date"],
        unique=False,
        schema="settlement",
    )
    op.create_table(
        "log_conflict",
        sa.Column("no", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("log_no", sa.SmallInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.Column("reported_by", sa.Integer(), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["log_no"], ["settlement.log.log_no"], name=op.f("fk_log_conflict_log_no")
        ),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_log_conflict")),
        sa.UniqueConstraint(
            "log_no", "size", "root", name=op.f("uq_log_conflict_log_no_size_root")
        ),
        schema="settlement",
    )
    op.create_table(
        "log_record",
        sa.Column("log_no", sa.SmallInteger(), nullable=False),
        sa.Column("leaf_no", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=True),
        sa.Column("appended_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("leaf_no >= 0", name=op.f("ck_log_record_leaf_no")),
        sa.CheckConstraint(
            "octet_length(content) BETWEEN 1 AND 65535", name=op.f("ck_log_record_content_length")
        ),
        sa.ForeignKeyConstraint(
            ["log_no"], ["settlement.log.log_no"], name=op.f("fk_log_record_log_no")
        ),
        sa.PrimaryKeyConstraint("log_no", "leaf_no", name=op.f("pk_log_record")),
        sa.UniqueConstraint(
            "log_no", "kind", "subject", name=op.f("uq_log_record_log_no_kind_subject")
        ),
        schema="settlement",
    )
    op.create_index(
        "ix_log_record_business_date",
        "log_record",
        ["log_no", "business_date", "leaf_no"],
        unique=False,
        schema="settlement",
        postgresql_where=sa.text("business_date IS NOT NULL"),
    )
    op.create_table(
        "log_tile",
        sa.Column("log_no", sa.SmallInteger(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("tile_no", sa.BigInteger(), nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "octet_length(hashes) BETWEEN 32 AND 8192 AND (octet_length(hashes) & 31) = 0",
            name=op.f("ck_log_tile_hashes_length"),
        ),
        sa.ForeignKeyConstraint(
            ["log_no"], ["settlement.log.log_no"], name=op.f("fk_log_tile_log_no")
        ),
        sa.PrimaryKeyConstraint("log_no", "level", "tile_no", name=op.f("pk_log_tile")),
        schema="settlement",
    )
    op.create_table(
        "payment_file",
        sa.Column("release_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("sha256 = sha256(content)", name=op.f("ck_payment_file_sha256")),
        sa.ForeignKeyConstraint(
            ["release_id"],
            ["settlement.release.release_id"],
            name=op.f("fk_payment_file_release_id"),
        ),
        sa.PrimaryKeyConstraint("release_id", name=op.f("pk_payment_file")),
        sa.UniqueConstraint("message_id", name=op.f("uq_payment_file_message_id")),
        schema="settlement",
    )
    op.create_table(
        "payment_item",
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("release_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("party_no", sa.Integer(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("amount_micros", sa.BigInteger(), nullable=False),
        sa.Column("paid_micros", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("instructed_micros", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("released_on", sa.Date(), nullable=False),
        sa.Column("due_date", sa.Date(), nullable=False),
        sa.Column("collect_iban", sa.Text(), nullable=True),
        sa.Column("collect_bic", sa.Text(), nullable=True),
        sa.Column("collect_holder", sa.Text(), nullable=True),
        sa.Column("interest_ppm", sa.Integer(), nullable=False),
        sa.Column("day_count", sa.Text(), nullable=False),
        sa.Column("penalty_micros", sa.BigInteger(), nullable=False),
        sa.Column("penalty_after_days", sa.Integer(), nullable=False),
        sa.Column("interest_posted_micros", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("penalty_posted", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("accruing", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "direction IN ('collect', 'pay')", name=op.f("ck_payment_item_direction")
        ),
        sa.CheckConstraint(
            "instructed_micros BETWEEN 0 AND CASE direction WHEN 'pay' THEN amount_micros ELSE 0 END",
            name=op.f("ck_payment_item_instructed"),
        ),
        sa.CheckConstraint(
            "num_nonnulls(collect_iban, collect_holder) IN (0, 2) AND (direction = 'collect' OR collect_iban IS NULL)",
            name=op.f("ck_payment_item_collect_at"),
        ),
        sa.CheckConstraint("amount_micros > 0", name=op.f("ck_payment_item_amount")),
        sa.CheckConstraint(
            "paid_micros BETWEEN 0 AND amount_micros", name=op.f("ck_payment_item_paid")
        ),
        sa.ForeignKeyConstraint(
            ["release_id"],
            ["settlement.release.release_id"],
            name=op.f("fk_payment_item_release_id"),
        ),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_payment_item")),
        sa.UniqueConstraint(
            "business_date",
            "party_no",
            "currency",
            name=op.f("uq_payment_item_business_date_party_no_currency"),
        ),
        sa.UniqueConstraint("reference", name=op.f("uq_payment_item_reference")),
        schema="settlement",
    )
    op.create_index(
        "ix_payment_item_accruing",
        "payment_item",
        ["due_date"],
        unique=False,
        schema="settlement",
        postgresql_where=sa.text("accruing"),
    )
    op.create_index(
        "ix_payment_item_open",
        "payment_item",
        ["currency", "party_no"],
        unique=False,
        schema="settlement",
        postgresql_where=sa.text("paid_micros < amount_micros"),
    )
    op.create_index(
        "ix_payment_item_party_no_business_date",
        "payment_item",
        ["party_no", "business_date"],
        unique=False,
        schema="settlement",
    )
    op.create_table(
        "pdf_acceptance",
        sa.Column("statement_id", sa.Uuid(), nullable=False),
        sa.Column("party_no", sa.Integer(), nullable=False),
        sa.Column("added", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("certificate", sa.LargeBinary(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name=op.f("ck_pdf_acceptance_sha256")),
        sa.ForeignKeyConstraint(
            ["statement_id"],
            ["settlement.statement.statement_id"],
            name=op.f("fk_pdf_acceptance_statement_id"),
        ),
        sa.PrimaryKeyConstraint("statement_id", name=op.f("pk_pdf_acceptance")),
        schema="settlement",
    )
    op.create_table(
        "without_timestamp",
        sa.Column("statement_id", sa.Uuid(), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["statement_id"],
            ["settlement.statement.statement_id"],
            name=op.f("fk_without_timestamp_statement_id"),
        ),
        sa.PrimaryKeyConstraint("statement_id", name=op.f("pk_without_timestamp")),
        schema="settlement",
    )
    op.create_index(
        "ix_without_timestamp_business_date",
        "without_timestamp",
        ["business_date"],
        unique=False,
        schema="settlement",
    )
    op.create_table(
        "allocation",
        sa.Column("no", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("micros", sa.BigInteger(), nullable=False),
        sa.Column("allocated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("micros <> 0", name=op.f("ck_allocation_micros")),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["settlement.bank_entry.entry_id"], name=op.f("fk_allocation_entry_id")
        ),
        sa.ForeignKeyConstraint(
            ["item_id"], ["settlement.payment_item.item_id"], name=op.f("fk_allocation_item_id")
        ),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_allocation")),
        schema="settlement",
    )
    op.create_index(
        "ix_allocation_entry_id", "allocation", ["entry_id"], unique=False, schema="settlement"
    )
    op.create_index(
        "ix_allocation_item_id", "allocation", ["item_id"], unique=False, schema="settlement"
    )
    op.create_table(
        "log_cosignature",
        sa.Column("log_no", sa.SmallInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("key_id", sa.Uuid(), nullable=False),
        sa.Column("party_no", sa.Integer(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("cosigned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["log_no", "size"],
            ["settlement.log_checkpoint.log_no", "settlement.log_checkpoint.size"],
            name=op.f("fk_log_cosignature_log_no_size"),
        ),
        sa.PrimaryKeyConstraint("log_no", "size", "key_id", name=op.f("pk_log_cosignature")),
        schema="settlement",
    )
    op.create_table(
        "payment_instruction",
        sa.Column("release_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("amount_micros", sa.BigInteger(), nullable=False),
        sa.Column("from_iban", sa.Text(), nullable=False),
        sa.Column("from_bic", sa.Text(), nullable=True),
        sa.Column("from_holder", sa.Text(), nullable=False),
        sa.Column("to_iban", sa.Text(), nullable=False),
        sa.Column("to_bic", sa.Text(), nullable=True),
        sa.Column("to_holder", sa.Text(), nullable=False),
        sa.Column("execute_on", sa.Date(), nullable=False),
        sa.CheckConstraint("amount_micros > 0", name=op.f("ck_payment_instruction_amount")),
        sa.ForeignKeyConstraint(
            ["item_id"],
            ["settlement.payment_item.item_id"],
            name=op.f("fk_payment_instruction_item_id"),
        ),
        sa.ForeignKeyConstraint(
            ["release_id"],
            ["settlement.release.release_id"],
            name=op.f("fk_payment_instruction_release_id"),
        ),
        sa.PrimaryKeyConstraint("release_id", "item_id", name=op.f("pk_payment_instruction")),
        schema="settlement",
    )
    op.create_table(
        "set_off",
        sa.Column("no", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("release_id", sa.Uuid(), nullable=False),
        sa.Column("pay_item_id", sa.Uuid(), nullable=False),
        sa.Column("collect_item_id", sa.Uuid(), nullable=False),
        sa.Column("micros", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("micros > 0", name=op.f("ck_set_off_micros")),
        sa.ForeignKeyConstraint(
            ["collect_item_id"],
            ["settlement.payment_item.item_id"],
            name=op.f("fk_set_off_collect_item_id"),
        ),
        sa.ForeignKeyConstraint(
            ["pay_item_id"],
            ["settlement.payment_item.item_id"],
            name=op.f("fk_set_off_pay_item_id"),
        ),
        sa.ForeignKeyConstraint(
            ["release_id"], ["settlement.release.release_id"], name=op.f("fk_set_off_release_id")
        ),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_set_off")),
        sa.UniqueConstraint(
            "release_id",
            "pay_item_id",
            "collect_item_id",
            name=op.f("uq_set_off_release_id_pay_item_id_collect_item_id"),
        ),
        schema="settlement",
    )
    op.create_index(
        "ix_set_off_collect_item_id",
        "set_off",
        ["collect_item_id"],
        unique=False,
        schema="settlement",
    )
    op.create_index(
        "ix_set_off_pay_item_id", "set_off", ["pay_item_id"], unique=False, schema="settlement"
    )
    op.execute(
        "CREATE TRIGGER acceptance_append_only "
        "BEFORE UPDATE OR DELETE ON settlement.acceptance FOR EACH STATEMENT EXECUTE FUNCTION settlement.forbid_change()"
    )
    op.execute(
        "CREATE TRIGGER pdf_acceptance_append_only "
        "BEFORE UPDATE OR DELETE ON settlement.pdf_acceptance FOR EACH STATEMENT EXECUTE FUNCTION settlement.forbid_change()"
    )
    op.execute(
        "CREATE TRIGGER point_window_append_only "
        "BEFORE UPDATE OR DELETE ON settlement.point_window FOR EACH STATEMENT EXECUTE FUNCTION settlement.forbid_change()"
    )
    op.execute(
        "CREATE TRIGGER point_flow_append_only "
        "BEFORE UPDATE OR DELETE ON settlement.point_flow FOR EACH STATEMENT EXECUTE FUNCTION settlement.forbid_change()"
    )
    op.execute(
        "CREATE TRIGGER breakage_estimate_append_only "
        "BEFORE UPDATE OR DELETE ON settlement.breakage_estimate FOR EACH STATEMENT EXECUTE FUNCTION settlement.forbid_change()"
    )
    op.execute(
        "CREATE TRIGGER breakage_cohort_append_only "
        "BEFORE UPDATE OR DELETE ON settlement.breakage_cohort FOR EACH STATEMENT EXECUTE FUNCTION settlement.forbid_change()"
    )
    op.execute(
        "CREATE TRIGGER breakage_segment_append_only "
        "BEFORE UPDATE OR DELETE ON settlement.breakage_segment FOR EACH STATEMENT EXECUTE FUNCTION settlement.forbid_change()"
    )
    op.execute(
        "CREATE TRIGGER fx_quote_append_only "
        "BEFORE UPDATE OR DELETE ON settlement.fx_quote FOR EACH STATEMENT EXECUTE FUNCTION settlement.forbid_change()"
    )
    op.execute(
        "CREATE TRIGGER currency_policy_append_only "
        "BEFORE UPDATE OR DELETE ON settlement.currency_policy FOR EACH STATEMENT EXECUTE FUNCTION settlement.forbid_change()"
    )
    op.execute(
        "CREATE TRIGGER window_rate_append_only "
        "BEFORE UPDATE OR DELETE ON settlement.window_rate FOR EACH STATEMENT EXECUTE FUNCTION settlement.forbid_change()"
    )
    op.execute(
        "CREATE TRIGGER pair_conversion_append_only "
        "BEFORE UPDATE OR DELETE ON settlement.pair_conversion FOR EACH STATEMENT EXECUTE FUNCTION settlement.forbid_change()"
    )
    op.execute(
        "CREATE TRIGGER dispute_event_append_only "
        "BEFORE UPDATE OR DELETE ON settlement.dispute_event FOR EACH STATEMENT EXECUTE FUNCTION settlement.forbid_change()"
    )
    op.execute(
        "CREATE TRIGGER dispute_evidence_append_only "
        "BEFORE UPDATE OR DELETE ON settlement.dispute_evidence FOR EACH STATEMENT EXECUTE FUNCTION settlement.forbid_change()"
    )
    op.execute(
        "CREATE TRIGGER dispute_rules_append_only "
        "BEFORE UPDATE OR DELETE ON settlement.dispute_rules FOR EACH STATEMENT EXECUTE FUNCTION settlement.forbid_change()"
    )
    op.execute(
        "CREATE TRIGGER entry_append_only "
        "BEFORE UPDATE OR DELETE ON settlement.entry FOR EACH STATEMENT EXECUTE FUNCTION settlement.forbid_change()"
    )
    op.execute(
        "CREATE TRIGGER log_record_append_only "
        "BEFORE UPDATE OR DELETE ON settlement.log_record FOR EACH STATEMENT EXECUTE FUNCTION settlement.forbid_change()"
    )
    op.execute(
        "CREATE TRIGGER log_checkpoint_append_only "
        "BEFORE UPDATE OR DELETE ON settlement.log_checkpoint FOR EACH STATEMENT EXECUTE FUNCTION settlement.forbid_change()"
    )
    op.execute(
        "CREATE TRIGGER log_cosignature_append_only "
        "BEFORE UPDATE OR DELETE ON settlement.log_cosignature FOR EACH STATEMENT EXECUTE FUNCTION settlement.forbid_change()"
    )
    op.execute(
        "CREATE TRIGGER log_conflict_append_only "
        "BEFORE UPDATE OR DELETE ON settlement.log_conflict FOR EACH STATEMENT EXECUTE FUNCTION settlement.forbid_change()"
    )
    op.execute(
        "CREATE TRIGGER payment_instruction_append_only "
        "BEFORE UPDATE OR DELETE ON settlement.payment_instruction FOR EACH STATEMENT EXECUTE FUNCTION settlement.forbid_change()"
    )
    op.execute(
        "CREATE TRIGGER payment_file_append_only "
        "BEFORE UPDATE OR DELETE ON settlement.payment_file FOR EACH STATEMENT EXECUTE FUNCTION settlement.forbid_change()"
    )
    op.execute(
        "CREATE TRIGGER bank_file_append_only "
        "BEFORE UPDATE OR DELETE ON settlement.bank_file FOR EACH STATEMENT EXECUTE FUNCTION settlement.forbid_change()"
    )
    op.execute(
        "CREATE TRIGGER allocation_append_only "
        "BEFORE UPDATE OR DELETE ON settlement.allocation FOR EACH STATEMENT EXECUTE FUNCTION settlement.forbid_change()"
    )
    op.execute(
        "CREATE TRIGGER set_off_append_only "
        "BEFORE UPDATE OR DELETE ON settlement.set_off FOR EACH STATEMENT EXECUTE FUNCTION settlement.forbid_change()"
    )
    op.execute(
        "CREATE TRIGGER exit_run_off_append_only "
        "BEFORE UPDATE OR DELETE ON settlement.exit_run_off FOR EACH STATEMENT EXECUTE FUNCTION settlement.forbid_change()"
    )
    op.execute(
        "CREATE TRIGGER finance_profile_append_only "
        "BEFORE UPDATE OR DELETE ON settlement.finance_profile FOR EACH STATEMENT EXECUTE FUNCTION settlement.forbid_change()"
    )


def downgrade() -> None:
    op.drop_index("ix_set_off_pay_item_id", table_name="set_off", schema="settlement")
    op.drop_index("ix_set_off_collect_item_id", table_name="set_off", schema="settlement")
    op.drop_table("set_off", schema="settlement")
    op.drop_table("payment_instruction", schema="settlement")
    op.drop_table("log_cosignature", schema="settlement")
    op.drop_index("ix_allocation_item_id", table_name="allocation", schema="settlement")
    op.drop_index("ix_allocation_entry_id", table_name="allocation", schema="settlement")
    op.drop_table("allocation", schema="settlement")
    op.drop_index(
        "ix_without_timestamp_business_date", table_name="without_timestamp", schema="settlement"
    )
    op.drop_table("without_timestamp", schema="settlement")
    op.drop_table("pdf_acceptance", schema="settlement")
    op.drop_index(
        "ix_payment_item_party_no_business_date", table_name="payment_item", schema="settlement"
    )
    op.drop_index(
        "ix_payment_item_open",
        table_name="payment_item",
        schema="settlement",
        postgresql_where=sa.text("paid_micros < amount_micros"),
    )
    op.drop_index(
        "ix_payment_item_accruing",
        table_name="payment_item",
        schema="settlement",
        postgresql_where=sa.text("accruing"),
    )
    op.drop_table("payment_item", schema="settlement")
    op.drop_table("payment_file", schema="settlement")
    op.drop_table("log_tile", schema="settlement")
    op.drop_index(
        "ix_log_record_business_date",
        table_name="log_record",
        schema="settlement",
        postgresql_where=sa.text("business_date IS NOT NULL"),
    )
    op.drop_table("log_record", schema="settlement")
    op.drop_table("log_conflict", schema="settlement")
    op.drop_index(
        "ix_log_checkpoint_business_date", table_name="log_checkpoint", schema="settlement"
    )
    op.drop_table("log_checkpoint", schema="settlement")
    op.drop_table("exit_run_off", schema="settlement")
    op.drop_table("dispute_line", schema="settlement")
    op.drop_table("dispute_evidence", schema="settlement")
    op.drop_index("ix_dispute_event_dispute_id", table_name="dispute_event", schema="settlement")
    op.drop_table("dispute_event", schema="settlement")
    op.drop_table("breakage_segment", schema="settlement")
    op.drop_table("breakage_cohort", schema="settlement")
    op.drop_index(
        "ix_bank_entry_unmatched",
        table_name="bank_entry",
        schema="settlement",
        postgresql_where=sa.text("how IS NULL"),
    )
    op.drop_index(
        "ix_bank_entry_on_account",
        table_name="bank_entry",
        schema="settlement",
        postgresql_where=sa.text("party_no IS NOT NULL AND rest_micros > 0"),
    )
    op.drop_table("bank_entry", schema="settlement")
    op.drop_table("acceptance", schema="settlement")
    op.drop_table("window_rate", schema="settlement")
    op.drop_table("step_run", schema="settlement")
    op.drop_index("ix_step_failure_business_date", table_name="step_failure", schema="settlement")
    op.drop_table("step_failure", schema="settlement")
    op.drop_index(
        "ix_statement_planned",
        table_name="statement",
        schema="settlement",
        postgresql_where=sa.text("issued_at IS NULL"),
    )
    op.drop_table("statement", schema="settlement")
    op.drop_index(
        "uq_release_living",
        table_name="release",
        schema="settlement",
        postgresql_where=sa.text("state IN ('proposed', 'approved')"),
    )
    op.drop_table("release", schema="settlement")
    op.drop_table("position", schema="settlement")
    op.drop_table("point_window", schema="settlement")
    op.drop_table("point_flow", schema="settlement")
    op.drop_table("partner_exit", schema="settlement")
    op.drop_table("pair_net", schema="settlement")
    op.drop_table("pair_conversion", schema="settlement")
    op.drop_index(
        "ix_log_current",
        table_name="log",
        schema="settlement",
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.drop_table("log", schema="settlement")
    op.drop_index(
        "ix_line_window_date_party_no",
        table_name="line",
        schema="settlement",
        postgresql_using="brin",
        postgresql_with={"pages_per_range": "16"},
    )
    op.drop_table("line", schema="settlement")
    op.drop_table("late_terms", schema="settlement")
    op.drop_table("fx_quote", schema="settlement")
    op.drop_index("ix_finance_profile_party_no", table_name="finance_profile", schema="settlement")
    op.drop_table("finance_profile", schema="settlement")
    op.drop_table("entry_line", schema="settlement")
    op.drop_index("ix_entry_window_date", table_name="entry", schema="settlement")
    op.drop_table("entry", schema="settlement")
    op.drop_table("dispute_rules", schema="settlement")
    op.drop_index("ix_dispute_respondent", table_name="dispute", schema="settlement")
    op.drop_index(
        "ix_dispute_due_at",
        table_name="dispute",
        schema="settlement",
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.drop_index("ix_dispute_claimant", table_name="dispute", schema="settlement")
    op.drop_table("dispute", schema="settlement")
    op.drop_table("default_plan", schema="settlement")
    op.drop_table("currency_policy", schema="settlement")
    op.drop_table("clearing_account", schema="settlement")
    op.drop_table("breakage_estimate", schema="settlement")
    op.drop_table("bank_file", schema="settlement")
    op.drop_table("agreement_ref", schema="settlement")
    op.execute("DROP FUNCTION settlement.forbid_change")
    op.execute("DROP SCHEMA settlement")
