"""The ledger: balances, lots, movements, obligations, debts, windows, exposure.

Every table of points carries `account_id` in its key. Movement and obligation are append-only
(a trigger forbids the rest). There are no foreign keys on the way of a posting: each would cost a
look-up and a row lock; `coalition ledger check` proves over the whole database what they would.
BRIN indexes suffice for windows, because rows of one window are written next to each other.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Date,
    DateTime,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)

from coalition.db.schema import metadata, one_of

balance = Table(
    "balance",
    metadata,
    Column("account_id", Uuid, primary_key=True),
    # False once the account is closed: nothing more is posted to it.
    Column("open", Boolean, nullable=False, server_default="true"),
    # The member's state as far as postings must know it, checked under the balance's own lock.
    Column("frozen", Boolean, nullable=False, server_default="false"),
    Column("spend_locked", Boolean, nullable=False, server_default="false"),
    Column("active", BigInteger, nullable=False, server_default="0"),
    Column("pending", BigInteger, nullable=False, server_default="0"),
    Column("held", BigInteger, nullable=False, server_default="0"),
    Column("debt", BigInteger, nullable=False, server_default="0"),
    # Grows with every change: what was computed from an older one is not written.
    Column("version", BigInteger, nullable=False, server_default="0"),
    CheckConstraint("least(active, pending, held, debt) >= 0", name="not_negative"),
    postgresql_with={"fillfactor": "70"},
)

lot = Table(
    "lot",
    metadata,
    Column("account_id", Uuid, nullable=False),
    Column("lot_id", Uuid, nullable=False),
    Column("issuer", Integer, nullable=False),
    Column("funder", Integer, nullable=False),
    Column("funding", Text, nullable=False),
    Column("issue_price_micros", BigInteger, nullable=False),
    Column("redemption_price_micros", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("agreement_no", Integer, nullable=False),
    Column("sale_id", Uuid),
    Column("campaign", Text),
    Column("qualifying_points", BigInteger, nullable=False, server_default="0"),
    Column("granted", BigInteger, nullable=False),
    Column("pending", BigInteger, nullable=False, server_default="0"),
    Column("active", BigInteger, nullable=False, server_default="0"),
    Column("held", BigInteger, nullable=False, server_default="0"),
    Column("spent", BigInteger, nullable=False, server_default="0"),
    Column("expired", BigInteger, nullable=False, server_default="0"),
    Column("clawed_back", BigInteger, nullable=False, server_default="0"),
    Column("taken", BigInteger, nullable=False, server_default="0"),
    Column("occurred_at", DateTime(timezone=True), nullable=False),
    Column("posted_at", DateTime(timezone=True), nullable=False),
    Column("activates_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("blocked", Boolean, nullable=False, server_default="false"),
    # Kept apart from the counts so that an update which does not flip them stays heap-only.
    Column("is_open", Boolean, Computed("pending + active + held > 0", persisted=True)),
    Column("is_pending", Boolean, Computed("pending > 0", persisted=True)),
    PrimaryKeyConstraint("account_id", "lot_id"),
    CheckConstraint(
        "granted = pending + active + held + spent + expired + clawed_back + taken",
        name="conserved",
    ),
    CheckConstraint(
        "least(pending, active, held, spent, expired, clawed_back, taken, granted - 1,"
        " issue_price_micros, redemption_price_micros) >= 0",
        name="not_negative",
    ),
    CheckConstraint(f"funding = {one_of('redemption', 'issue')}", name="funding"),
    Index(
        "ix_lot_fifo",
        "account_id",
        "expires_at",
        "lot_id",
        postgresql_where=text("is_open"),
    ),
    Index("ix_lot_activates_at", "activates_at", postgresql_where=text("is_pending")),
    Index("ix_lot_expires_at", "expires_at", postgresql_using="brin"),
    postgresql_with={"fillfactor": "80"},
)

movement = Table(
    "movement",
    metadata,
    Column("account_id", Uuid, nullable=False),
    Column("movement_id", Uuid, nullable=False),
    Column("lot_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("from_bucket", Text, nullable=False),
    Column("to_bucket", Text, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("window_date", Date, nullable=False),
    Column("posted_at", DateTime(timezone=True), nullable=False),
    # The partner at whose till (or by whose sale) it happened; the issuer for jobs.
    Column("party_no", Integer, nullable=False),
    Column("cause_kind", Text, nullable=False),
    Column("cause_id", Uuid, nullable=False),
    # The earlier movement of the same account that this one corrects.
    Column("adjusts", Uuid),
    Column("reason", Text, nullable=False),
    # The signed request that it came of (signed_request.request_id).
    Column("request_id", Uuid),
    PrimaryKeyConstraint("account_id", "movement_id"),
    CheckConstraint("points > 0 AND from_bucket <> to_bucket", name="moves_points"),
    CheckConstraint(
        "kind = "
        + one_of(
            "earn",
            "activate",
            "hold",
            "release",
            "capture",
            "redeem",
            "restore",
            "expire",
            "clawback",
            "take",
            "adjust",
        ),
        name="kind",
    ),
    CheckConstraint(
        f"cause_kind = {one_of('sale', 'redemption', 'hold', 'lot')}", name="cause_kind"
    ),
    Index("ix_movement_window_date", "window_date", postgresql_using="brin"),
    Index("ix_movement_party_no_movement_id", "party_no", "movement_id"),
)

obligation = Table(
    "obligation",
    metadata,
    Column("account_id", Uuid, nullable=False),
    Column("movement_id", Uuid, nullable=False),
    Column("seq", SmallInteger, nullable=False),
    Column("window_date", Date, nullable=False),
    Column("kind", Text, nullable=False),
    Column("debtor", Integer, nullable=False),
    Column("creditor", Integer, nullable=False),
    Column("amount_micros", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("tax_code", Text),
    Column("tax_micros", BigInteger, nullable=False, server_default="0"),
    PrimaryKeyConstraint("account_id", "movement_id", "seq"),
    CheckConstraint("debtor <> creditor AND amount_micros > 0", name="owes_another"),
    CheckConstraint(
        "kind = "
        + one_of(
            "issue",
            "issue_fee",
            "redemption",
            "margin",
            "subsidy",
            "redemption_fee",
            "clawback",
            "breakage",
        ),
        name="kind",
    ),
    Index("ix_obligation_window_date", "window_date", postgresql_using="brin"),
)

debt = Table(
    "debt",
    metadata,
    Column("account_id", Uuid, nullable=False),
    Column("debt_id", Uuid, nullable=False),
    Column("issuer", Integer, nullable=False),
    Column("funder", Integer, nullable=False),
    # The lot that was spent before its sale was returned, and its frozen terms.
    Column("lot_id", Uuid, nullable=False),
    Column("funding", Text, nullable=False),
    Column("issue_price_micros", BigInteger, nullable=False),
    Column("redemption_price_micros", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("sale_id", Uuid, nullable=False),
    # The earn movement that a recovery corrects.
    Column("adjusts", Uuid),
    Column("due", BigInteger, nullable=False),
    Column("recovered", BigInteger, nullable=False, server_default="0"),
    Column("written_off", BigInteger, nullable=False, server_default="0"),
    Column("outstanding", BigInteger, Computed("due - recovered - written_off", persisted=True)),
    Column("created_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("account_id", "debt_id"),
    CheckConstraint("due > 0 AND recovered >= 0 AND written_off >= 0", name="not_negative"),
    CheckConstraint("due >= recovered + written_off", name="conserved"),
)

window = Table(
    "settlement_window",
    metadata,
    Column("business_date", Date, primary_key=True),
    Column("starts_at", DateTime(timezone=True), nullable=False),
    Column("ends_at", DateTime(timezone=True), nullable=False),
    Column("state", Text, nullable=False),
    Column("closed_at", DateTime(timezone=True), nullable=False),
    CheckConstraint(
        "state IN ('closed', 'netted', 'issued', 'released', 'settled')",
        name="state",
    ),
    CheckConstraint("ends_at > starts_at", name="interval"),
)

closed_position = Table(
    "closed_position",
    metadata,
    # The sums of all windows up to `closed_through`, which cannot grow: each is added once.
    Column("party_no", Integer, nullable=False),
    Column("currency", Text, nullable=False),
    Column("net_micros", BigInteger, nullable=False),
    PrimaryKeyConstraint("party_no", "currency"),
)

closed_through = Table(
    "closed_through",
    metadata,
    # One row: the newest window that `closed_position` has in its sums, NULL for none.
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("window_date", Date),
    CheckConstraint("id = 1", name="one_row"),
)

conversion_rate = Table(
    "conversion_rate",
    metadata,
    # What one unit of a currency is worth in the coalition's, times 10^10, as the newest window
    # that converted it had it. Settlement writes it; none where currencies settle by themselves.
    Column("currency", Text, primary_key=True),
    Column("scaled", BigInteger, nullable=False),
    CheckConstraint("scaled > 0", name="scaled"),
)

entered_position = Table(
    "entered_position",
    metadata,
    # What settlement entered beside the obligations here; it alone writes these sums.
    Column("party_no", Integer, nullable=False),
    Column("currency", Text, nullable=False),
    # All of it but collateral, + for the party: payments cover what it owes.
    Column("covering_micros", BigInteger, nullable=False),
    # Of the money that was paid in: what lies as collateral.
    Column("collateral_micros", BigInteger, nullable=False),
    PrimaryKeyConstraint("party_no", "currency"),
)

exposure = Table(
    "exposure",
    metadata,
    Column("party_no", Integer, nullable=False),
    Column("currency", Text, nullable=False),
    # What the partner owes beyond what it is owed and what it paid in.
    Column("uncovered_micros", BigInteger, nullable=False),
    Column("cap_micros", BigInteger),
    Column("warned_percent", SmallInteger, nullable=False, server_default="0"),
    Column("measured_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("party_no", "currency"),
)
