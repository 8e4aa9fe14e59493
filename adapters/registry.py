"""Finding adapters, ours and those that partners ship: by entry points of `coalition.checkout`."""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points

from adapters.contract import Adapter

GROUP = "coalition.checkout"


class UnknownAdapter(LookupError):  # noqa: N818 - the name says it
    """No adapter of that name is installed; the message lists those that are."""


@cache
def adapter_named(name: str) -> Adapter:
    """One adapter; the others are not even imported, so that a broken one hurts nobody else.

    Raises:
        UnknownAdapter: none is called that.
        ValueError: two are, or the one calls itself otherwise.
    """
    points = entry_points(group=GROUP, name=name)
    if not points:
        known = ", ".join(_names())
        raise UnknownAdapter(f"there is no adapter {name}; installed are: {known}")
    found: list[Adapter] = [point.load() for point in points]
    if len(found) > 1 or found[0].manifest.name != name:
        raise ValueError(f"two adapters are called {name}, or one calls itself otherwise")
    return found[0]


def adapters() -> dict[str, Adapter]:
    """All installed adapters by name. Raises ValueError like `adapter_named`."""
    return {name: adapter_named(name) for name in _names()}


def _names() -> list[str]:
    return sorted({point.name for point in entry_points(group=GROUP)})
