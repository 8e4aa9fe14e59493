"""docs/benchmarks.md: what the experiments measured, in the words of their notes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median

from tests.bench.kept import Measured, read
from tests.bench.results import table
from tests.bench.scale import FULL, Scale
from tests.bench.suite import EXPERIMENTS

DOCUMENT = Path(__file__).parents[2] / "docs" / "benchmarks.md"
_NOTES = Path(__file__).with_name("notes.md")


def document_of_kept() -> str:
    """The document of all that was measured last."""
    measured = [read(name) for name in EXPERIMENTS]
    return document(
        measured=[each for each in measured if each is not None],
        missing=[name for name, each in zip(EXPERIMENTS, measured, strict=True) if each is None],
        notes=_NOTES.read_text(),
        scale=FULL,
    )


def document(
    *, measured: Sequence[Measured], missing: Sequence[str], notes: str, scale: Scale
) -> str:
    """The whole of it; `missing` are the experiments that were never made here."""
    rows = [row for each in measured for row in each.rows]
    absolute = "\n".join(
        f"| {figure.name} | {figure.value} |" for each in measured for figure in each.figures
    )
    made = "\n".join(
        f"| `{each.experiment}` | {each.on.isoformat()} | {each.minutes:.0f} min |"
        f" {median(each.stolen):.0%} | {max(each.stolen):.0%} |"
        for each in measured
    ) + "".join(f"\n| `{name}` | not yet | | | |" for name in missing)
    return f"""# Benchmarks

Written by `make bench`; do not edit. Everything is a ratio between things that ran next to each
other on the same machine and the same embedded PostgreSQL 18 with durable settings (`fsync`,
`full_page_writes` and `synchronous_commit` on): contenders run in turns (A B C A B C …),
{scale.rounds} rounds of {scale.seconds:g} s, a ratio is taken within each round, and the median of
the rounds is compared with the target. Nothing asserts a time.

{table(rows)}

{notes.strip()}

## As absolute figures

Medians of the rounds, for a sense of proportion. They say as much about the machine
({"; ".join(dict.fromkeys(each.machine for each in measured))}) and about who else used it as about
the hub.

| What | Figure |
|---|---|
{absolute}

## When each was measured

One of them is measured anew with `make bench ARGS="--only NAME"`; the others stay as they were.

*Taken* is the share of the processors' time that the machine's host gave to others during a turn
(`steal` of `/proc/stat`): of the turn in the middle, and of the worst. A turn that lost more than
{scale.patience.most_stolen:.0%} is taken again after a rest, {scale.patience.tries} times at most,
and its calmest try counts. A night is too long for that: it counts as it was.

| Experiment | On | It took | Taken, median | Taken, at most |
|---|---|---|---|---|
{made}
"""


if __name__ == "__main__":
    DOCUMENT.write_text(document_of_kept())
