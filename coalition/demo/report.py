"""What the demo prints: what was replayed, what was settled, and where to go from here."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from rich.console import Console
from rich.table import Table

from coalition.demo.brands import BRANDS, CURRENCY
from coalition.demo.night import BundleFacts, Night
from coalition.demo.replay import BrandCount

__all__ = ["Outcome", "print_outcome"]

_MICROS = 1_000_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """A run's numbers: its dates, counts by brand, nights, verified bundles, parts' seconds."""

    dates: Sequence[date]
    counts: Mapping[str, BrandCount]
    without_points: int
    nights: Sequence[Night]
    bundles: Sequence[BundleFacts]
    seconds: Mapping[str, float]
    ledger: str


def _money(micros: int) -> str:
    return f"{micros / _MICROS:,.2f}"


def _cents(cents: int) -> str:
    return f"{cents / 100:,.2f}"


def compression(*, gross: int, net: int) -> str:
    """Which share of the gross amount netting spares, as text; both in one unit.

    What is paid is rounded to cents, so that it may exceed a small gross a little: that is none.
    """
    return "–" if gross == 0 else f"{max(0.0, 1 - net / gross) * 100:.1f} %"


def print_outcome(*, console: Console, outcome: Outcome) -> None:
    """Print the tables of a run."""
    first, last = outcome.dates[0], outcome.dates[-1]
    console.print(_brand_table(f"Replayed, {first} … {last}", outcome.counts))
    if outcome.without_points:
        console.print(
            f"On {outcome.without_points} other occasions a household meant to spend points and "
            "had too few."
        )
    console.print(_settlement_table(outcome))
    console.print(_parts_table(outcome.seconds))


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", header_style="bold")
    table.add_column(columns[0])
    for name in columns[1:]:
        table.add_column(name, justify="right")
    return table


def _brand_table(title: str, counts: Mapping[str, BrandCount]) -> Table:
    table = _table(
        title, "Brand", "Sales", f"Amount {CURRENCY}", "Returns", f"Returned {CURRENCY}",
        "Points issued", "Taken back", "Points spent here",
    )  # fmt: skip
    rows = [(brand.name, counts[brand.slug]) for brand in BRANDS if brand.slug in counts]
    for name, count in rows:
        table.add_row(name, *_brand_cells(count))
    table.add_section()
    table.add_row("Together", *_brand_cells(_sum(count for _, count in rows)))
    return table


def _brand_cells(count: BrandCount) -> list[str]:
    return [
        f"{count.sales:,}",
        _cents(count.amount),
        f"{count.returns:,}",
        _cents(count.returned_amount),
        f"{count.earned:,}",
        f"{count.taken_back:,}",
        f"{count.spent:,}",
    ]


def _sum(counts: Iterable[BrandCount]) -> BrandCount:
    total = BrandCount()
    for count in counts:
        for name in BrandCount.__slots__:
            setattr(total, name, getattr(total, name) + getattr(count, name))
    return total


def _settlement_table(outcome: Outcome) -> Table:
    table = _table(
        f"Settled: {len(outcome.nights)} nights, {len(outcome.bundles)} bundles verified offline",
        "Party", "Statements", "Lines", f"Owed to it {CURRENCY}", f"Owed by it {CURRENCY}",
        f"Gross {CURRENCY}", f"Net {CURRENCY}", "Compression",
    )  # fmt: skip
    names = {brand.slug: brand.name for brand in BRANDS}
    order = [*names, *sorted({each.party for each in outcome.bundles} - names.keys())]
    for slug in order:
        own = [each for each in outcome.bundles if each.party == slug]
        if own:
            table.add_row(names.get(slug, slug.capitalize()), *_party_cells(own))
    table.add_section()
    gross = sum(night.gross for night in outcome.nights)
    net = sum(night.net for night in outcome.nights)
    table.add_row(
        "Coalition, each amount once", "", "", "", "",
        _money(gross), _money(net), compression(gross=gross, net=net),
    )  # fmt: skip
    return table


def _party_cells(bundles: Sequence[BundleFacts]) -> list[str]:
    owed, owing = sum(each.owed for each in bundles), sum(each.owing for each in bundles)
    return [
        f"{len(bundles):,}",
        f"{sum(each.lines for each in bundles):,}",
        _money(owed),
        _money(owing),
        _money(owed + owing),
        _money(sum(each.net for each in bundles)),
        compression(gross=owed + owing, net=sum(abs(each.net) for each in bundles)),
    ]


def _parts_table(seconds: Mapping[str, float]) -> Table:
    table = _table("Time", "Part", "Seconds")
    for part, spent in seconds.items():
        table.add_row(part, f"{spent:.1f}")
    return table
