"""A night: every bundle of a window made and signed, beside COPY of the same lines to a file."""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from coalition.config import Config
from coalition.db.embedded import EmbeddedServer
from coalition.logging import configure_logging
from settlement.app import open_night
from settlement.config import read_settlement_config
from settlement.steps.chain import settle_date
from settlement.store.tables import statement
from tests.bench.bed import SECRET, Bed, drop_database, make_bed
from tests.bench.fill import fill_day, settle_down
from tests.bench.line_copy import copy_lines
from tests.bench.machine import Spell
from tests.bench.pdfs import measure_pdfs
from tests.bench.turns import Ratio, ratio_of

_MEGABYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Night:
    """What one night took; `pdf_ms` are its PDFs, made afterwards, each by itself, sorted."""

    seconds: float
    steps: dict[str, float]
    lines: int
    peak_mb: float
    pdf_ms: list[float]
    copy_seconds: float
    flat_copy_seconds: float
    stolen: tuple[float, float]
    """The share of the processors that was taken during the night, and during the copies."""


@dataclass(frozen=True, slots=True)
class Nights:
    """All of them; the ratio is of the night over COPY, pair by pair."""

    nights: list[Night]

    @property
    def ratio(self) -> Ratio:
        """How many times COPY's time a night takes."""
        return ratio_of([night.seconds / night.copy_seconds for night in self.nights])

    @property
    def stolen(self) -> list[float]:
        """The shares of the processors that were taken meanwhile."""
        return [share for night in self.nights for share in night.stolen]

    @property
    def peak_mb(self) -> float:
        """The largest resident size of any process, in MB."""
        return max(night.peak_mb for night in self.nights)


def measure(
    *, server: EmbeddedServer, folder: Path, partners: int, sizes: Sequence[int], say: Any
) -> Nights:
    """Settle a night of so many movements after the other, and COPY the lines of each."""
    today = datetime.now(UTC).date()
    first = today - timedelta(days=len(sizes) + 2)
    bed = make_bed(
        server=server,
        name="bench_night",
        folder=folder,
        partners=partners,
        members=20_000,
        mixed=True,
        subscribed=False,
        first_date=first,
    )
    nights = []
    filled = 0
    for number, movements in enumerate(sizes):
        day = first + timedelta(days=number)
        noon = datetime(day.year, day.month, day.day, 2, tzinfo=UTC)
        began = time.perf_counter()
        fill_day(bed=bed, date_=day, begins_at=noon, movements=movements, first=1 + filled)
        filled += movements
        settle_down(address=bed.address)
        say(f"  {movements:,} movements for {day} in {time.perf_counter() - began:.0f} s")
        spell = Spell.begin()
        ran = _run(bed, day)
        stolen = spell.stolen()
        say(f"  night: {ran['seconds']:.1f} s, {ran['peak_mb']:.0f} MB, {stolen:.0%} taken")
        copied = folder / "lines.csv"
        spell = Spell.begin()
        took, flat = copy_lines(address=bed.address, day=day, path=copied)
        shares = (stolen, spell.stolen())
        say(f"  COPY: {took:.1f} s, {shares[1]:.0%} taken")
        copied.unlink()
        nights.append(Night(**ran, copy_seconds=took, flat_copy_seconds=flat, stolen=shares))
    drop_database(server=server, name="bench_night")
    shutil.rmtree(folder / "statements", ignore_errors=True)
    return Nights(nights)


def _run(bed: Bed, day: date) -> dict[str, Any]:
    """The night in a process of its own, whose memory is its own too."""
    command = [sys.executable, "-m", "tests.bench.night", bed.address, bed.data_folder, str(day)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def main(address: str, data_folder: str, day: str) -> None:
    """Settle one date and say what it took, as JSON."""
    configure_logging(level="warning", output="console")
    config = Config(
        environment="test",
        database_url=address,
        data_folder=Path(data_folder),
        secret_key=SECRET,
        log_level="warning",
    )
    settings = replace(read_settlement_config(hub=config), pdf="no")
    marks: list[tuple[str, float]] = []
    with open_night(
        config=config,
        settings=settings,
        observe=lambda _date, event: marks.append((event, time.perf_counter())),
    ) as night:
        began = time.perf_counter()
        settle_date(night=night, business_date=date.fromisoformat(day))
        seconds = time.perf_counter() - began
        with night.database.transaction() as connection:
            count = connection.execute(
                select(statement.c.lines).where(
                    statement.c.business_date == date.fromisoformat(day)
                )
            )
            lines = sum(row.lines for row in count)
        peak = max(
            resource.getrusage(who).ru_maxrss
            for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        )
        pdf_ms = measure_pdfs(night=night, day=date.fromisoformat(day))
    steps, last = {}, began
    for event, at in marks:
        if event.endswith((":committed", ":planned")):
            steps[event] = at - last
            last = at
    print(
        json.dumps(
            {
                "seconds": seconds,
                "steps": steps,
                "lines": lines,
                "peak_mb": peak * 1024 / _MEGABYTE,
                "pdf_ms": pdf_ms,
            }
        )
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
