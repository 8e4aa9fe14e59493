"""Packages: the lock file covers what they need, with hashes, and names no index."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


def _project(path: str) -> dict[str, Any]:
    project: dict[str, Any] = tomllib.loads((ROOT / path).read_text())["project"]
    return project


def _names(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=~!; ]", each)[0].lower().replace("_", "-") for each in requirements}


@pytest.mark.parametrize(
    ("lock", "extras"),
    [("requirements.lock", ("demo", "dev")), ("requirements-bench.lock", ("bench",))],
)
def test_a_lock_covers_its_extras_with_hashes_and_names_no_index(
    lock: str, extras: tuple[str, ...]
) -> None:
    text = (ROOT / lock).read_text()
    project = _project("pyproject.toml")
    needed = _names(project["dependencies"])
    for extra in extras:
        needed |= _names(project["optional-dependencies"][extra])
    pinned = re.findall(
        r"^([\w.-]+)(?:\[[\w,]+\])?==\S+ \\\n    --hash=sha256:", text, re.MULTILINE
    )
    assert needed - {name.lower() for name in pinned} == set()
    assert len(pinned) == len(re.findall(r"^[\w.-]+", text, re.MULTILINE))
    assert "://" not in text
    assert "--index" not in text
    assert "--find-links" not in text


def test_the_sdk_asks_for_three_libraries_as_the_hub_does() -> None:
    sdk = set(_project("partner_sdk/pyproject.toml")["dependencies"])
    assert _names(list(sdk)) == {"cryptography", "http-message-signatures", "requests"}
    assert sdk <= set(_project("pyproject.toml")["dependencies"])
