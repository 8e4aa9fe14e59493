"""The SQL of orders: the parts that were told of them, and what was last stated."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, text

from adapters.contract import Part
from coalition.checkouts.domain import KnownOrder
from coalition.db.writing import Section, WriteSet

UNSURE = "unsure"
"""What stands for the outcome of a statement until it is known."""

_KEEP_PARTS = text("""
INSERT INTO order_part (connection_no, about, key, says)
SELECT :no, r.about, r.key, r.says
  FROM json_to_recordset(CAST(:rows AS json)) AS r(about text, key text, says jsonb)
    ON CONFLICT DO NOTHING
""")
_PARTS = text("""
SELECT about, key, says FROM order_part
 WHERE connection_no = :no AND about = ANY(:abouts) ORDER BY about, key
""")
_KNOWN = text("""
SELECT order_id, revision, stated, digest, asked_at, problem FROM known_order
 WHERE connection_no = :no AND order_id = ANY(:ids)
""")
_SAY = text("""
UPDATE known_order k SET problem = r.problem
  FROM json_to_recordset(CAST(:rows AS json)) AS r(order_id text, stated bigint, problem text)
 WHERE k.connection_no = :no AND k.order_id = r.order_id AND k.stated = r.stated
""")

KNOWN_ORDER = Section(
    name="known_order_put",
    columns={
        "connection_no": "int",
        "order_id": "text",
        "revision": "bigint",
        "stated": "bigint",
        "digest": "text",
        "asked_at": "timestamptz",
    },
    template=(
        "INSERT INTO known_order AS k (connection_no, order_id, revision, stated, digest,"
        " asked_at, problem) SELECT r.connection_no, r.order_id, r.revision, r.stated,"
        f" decode(r.digest, 'hex'), r.asked_at, '{UNSURE}' FROM {{rows}}"
        " ON CONFLICT (connection_no, order_id) DO UPDATE SET revision = excluded.revision,"
        " stated = excluded.stated, digest = excluded.digest, asked_at = excluded.asked_at,"
        " problem = excluded.problem"
        " WHERE k.stated < excluded.stated"
    ),
)
"""For the statement that writes the sale: both are known, or neither is."""


def keep_parts(*, connection: Connection, connection_no: int, parts: Sequence[Part]) -> None:
    """Keep parts of orders; one that is there already stays as it was first said."""
    rows = [{"about": p.about, "key": p.key, "says": dict(p.says)} for p in parts]
    connection.execute(_KEEP_PARTS, {"no": connection_no, "rows": orjson.dumps(rows).decode()})


def load_parts(
    *, connection: Connection, connection_no: int, abouts: Collection[str]
) -> dict[str, tuple[Part, ...]]:
    """All parts of orders, by the order."""
    found: dict[str, list[Part]] = {about: [] for about in abouts}
    for row in connection.execute(_PARTS, {"no": connection_no, "abouts": list(abouts)}):
        found[row.about].append(Part(row.about, row.key, row.says))
    return {about: tuple(parts) for about, parts in found.items()}


def load_known(
    *, connection: Connection, connection_no: int, order_ids: Collection[str]
) -> dict[str, KnownOrder]:
    """What was last stated of orders, by the platform's ids."""
    rows = connection.execute(_KNOWN, {"no": connection_no, "ids": list(order_ids)})
    return {
        row.order_id: KnownOrder(
            order_id=row.order_id,
            revision=row.revision,
            stated=row.stated,
            digest=bytes(row.digest),
            asked_at=row.asked_at,
            problem=row.problem,
        )
        for row in rows
    }


def queue_known(*, writes: WriteSet, connection_no: int, known: Iterable[KnownOrder]) -> None:
    """Queue what is about to be stated; whether the hub took it is said by `say_outcomes`."""
    writes.extend(
        KNOWN_ORDER,
        [
            {
                "connection_no": connection_no,
                "order_id": each.order_id,
                "revision": each.revision,
                "stated": each.stated,
                "digest": each.digest.hex(),
                "asked_at": each.asked_at,
            }
            for each in known
        ],
    )


def say_outcomes(
    *, connection: Connection, connection_no: int, outcomes: Mapping[tuple[str, int], str | None]
) -> None:
    """Note what became of statements: (order, stated revision) → the refusal's code, or None."""
    rows: list[dict[str, Any]] = [
        {"order_id": order_id, "stated": stated, "problem": problem}
        for (order_id, stated), problem in outcomes.items()
    ]
    if rows:
        connection.execute(_SAY, {"no": connection_no, "rows": orjson.dumps(rows).decode()})
