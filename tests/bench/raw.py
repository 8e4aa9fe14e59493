"""The floor of the work: `pgbench` inserting one row, each insert a durable commit of its own."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

import psycopg

from coalition.db.embedded import programs_folder
from tests.bench.turns import Sample

CLIENTS = 8
_TABLE = (
    "CREATE TABLE IF NOT EXISTS raw_insert"
    " (account bigint NOT NULL, points bigint NOT NULL, made_at timestamptz NOT NULL)"
)
_SCRIPT = (
    "\\set account random(1, 10000)\n"
    "INSERT INTO raw_insert VALUES (:account, 42, CURRENT_TIMESTAMP);\n"
)


class RawInsert:
    """Single-row inserts into a table without any index, prepared, over the same socket."""

    def __init__(self, *, address: str, seconds: float) -> None:
        self._address = address
        self._seconds = seconds
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(_TABLE)

    def run(self) -> Sample:
        """One turn."""
        return run_pgbench(address=self._address, script=_SCRIPT, seconds=self._seconds)


def run_pgbench(
    *, address: str, script: str, seconds: float, variables: Mapping[str, str] | None = None
) -> Sample:
    """Let pgbench's clients run a script, prepared, for that long; the variables are texts."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "script.sql")
        path.write_text(script)
        command = [
            str(programs_folder() / "pgbench"), "--no-vacuum", "--protocol=prepared",
            f"--client={CLIENTS}", "--jobs=2", f"--time={max(1, round(seconds))}",
            f"--file={path}",
            *(f"--define={name}={value}" for name, value in (variables or {}).items()),
            address,
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"pgbench failed: {done.stderr}")
    found = re.search(r"tps = ([0-9.]+)", done.stdout)
    if found is None:
        raise RuntimeError(f"pgbench said nothing of its rate: {done.stdout}")
    return Sample(rate=float(found.group(1)))
