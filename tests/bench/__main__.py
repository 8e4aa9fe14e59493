"""`python -m tests.bench`: measure, print the table, and write docs/benchmarks.md."""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from coalition.db.embedded import EmbeddedServer
from tests.bench.document import DOCUMENT, document_of_kept
from tests.bench.kept import Measured, keep
from tests.bench.results import table
from tests.bench.scale import FULL, QUICK
from tests.bench.suite import EXPERIMENTS, Suite


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="small sizes; keeps nothing and writes no document"
    )
    parser.add_argument(
        "--only",
        nargs="+",
        choices=EXPERIMENTS,
        help="these experiments; the document keeps the others as they were measured last",
    )
    parser.add_argument("--folder", type=Path, help="where the database lies (default: var/)")
    asked = parser.parse_args()
    scale = QUICK if asked.quick else FULL
    parent = asked.folder or Path("var")
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=parent)).absolute()
    try:
        with EmbeddedServer(data_folder=folder) as server:
            for name in asked.only or EXPERIMENTS:
                measured = _measure(name, Suite(server, folder, scale, _say))
                if not asked.quick:
                    keep(measured)
                print(table(measured.rows))
                for figure in measured.figures:
                    _say(f"{figure.name}: {figure.value}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if not asked.quick:
        DOCUMENT.write_text(document_of_kept())
        _say(f"written: {DOCUMENT}")


def _measure(name: str, suite: Suite) -> Measured:
    _say(name)
    began = time.monotonic()
    getattr(suite, name)()
    minutes = (time.monotonic() - began) / 60
    return Measured(
        experiment=name,
        on=datetime.now(UTC).date(),
        machine=(
            f"{os.cpu_count()} processors, {platform.machine()}, Python {platform.python_version()}"
        ),
        minutes=minutes,
        rows=suite.rows,
        figures=suite.figures,
        stolen=suite.stolen,
    )


def _say(what: str) -> None:
    print(what, flush=True)


if __name__ == "__main__":
    main()
