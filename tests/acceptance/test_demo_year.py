"""The whole year: every purchase replayed, every night settled, every bundle verified."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.prove

DEMO = "from coalition.cli import main; main()"


@pytest.fixture
def folder() -> Iterator[Path]:
    # Not pytest's own temporary folder: that is closed to the user the database runs as.
    made = Path(tempfile.mkdtemp(prefix="coalition-year-"))
    yield made / "var"
    shutil.rmtree(made, ignore_errors=True)


def test_the_whole_year_settles_in_365_windows_and_leaves_a_clean_ledger(folder: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in {"DATABASE_URL", "DAYS", "SERVE", "RESET"}
    }
    environment |= {
        "COALITION_DATA": str(folder),
        "COALITION_BIND": f"127.0.0.1:{port}",
        "COLUMNS": "180",
    }
    answer = subprocess.run(
        [sys.executable, "-c", DEMO, "demo", "--no-serve", "--days", "365"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "Settled: 365 nights, 3650 bundles verified offline" in answer.stdout
    together = next(line for line in answer.stdout.splitlines() if "Together" in line)
    assert together.split("│")[2].strip() == "313,657"
    assert "0 broken" in answer.stdout
    assert len(list((folder / "statements").iterdir())) == 365
