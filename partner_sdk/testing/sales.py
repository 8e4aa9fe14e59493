"""The simulator's arithmetic of sales: merging revisions and refunds, points of what is left."""

from dataclasses import dataclass, field
from typing import Any

from partner_sdk.testing.refusals import (
    Refusal,
    check_fields,
    instant_of,
    invalid,
    money_of,
    text_of,
)
from partner_sdk.wire.amounts import MICROS, InvalidAmount, parse_decimal

__all__ = ["Revision", "SaleState", "merge", "read_revision"]

_STATUS = {"pending": 0, "succeeded": 1, "failed": 2}
_TENDERS = {"cash", "card", "points", "gift_card", "store_credit", "other"}
_EARN_NOTHING = {"points", "gift_card", "store_credit"}
_NOT_CONTENT = {"refunds", "revision", "member"}


@dataclass(frozen=True, slots=True)
class Revision:
    """One call's sale, checked; amounts are micros."""

    revision: int
    member: dict[str, Any] | None
    content: dict[str, Any]
    total: int
    earns_nothing: int
    #: By refund id: (amount in micros, rank of the status, the rest of its content).
    refunds: dict[str, tuple[int, int, Any]]


@dataclass(slots=True)
class SaleState:
    """What the simulator knows of a sale."""

    id: str
    revision: Revision
    refunds: dict[str, tuple[int, int, Any]] = field(default_factory=dict)
    member: str | None = None
    posted: int = 0

    def earned(self) -> int:
        """One point for each whole unit that was paid with money and not given back."""
        back = sum(amount for amount, rank, _ in self.refunds.values() if rank < 2)
        return max(0, self.revision.total - self.revision.earns_nothing - back) // MICROS


def read_revision(body: object, *, currency: str) -> Revision:
    """Check a sale's body, its id excluded.

    Raises:
        Refusal: something in it is wrong.
    """
    sale = check_fields(
        body,
        needed=("revision", "occurred_at", "currency", "lines"),
        allowed=("member", "store", "till", "receipt", "cancelled", "tenders", "refunds"),
    )
    cancelled = sale.get("cancelled", False)
    if not isinstance(cancelled, bool):
        raise invalid("/cancelled", "must be true or false")
    revision = sale["revision"]
    if type(revision) is not int or not 0 <= revision < 2**53:
        raise invalid("/revision", "must be a whole number from 0")
    instant_of(sale["occurred_at"], at="/occurred_at")
    if sale["currency"] != currency:
        raise Refusal("wrong_currency", f"this hub's currency is {currency}")
    total = sum(_line(line, f"/lines/{n}", currency) for n, line in _listed(sale, "lines"))
    tenders = [_tender(item, f"/tenders/{n}", currency) for n, item in _listed(sale, "tenders")]
    refunds = dict(_refund(item, f"/refunds/{n}", currency) for n, item in _listed(sale, "refunds"))
    return Revision(
        revision=revision,
        member=sale.get("member"),
        content={k: v for k, v in sale.items() if k not in _NOT_CONTENT and v is not False},
        total=total,
        earns_nothing=total if cancelled else sum(tenders),
        refunds=refunds,
    )


def merge(*, state: SaleState, new: Revision) -> str:
    """Bring a revision into what is known; returns the outcome.

    Raises:
        Refusal: the revision or a refund contradicts what is known.
    """
    refunds = _merged(state.refunds, new.refunds)
    latest, outcome = state.revision, "unchanged"
    if new.revision == latest.revision and new.content != latest.content:
        raise Refusal("sale_revision_conflict", extra={"revision": latest.revision})
    if new.revision < latest.revision:
        outcome = "superseded"
    elif new.revision > latest.revision:
        latest, outcome = new, "updated"
    elif refunds != state.refunds:
        outcome = "updated"
    check_refunds(total=latest.total, refunds=refunds)
    state.revision, state.refunds = latest, refunds
    return outcome


def check_refunds(*, total: int, refunds: dict[str, tuple[int, int, Any]]) -> None:
    """Refuse refunds that add up to more than was sold."""
    if sum(amount for amount, rank, _ in refunds.values() if rank < 2) > total:
        raise Refusal("refund_exceeds_sale")


def _merged(
    known: dict[str, tuple[int, int, Any]], new: dict[str, tuple[int, int, Any]]
) -> dict[str, tuple[int, int, Any]]:
    merged = dict(known)
    for key, (amount, rank, rest) in new.items():
        if key in known:
            if known[key][0] != amount:
                raise Refusal("refund_conflict", f"refund {key} has another amount")
            rank = max(rank, known[key][1])
        merged[key] = (amount, rank, rest)
    return merged


def _listed(sale: dict[str, Any], name: str) -> list[tuple[int, Any]]:
    items = sale.get(name) or []
    if not isinstance(items, list) or len(items) > 1000:
        raise invalid(f"/{name}", "must be a list of at most 1000")
    return list(enumerate(items))


def _line(item: object, at: str, currency: str) -> int:
    line = check_fields(item, at=at, needed=("id", "category", "amount"), allowed=("quantity",))
    text_of(line["id"], at=f"{at}/id")
    text_of(line["category"], at=f"{at}/category")
    try:
        parse_decimal(line.get("quantity", "1"), max_digits_after=3)
    except InvalidAmount as error:
        raise invalid(f"{at}/quantity", str(error)) from error
    return money_of(line["amount"], at=f"{at}/amount", currency=currency)


def _tender(item: object, at: str, currency: str) -> int:
    tender = check_fields(item, at=at, needed=("kind", "amount"), allowed=("redemption",))
    if tender["kind"] not in _TENDERS:
        raise invalid(f"{at}/kind", f"must be one of {', '.join(sorted(_TENDERS))}")
    amount = money_of(tender["amount"], at=f"{at}/amount", currency=currency)
    return amount if tender["kind"] in _EARN_NOTHING else 0


def _refund(item: object, at: str, currency: str) -> tuple[str, tuple[int, int, Any]]:
    refund = check_fields(
        item, at=at, needed=("id", "status", "amount"), allowed=("occurred_at", "lines", "points")
    )
    if refund["status"] not in _STATUS:
        raise invalid(f"{at}/status", f"must be one of {', '.join(_STATUS)}")
    amount = money_of(refund["amount"], at=f"{at}/amount", currency=currency)
    rest = (refund.get("lines"), refund.get("points"))
    return text_of(refund["id"], at=f"{at}/id"), (amount, _STATUS[refund["status"]], rest)
