"""Every advisory lock has a number of its own, which stands in one of the two lists of them."""

from __future__ import annotations

import re

from coalition.db import locks as of_hub
from settlement import locks as of_settlement
from tests.architecture.test_packages import ROOT

_LISTS = ("coalition/db/locks.py", "settlement/locks.py")
_NUMBER = re.compile(r"advisory_\w*lock\w*\(\s*\d")


def numbers() -> list[int | tuple[int, int]]:
    return [
        value
        for each in (of_hub, of_settlement)
        for name, value in vars(each).items()
        if name.isupper()
    ]


def test_no_two_locks_share_a_number() -> None:
    pairs = [each for each in numbers() if isinstance(each, tuple)]
    families = [each for each in numbers() if isinstance(each, int)]
    assert len(set(pairs)) == len(pairs) >= 6
    assert len(set(families)) == len(families) >= 7
    assert not {first for first, _ in pairs} & set(families)


def test_no_lock_is_taken_by_a_number_that_is_not_in_the_lists() -> None:
    found = [
        str(path.relative_to(ROOT))
        for package in ("coalition", "settlement")
        for path in (ROOT / package).rglob("*.py")
        if "migrations" not in path.parts and _NUMBER.search(path.read_text())
    ]
    assert not [path for path in found if path not in _LISTS]
