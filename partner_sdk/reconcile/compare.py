"""Holding the partner's sales against the hub's: digests first, then sales where they differ."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, Protocol

from partner_sdk.errors import NotFound
from partner_sdk.reconcile.book import OwnSale, SalesBook
from partner_sdk.wire.digests import (
    DigestAnswer,
    SaleFigures,
    StoreDigest,
    digest_of,
    format_hour,
    hour_of,
)

__all__ = ["KINDS", "Finding", "Reconciliation", "reconcile"]

Kind = Literal["missing", "extra", "amount", "time", "store", "revision"]
KINDS: tuple[Kind, ...] = ("missing", "extra", "amount", "time", "store", "revision")
_HOUR = timedelta(hours=1)
#: Sales that are looked for one by one because the hub may have them at another time.
_MOST_LOOKED_FOR = 1000


class Hub(Protocol):
    """What of the client is needed here."""

    def put_digests(
        self, hour: datetime, stores: Iterable[StoreDigest], *, currency: str
    ) -> DigestAnswer:
        """Tell an hour's digests."""

    def iter_sales(self, *, since: datetime, until: datetime) -> Iterator[SaleFigures]:
        """Go through the hub's sales of a span."""

    def get_sale(self, sale_id: str) -> object:
        """Return a sale, or raise ``NotFound``."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One sale that is not the same on both sides."""

    kind: Kind
    sale: str
    yours: SaleFigures | None
    hub: SaleFigures | None
    note: str = ""


@dataclass(slots=True)
class Reconciliation:
    """What came of it: how many sales are the same, and each that is not."""

    since: datetime
    until: datetime
    matched: int = 0
    hours: int = 0
    differing_hours: list[str] = field(default_factory=list)
    closed_hours: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether both sides hold the same."""
        return not self.findings

    def counts(self) -> dict[str, int]:
        """Count the findings by kind."""
        return {kind: sum(1 for f in self.findings if f.kind == kind) for kind in KINDS}


def reconcile(
    *,
    client: Hub,
    book: SalesBook,
    since: datetime | None = None,
    until: datetime | None = None,
    digests: bool = True,
    tell: Callable[[str], None] = lambda _: None,
) -> Reconciliation:
    """Compare the book's sales of ``[since, until)`` with the hub's.

    Without a span, that of the book's own sales, in whole hours. With ``digests``, each hour's are
    sent, and only hours that differ are compared sale by sale; the hub keeps what was told.

    Raises:
        ValueError: no span, and no sales to take it from.
    """
    found = Reconciliation(*_span(book, since, until))
    missing: dict[str, OwnSale] = {}
    extra: dict[str, SaleFigures] = {}
    hour = found.since
    while hour < found.until:
        end = min(hour + _HOUR, found.until)
        own = {sale.figures.id: sale for sale in book.sales(since=hour, until=end)}
        found.hours += 1
        answer = None
        if digests:
            answer = client.put_digests(hour, _digests(own.values()), currency=book.currency or "")
            if answer.matches:
                found.matched += len(own)
                hour = end
                continue
            tell(answer.hour)
        held = {sale.id: sale for sale in client.iter_sales(since=hour, until=end)}
        before = len(found.findings) + len(missing) + len(extra)
        _compare(found, own, held, missing, extra)
        if len(found.findings) + len(missing) + len(extra) > before:
            found.differing_hours.append(format_hour(hour))
            if answer is not None and not answer.open:
                found.closed_hours.append(answer.hour)
        hour = end
    _settle(client, book, found, missing, extra)
    order = {kind: place for place, kind in enumerate(KINDS)}
    found.findings.sort(key=lambda finding: (order[finding.kind], finding.sale))
    return found


def _span(
    book: SalesBook, since: datetime | None, until: datetime | None
) -> tuple[datetime, datetime]:
    span = book.span()
    if span is None and (since is None or until is None):
        raise ValueError("there are no sales; say which span to compare, from and to")
    first = since if since is not None or span is None else span[0]
    last = until if until is not None or span is None else hour_of(span[1]) + _HOUR
    if first is None or last is None or first >= last:
        raise ValueError("the span must end after it begins")
    return hour_of(first), last if last == hour_of(last) else hour_of(last) + _HOUR


def _digests(own: Iterable[OwnSale]) -> list[StoreDigest]:
    by_store: dict[str | None, list[SaleFigures]] = {}
    for sale in own:
        by_store.setdefault(sale.figures.store, []).append(sale.figures)
    return [digest_of(store=store, sales=sales) for store, sales in by_store.items()]


def _compare(
    found: Reconciliation,
    own: dict[str, OwnSale],
    held: dict[str, SaleFigures],
    missing: dict[str, OwnSale],
    extra: dict[str, SaleFigures],
) -> None:
    """Compare one hour; what one side lacks may stand in another hour of the other."""
    for key, sale in own.items():
        hub = held.pop(key, None)
        if hub is None:
            missing[key] = sale
            continue
        kind = _difference(sale.figures, hub)
        if kind is None:
            found.matched += 1
        else:
            found.findings.append(Finding(kind, key, sale.figures, hub, sale.note))
    extra.update(held)


def _difference(yours: SaleFigures, hub: SaleFigures) -> Kind | None:
    if (yours.amount_micros, yours.refunded_micros) != (hub.amount_micros, hub.refunded_micros):
        return "amount"
    if yours.occurred_at != hub.occurred_at:
        return "time"
    if yours.store != hub.store:
        return "store"
    # A source that has no revisions says 0.
    return "revision" if yours.revision and yours.revision != hub.revision else None


def _settle(
    client: Hub,
    book: SalesBook,
    found: Reconciliation,
    missing: dict[str, OwnSale],
    extra: dict[str, SaleFigures],
) -> None:
    """Tell what is missing or extra from what only stands at another time."""
    looked_for = 0
    for key, own in missing.items():
        hub = extra.pop(key, None)
        if hub is not None:
            kind = _difference(own.figures, hub) or "time"
            found.findings.append(Finding(kind, key, own.figures, hub, own.note))
            continue
        note = own.note
        if not note and looked_for < _MOST_LOOKED_FOR:
            looked_for += 1
            if _is_known(client, key):
                found.findings.append(
                    Finding("time", key, own.figures, None, "the hub has it outside of the span")
                )
                continue
        found.findings.append(Finding("missing", key, own.figures, None, note))
    for key, hub in extra.items():
        elsewhere = book.get(key)
        if elsewhere is None:
            found.findings.append(Finding("extra", key, None, hub))
        else:
            found.findings.append(
                Finding("time", key, elsewhere.figures, hub, "you have it outside of the span")
            )


def _is_known(client: Hub, sale_id: str) -> bool:
    try:
        client.get_sale(sale_id)
    except (NotFound, ValueError):
        return False
    return True
