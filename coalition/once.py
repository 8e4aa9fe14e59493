"""What a process has one of, and what it may do so often a second and no more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

T = TypeVar("T")


class Once:
    """Made when it is first asked for, and kept. Safe to share between threads."""

    def __init__(self) -> None:
        self._made: dict[type[Any], Any] = {}

    def __call__(self, kind: type[T], make: Callable[[], T]) -> T:
        """The one of that kind; `make` makes it."""
        found = self._made.get(kind)
        if found is None:
            found = self._made.setdefault(kind, make())  # atomic: the first one made is kept
        return cast("T", found)


class PerSecond:
    """A limit by the second. Threads that ask at once may have one too many."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._second, self._count = 0, 0

    def allows(self, now: float) -> bool:
        """Whether one more is allowed; `now` in seconds, of a clock that is never set back."""
        if int(now) != self._second:
            self._second, self._count = int(now), 0
        self._count += 1
        return self._count <= self._most
