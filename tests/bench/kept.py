"""What each experiment measured, kept in the repository until it is measured again.

The whole bench takes hours, so an experiment that is measured anew takes its own place in the
document and leaves the others as they were, in whatever clone.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from tests.bench.results import Figure, Row
from tests.bench.turns import Ratio

KEPT = Path(__file__).with_name("measured")


@dataclass(frozen=True, slots=True)
class Measured:
    """One experiment: when and where it was made, what came of it, and how calm it was."""

    experiment: str
    on: date
    machine: str
    minutes: float
    rows: list[Row]
    figures: list[Figure]
    stolen: list[float]


def keep(measured: Measured, *, folder: Path = KEPT) -> None:
    """Write it in place of what was kept of this experiment."""
    folder.mkdir(parents=True, exist_ok=True)
    facts = asdict(measured) | {"on": measured.on.isoformat()}
    unfinished = folder / f"{measured.experiment}.new"
    unfinished.write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n")
    unfinished.replace(folder / f"{measured.experiment}.json")


def read(experiment: str, *, folder: Path = KEPT) -> Measured | None:
    """What was kept of an experiment, if it was ever measured."""
    path = folder / f"{experiment}.json"
    if not path.exists():
        return None
    facts = json.loads(path.read_text())
    return Measured(
        experiment=experiment,
        on=date.fromisoformat(facts["on"]),
        machine=facts["machine"],
        minutes=facts["minutes"],
        rows=[Row(**{**row, "ratio": Ratio(**row["ratio"])}) for row in facts["rows"]],
        figures=[Figure(**figure) for figure in facts["figures"]],
        stolen=facts["stolen"],
    )
