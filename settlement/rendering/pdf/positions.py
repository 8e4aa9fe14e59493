"""The position against each counterparty, gross and net, and what the netting's picture shows."""

from collections.abc import Sequence
from typing import Any, Final

from partner_sdk.wire.statement import Position, Statement
from settlement.rendering.pdf.catalogue import Catalogue
from settlement.rendering.pdf.spelling import Speller, printable, shorten

__all__ = ["CLEARING_HOUSE", "LARGEST", "netting_view", "positions_view"]

#: So many counterparties have a row of their own; the others share one.
LARGEST: Final = 40
#: A table of so many is not broken over two pages.
_UNBROKEN: Final = 25
#: So many have arrows of their own in the picture.
_DRAWN: Final = 10
#: Rows of the picture are so high (mm): as a rule, and at least, where its page has the table too.
_ROW_MM, _LEAST_ROW_MM = 12.5, 9.0
#: The height of a page's text, of all in the table and in the picture but their rows, and of a row
#: of the table (mm).
_TEXT_MM, _TABLE_MM, _PICTURE_MM, _TABLE_ROW_MM = 251.0, 21.0, 78.0, 5.15
#: The counterparty of payments: what stands against it is no part of what is netted.
CLEARING_HOUSE: Final = "clearing"
_OWN_PARTIES: Final = frozenset({"pool", "operator", CLEARING_HOUSE})
_NAME_IN_TABLE, _NAME_IN_PICTURE = 64, 40


def _by_size(positions: Sequence[Position]) -> list[Position]:
    """Largest gross first; those of one size by their name in the statement."""
    return sorted(
        positions, key=lambda p: (-(p.receivable_micros + p.payable_micros), p.counterparty)
    )


def _name(position: Position, words: Catalogue, longest: int) -> str:
    if position.counterparty in _OWN_PARTIES:
        return words.text(f"party.{position.counterparty}")
    return shorten(printable(position.name), longest)


def _columns(positions: Sequence[Position]) -> tuple[int, int, int, int, int]:
    """Sums of receivable, payable, exact net, rounding and net (micros)."""
    exact = sum(p.exact_net_micros for p in positions)
    net = sum(p.rounded_net_micros for p in positions)
    return (
        sum(p.receivable_micros for p in positions),
        sum(p.payable_micros for p in positions),
        exact,
        net - exact,
        net,
    )


def _arrows(positions: Sequence[Position]) -> tuple[int, int, int, int]:
    """What they owe and are owed, gross, and then after netting each by itself (micros)."""
    nets = [p.rounded_net_micros for p in positions]
    return (
        sum(p.receivable_micros for p in positions),
        sum(p.payable_micros for p in positions),
        sum(net for net in nets if net > 0),
        -sum(net for net in nets if net < 0),
    )


def _row_height(*, table_rows: int, rows: int) -> float:
    """How high the picture's rows are (mm), so that it shares a page with the table if it can."""
    left = _TEXT_MM - _TABLE_MM - _PICTURE_MM - _TABLE_ROW_MM * table_rows
    shared = left / max(rows, 1)
    return min(shared, _ROW_MM) if shared >= _LEAST_ROW_MM else _ROW_MM


