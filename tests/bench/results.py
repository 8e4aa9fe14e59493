"""What was measured, as rows of a table, and the document that it goes into."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from tests.bench.scale import Scale
from tests.bench.turns import Ratio

DOCUMENT = Path(__file__).parents[2] / "docs" / "benchmarks.md"


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


def document(
    *,
    rows: Sequence[Row],
    figures: Sequence[Figure],
    notes: str,
    scale: Scale,
    on: date,
    minutes: float,
) -> str:
    """The whole of docs/benchmarks.md."""
    absolute = "\n".join(f"| {figure.name} | {figure.value} |" for figure in figures)
    return f"""# Benchmarks

Written by `make bench` on {on.isoformat()}; do not edit. Everything is a ratio between things that
ran next to each other on the same machine and the same embedded PostgreSQL 18 with durable settings
(`fsync`, `full_page_writes` and `synchronous_commit` on): contenders run in turns (A B C A B C …),
{scale.rounds} rounds of {scale.seconds:g} s, a ratio is taken within each round, and the median of
the rounds is compared with the target. Nothing asserts a time.

{table(rows)}

{notes.strip()}

## As absolute figures

Medians of the rounds, for a sense of proportion. They say as much about the machine
({os.cpu_count()} processors, {platform.machine()}, Python {platform.python_version()}) and about
who else used it as about the hub. The whole run took {minutes:.0f} minutes.

| What | Figure |
|---|---|
{absolute}
"""
