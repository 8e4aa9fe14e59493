"""What a process needs one of: made when it is first asked for, and kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

T = TypeVar("T")


class Once:
    """One for a process. Safe to share between threads."""

    def __init__(self) -> None:
        self._made: dict[type[Any], Any] = {}

    def __call__(self, kind: type[T], make: Callable[[], T]) -> T:
        """The one of that kind; `make` makes it."""
        found = self._made.get(kind)
        if found is None:
            found = self._made.setdefault(kind, make())  # atomic: the first one made is kept
        return cast("T", found)