def positions_view(*, statement: Statement, words: Catalogue, speller: Speller) -> dict[str, Any]:
    """Return the table of counterparties as the template takes it."""
    ordered = _by_size([p for p in statement.positions if p.counterparty != CLEARING_HOUSE])
    paid = [p for p in statement.positions if p.counterparty == CLEARING_HOUSE]
    shown, others = ordered[:LARGEST], ordered[LARGEST:]
    cells = [
        _columns(group)
        for group in (*([p] for p in shown), others, ordered, paid, statement.positions)
    ]
    digits = speller.digits_for([amount for row in cells for amount in row[:4]])

    def write(amounts: tuple[int, int, int, int, int]) -> list[tuple[str, str]]:
        exact = [speller.split(micros, digits=digits) for micros in amounts[:4]]
        return [*exact, speller.split(amounts[4], digits=speller.minor)]

    widest = max(len("".join(cell)) for row in cells for cell in write(row))
    count = len(others)
    return {
        "heading": words.text("positions.heading"),
        "columns": [
            words.text(f"positions.{name}")
            for name in ("counterparty", "receivable", "payable", "exact", "rounding", "net")
        ],
        "rows": [
            [_name(position, words, _NAME_IN_TABLE), *write(_columns([position]))]
            for position in shown
        ],
        "others": [
            words.plural("positions.others", count, count=speller.count(count)),
            *write(_columns(others)),
        ]
        if others
        else [],
        "netted": [words.text("positions.netted"), *write(_columns(ordered))] if paid else [],
        "paid": [words.text("positions.paid"), *write(_columns(paid))] if paid else [],
        "total": [words.text("positions.total"), *write(_columns(statement.positions))],
        "widest": widest,
        "long": len(shown) > _UNBROKEN,
        "largest": words.text(
            "positions.largest", shown=speller.count(len(shown)), all=speller.count(len(ordered))
        )
        if others
        else "",
        "rounding": words.text("positions.rounding_note"),
        "nothing": "" if statement.positions else words.text("positions.nothing"),
    }


def netting_view(*, statement: Statement, words: Catalogue, speller: Speller) -> dict[str, Any]:
    """Return the picture: gross, bilateral, net, with widths as shares of the widest arrow."""
    netted = [p for p in statement.positions if p.counterparty != CLEARING_HOUSE]
    ordered = _by_size(netted)
    # One that is left over is drawn by itself: a row of others would say less in as much room.
    drawn = _DRAWN if len(ordered) > _DRAWN + 1 else _DRAWN + 1
    groups = [
        (_name(position, words, _NAME_IN_PICTURE), [position]) for position in ordered[:drawn]
    ]
    if others := ordered[drawn:]:
        count = len(others)
        label = words.plural("positions.others", count, count=speller.count(count))
        groups.append((label, others))
    gross = sum(p.receivable_micros + p.payable_micros for p in netted)
    bilateral = sum(abs(p.rounded_net_micros) for p in netted)
    net = sum(p.rounded_net_micros for p in netted)
    rows = [(name, *_arrows(positions)) for name, positions in groups]
    widest = max([1, abs(net), *(max(arrows) for _, *arrows in rows)])

    def written(micros: int) -> str:
        return speller.rounded(micros, currency=statement.currency)

    stages = (("gross", gross), ("bilateral", bilateral), ("net", abs(net)))
    return {
        "heading": words.text("netting.heading"),
        "intro": words.text("netting.intro"),
        "nothing": "" if rows else words.text("netting.nothing"),
        "step": _row_height(table_rows=len(statement.positions) + 2, rows=len(rows)),
        "you": words.text("netting.you"),
        "clearing": words.text("party.clearing"),
        "sum": words.text("netting.sum"),
        "receive": words.text("netting.receive"),
        "pay": words.text("netting.pay"),
        "balance": words.text("netting.balance"),
        "rounding": words.text("netting.rounding"),
        "currency": statement.currency,
        "stages": [
            {
                "title": words.text(f"netting.{name}"),
                "note": words.text(f"netting.{name}_note"),
                "sum": written(micros),
                "share": micros / gross if gross else 0,
                "percent": speller.percent(micros, gross) if gross else "",
            }
            for name, micros in stages
        ],
        "rows": [
            {
                "name": name,
                "gross": [
                    [written(receivable), receivable / widest],
                    [written(payable), payable / widest],
                ],
                "net": [[written(to_get), to_get / widest], [written(to_pay), to_pay / widest]],
            }
            for name, receivable, payable, to_get, to_pay in rows
        ],
        "net": {"amount": written(abs(net)), "width": net / widest},
        "alternative": words.text(
            "netting.alternative",
            gross=written(gross),
            bilateral=written(bilateral),
            net=written(abs(net)),
            currency=statement.currency,
        ),
    }
