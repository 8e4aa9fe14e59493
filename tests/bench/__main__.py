"""`python -m tests.bench`: measure, print the table, and write docs/benchmarks.md."""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from coalition.db.embedded import EmbeddedServer
from tests.bench.results import DOCUMENT, document, table
from tests.bench.scale import FULL, QUICK
from tests.bench.suite import EXPERIMENTS, Suite

_NOTES = Path(__file__).with_name("notes.md")


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes; writes no document")
    parser.add_argument(
        "--only", nargs="+", choices=EXPERIMENTS, help="these experiments; writes no document"
    )
    parser.add_argument("--write", action="store_true", help="with --only: write it all the same")
    parser.add_argument("--folder", type=Path, help="where the database lies (default: var/)")
    asked = parser.parse_args()
    scale = QUICK if asked.quick else FULL
    parent = asked.folder or Path("var")
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=parent)).absolute()
    began = time.monotonic()
    try:
        with EmbeddedServer(data_folder=folder) as server:
            suite = Suite(server=server, folder=folder, scale=scale, say=_say)
            for name in asked.only or EXPERIMENTS:
                _say(name)
                getattr(suite, name)()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(table(suite.rows))
    for figure in suite.figures:
        print(f"{figure.name}: {figure.value}")
    if not asked.quick and (asked.write or not asked.only):
        text = document(
            rows=suite.rows,
            figures=suite.figures,
            notes=_NOTES.read_text(),
            scale=scale,
            on=datetime.now(UTC).date(),
            minutes=(time.monotonic() - began) / 60,
        )
        DOCUMENT.write_text(text)
        print(f"written: {DOCUMENT}")


def _say(what: str) -> None:
    print(what, flush=True)


if __name__ == "__main__":
    main()
