"""A partner's own sales in a temporary file, ready to be asked for by the hour.

Sources may be large and in any order; nothing but the hour at hand is kept in memory.
"""

import json
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from partner_sdk.wire.digests import SaleFigures

__all__ = ["OwnSale", "SalesBook"]

_SCHEMA = """
CREATE TABLE sale (
    id TEXT PRIMARY KEY,
    revision INTEGER NOT NULL,
    occurred_us INTEGER NOT NULL,
    store TEXT,
    amount INTEGER NOT NULL,
    refunded INTEGER NOT NULL,
    refunds TEXT NOT NULL,
    note TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX sale_occurred ON sale (occurred_us);
"""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_RANKS = ("pending", "succeeded", "failed")


@dataclass(frozen=True, slots=True)
class OwnSale:
    """A sale as the partner has it; ``note`` says what is known of its way to the hub."""

    figures: SaleFigures
    note: str = ""


class SalesBook:
    """The partner's sales; a context manager whose file goes with it."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="reconcile-")
        self._db = sqlite3.connect(Path(self._folder.name) / "sales", isolation_level=None)
        # A scratch file: what a crash leaves of it is of no use.
        self._db.execute("PRAGMA journal_mode=OFF")
        self._db.execute("PRAGMA synchronous=OFF")
        self._db.executescript(_SCHEMA)
        self.currency: str | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Forget everything."""
        self._db.close()
        self._folder.cleanup()

    def use_currency(self, currency: str) -> None:
        """Note the currency of the amounts; a second one is refused.

        Raises:
            ValueError: two currencies.
        """
        if self.currency not in (None, currency):
            raise ValueError(f"amounts in {self.currency} and in {currency} cannot be compared")
        self.currency = currency

    def state(
        self,
        figures: SaleFigures,
        *,
        refunds: Mapping[str, tuple[str, int]] | None = None,
        note: str = "",
    ) -> None:
        """Take a sale as stated: the highest revision wins, refunds are a set by id.

        ``refunds`` are (status, amount in micros) by id; without them ``refunded_micros`` counts.
        """
        known = self._db.execute(
            "SELECT revision, refunds FROM sale WHERE id = ?", (figures.id,)
        ).fetchone()
        merged = {} if known is None else json.loads(known[1])
        for key, (status, amount) in (refunds or {}).items():
            before = merged.get(key)
            if before is None or _RANKS.index(status) > _RANKS.index(before[0]):
                merged[key] = [status, amount]
        refunded = figures.refunded_micros
        if merged:
            refunded = sum(amount for status, amount in merged.values() if status == "succeeded")
        if known is not None and known[0] > figures.revision:
            self._db.execute(
                "UPDATE sale SET refunded = ?, refunds = ? WHERE id = ?",
                (refunded, json.dumps(merged), figures.id),
            )
            return
        self._write(figures, refunded, json.dumps(merged), note)

    def add_line(self, figures: SaleFigures) -> None:
        """Take one line of a sale: the amounts of lines with one id are summed."""
        known = self._db.execute(
            "SELECT amount, refunded FROM sale WHERE id = ?", (figures.id,)
        ).fetchone()
        if known is None:
            self._write(figures, figures.refunded_micros, "{}", "")
            return
        self._db.execute(
            "UPDATE sale SET amount = amount + ?, refunded = refunded + ?,"
            " revision = max(revision, ?) WHERE id = ?",
            (figures.amount_micros, figures.refunded_micros, figures.revision, figures.id),
        )

    def _write(self, figures: SaleFigures, refunded: int, refunds: str, note: str) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO sale VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                figures.id,
                figures.revision,
                (figures.occurred_at - _EPOCH) // _MICROSECOND,
                figures.store,
                figures.amount_micros,
                refunded,
                refunds,
                note,
            ),
        )

    def __len__(self) -> int:
        """Count the sales."""
        (count,) = self._db.execute("SELECT count(*) FROM sale").fetchone()
        return int(count)

    def span(self) -> tuple[datetime, datetime] | None:
        """Return the first and the last instant, or None where there is no sale."""
        first, last = self._db.execute(
            "SELECT min(occurred_us), max(occurred_us) FROM sale"
        ).fetchone()
        return None if first is None else (_instant(first), _instant(last))

    def sales(self, *, since: datetime, until: datetime) -> Iterator[OwnSale]:
        """Go through the sales of ``[since, until)``, by time."""
        rows = self._db.execute(
            "SELECT id, revision, occurred_us, store, amount, refunded, note FROM sale"
            " WHERE occurred_us >= ? AND occurred_us < ? ORDER BY occurred_us, id",
            ((since - _EPOCH) // _MICROSECOND, (until - _EPOCH) // _MICROSECOND),
        )
        for key, revision, occurred, store, amount, refunded, note in rows:
            figures = SaleFigures(key, revision, _instant(occurred), store, amount, refunded)
            yield OwnSale(figures, note)

    def get(self, sale_id: str) -> OwnSale | None:
        """Return a sale by id, wherever in time it lies."""
        row = self._db.execute(
            "SELECT id, revision, occurred_us, store, amount, refunded, note FROM sale"
            " WHERE id = ?",
            (sale_id,),
        ).fetchone()
        if row is None:
            return None
        key, revision, occurred, store, amount, refunded, note = row
        return OwnSale(
            SaleFigures(key, revision, _instant(occurred), store, amount, refunded), note
        )


def _instant(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)
