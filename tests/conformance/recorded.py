"""Messages that platforms once sent, where this machine has them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

BESIDE = Path(__file__).resolve().parents[3] / "shared" / "payloads"
FOLDER = Path(os.environ.get("COALITION_RECORDED_MESSAGES", BESIDE))


def recorded(name: str, member: str | None = None) -> bytes:
    """A recorded message's body; skips where there is no record."""
    path = FOLDER / name
    if not path.exists():
        pytest.skip(f"there is no recorded {name} on this machine")
    value = json.loads(path.read_text("utf-8"))
    return json.dumps(value if member is None else value[member]).encode()
