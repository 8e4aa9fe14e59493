"""What batches are measured against: arrays that are ready, into the same tables, by `unnest`.

It knows nothing of agreements, prices or accounts and answers nothing; it locks balances in their
order and changes each once, as two writers at the same time must. Arrays are made before they are
timed.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from coalition.ids import IdSource
from tests.bench.bed import Bed

_KINDS = {"points": "bigint", "amount": "bigint", "document": "jsonb"}
_SALE = ("account_id", "sale_id", "movement_id", "points", "external_id", "receipt", "document")
_LOT = ("account_id", "sale_id", "points")
_MOVEMENT = ("account_id", "sale_id", "movement_id", "points")
_OBLIGATION = ("account_id", "movement_id", "amount")


def _rows(columns: Sequence[str], first: int = 3) -> str:
    kinds = [_KINDS.get(name, "uuid" if name.endswith("_id") else "text") for name in columns]
    kinds = ["text" if name == "external_id" else k for name, k in zip(columns, kinds, strict=True)]
    arrays = ", ".join(f"${i}::{kind}[]" for i, kind in enumerate(kinds, first))
    return f"unnest({arrays}) AS r({', '.join(columns)})"


# In those that insert, $1 is the partner and $2 the instant.
_LOCK = "SELECT FROM balance WHERE account_id = ANY($1::uuid[]) ORDER BY account_id FOR UPDATE"
_ADD = f"""
UPDATE balance b SET active = b.active + r.points, version = b.version + 1
  FROM {_rows(("account_id", "points"), 1)} WHERE b.account_id = r.account_id
"""
_SALES = f"""
INSERT INTO sale (party_no, external_id, sale_id, account_id, revision, content_sha256, occurred_at,
       local_date, store, store_time_zone, till, receipt, currency, agreement_no, document, refunds,
       points, lot_ids, earn_ids, window_date, first_posted_at, updated_at)
SELECT $1::int, r.external_id, r.sale_id, r.account_id, 1, '\\x00', $2::timestamptz, $2::date, '12',
       'Europe/Bucharest', '3', r.receipt, 'EUR', $1, r.document, '{{}}', r.points,
       ARRAY[r.sale_id], ARRAY[r.movement_id], $2::date, $2, $2
  FROM {_rows(_SALE)}
"""
_LOTS = f"""
INSERT INTO lot (account_id, lot_id, issuer, funder, funding, issue_price_micros,
       redemption_price_micros, currency, agreement_no, sale_id, granted, active, occurred_at,
       posted_at, activates_at, expires_at)
SELECT r.account_id, r.sale_id, $1::int, $1, 'issue', 11000, 10000, 'EUR', $1, r.sale_id, r.points,
       r.points, $2::timestamptz, $2, $2, $2 + interval '720 days'
  FROM {_rows(_LOT)}
"""
_MOVEMENTS = f"""
INSERT INTO movement (account_id, movement_id, lot_id, kind, from_bucket, to_bucket, points,
       window_date, posted_at, party_no, cause_kind, cause_id, reason)
SELECT r.account_id, r.movement_id, r.sale_id, 'earn', 'issued', 'active', r.points, $2::date,
       $2::timestamptz, $1::int, 'sale', r.sale_id, 'sale'
  FROM {_rows(_MOVEMENT)}
"""
_OBLIGATIONS = f"""
INSERT INTO obligation (account_id, movement_id, seq, window_date, kind, debtor, creditor,
       amount_micros, currency)
SELECT r.account_id, r.movement_id, 0, $2::timestamptz::date, 'issue', $1::int, 1, r.amount, 'EUR'
  FROM {_rows(_OBLIGATION)}
"""
_STATEMENTS = (_LOCK, _ADD, _SALES, _LOTS, _MOVEMENTS, _OBLIGATIONS)


class ReadyArrays:
    """Batches of rows as array literals, made before they are written."""

    def __init__(self, connection: psycopg.Connection[Any], bed: Bed, number: int) -> None:
        self._cursor = psycopg.RawCursor(connection)
        self._bed = bed
        self._new_id = IdSource()
        self._random = random.Random(number)
        self._ready: dict[int, tuple[tuple[Any, ...], ...]] = {}

    def prepare(self, call: int) -> None:
        """Make a batch."""
        bed, size = self._bed, self._bed.batch
        members = [self._random.choice(bed.members) for _ in range(size)]
        points = [16 + (call + i) % 40 for i in range(size)]
        document = json.dumps(
            {
                "member": ["id", "mem_00000000000000000000000000"],
                "lines": [
                    ["1", "dairy", 1000000, 10000000],
                    ["2", "bakery", 2000000, 2500000],
                    ["3", "produce", 1250000, 3990000],
                ],
                "tenders": [["card", 16490000, None]],
            }
        )
        prefix = self._new_id()
        rows = {
            "external_id": _array(f"{prefix}-{i}" for i in range(size)),
            "sale_id": _array(self._new_id() for _ in range(size)),
            "account_id": _array(members),
            "movement_id": _array(self._new_id() for _ in range(size)),
            "points": _array(points),
            "amount": _array(each * 11_000 for each in points),
            "document": _array(_quoted(document) for _ in range(size)),
            "receipt": _array(f"R{call}-{i}" for i in range(size)),
        }
        sums: Counter[Any] = Counter()
        for member, more in zip(members, points, strict=True):
            sums[member] += more
        party = bed.partners[call % len(bed.partners)]
        now = datetime.now(UTC) - timedelta(seconds=1)
        accounts = (_array(sums), _array(sums.values()))
        tables = (_SALE, _LOT, _MOVEMENT, _OBLIGATION)
        self._ready[call] = (
            accounts[:1],
            accounts,
            *((str(party), now.isoformat(), *(rows[name] for name in names)) for names in tables),
        )

    def __call__(self, call: int) -> None:
        """Write it, in one transaction."""
        parameters = self._ready.pop(call)
        with self._cursor.connection.transaction():
            for statement, values in zip(_STATEMENTS, parameters, strict=True):
                self._cursor.execute(statement.encode(), values, prepare=True)


def _array(values: Iterable[Any]) -> str:
    return "{" + ",".join(map(str, values)) + "}"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@contextmanager
def arrays(bed: Bed, number: int) -> Iterator[ReadyArrays]:
    """A writer of ready arrays."""
    with psycopg.connect(bed.address, autocommit=True) as connection:
        yield ReadyArrays(connection, bed, number)
