"""What was measured, as rows of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.bench.turns import Ratio


@dataclass(frozen=True, slots=True)
class Row:
    """One ratio. `at_least` or `at_most` is the target; with neither it is only told.

    `measured` and `base` say what of what.
    """

    measured: str
    base: str
    ratio: Ratio
    at_least: float | None = None
    at_most: float | None = None
    unit: str = ""

    @property
    def reached(self) -> bool:
        """Whether the median is on the right side of the target."""
        if self.at_least is not None and self.ratio.median < self.at_least:
            return False
        return self.at_most is None or self.ratio.median <= self.at_most

    @property
    def verdict(self) -> str:
        """Whether it is reached, in words."""
        if self.at_least is None and self.at_most is None:
            return "–"
        return "yes" if self.reached else "**no**"

    @property
    def target(self) -> str:
        """The target in words."""
        if self.at_least is None and self.at_most is None:
            return "–"
        if self.at_least is not None:
            return f"≥ {self.at_least:g}{self.unit}"
        return f"≤ {self.at_most:g}{self.unit}"


@dataclass(frozen=True, slots=True)
class Figure:
    """A rate or a time as it was, for the reader's sense of proportion only."""

    name: str
    value: str


def table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table."""
    lines = [
        "| Measured | ÷ | Target | Median | Lowest – highest | Reached |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        ratio, unit = row.ratio, row.unit
        lines.append(
            f"| {row.measured} | {row.base} | {row.target} | **{_number(ratio.median)}{unit}** |"
            f" {_number(ratio.lowest)} – {_number(ratio.highest)} |"
            f" {row.verdict} |"
        )
    return "\n".join(lines)


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
