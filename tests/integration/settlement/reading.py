"""Reading bundles back in tests."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from settlement.steps.night import Night


def bundle_path(night: Night, day: date, slug: str) -> Path:
    """Where a party's bundle of a date lies."""
    return night.statements_folder / day.isoformat() / f"{slug}.zip"


def read_statement(path: Path) -> dict[str, Any]:
    """The statement.json of a bundle."""
    with ZipFile(path) as bundle:
        statement: dict[str, Any] = json.loads(bundle.read("statement.json"))
        return statement


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The lines of a bundle."""
    with ZipFile(path) as bundle:
        return [json.loads(line) for line in bundle.read("lines.ndjson").splitlines()]
