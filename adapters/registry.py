"""Finding adapters, ours and those that partners ship: by entry points of `coalition.checkout`."""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points

from adapters.contract import Adapter

GROUP = "coalition.checkout"


class UnknownAdapter(LookupError):  # noqa: N818 - the name says it
    """No adapter of that name is installed; the message lists those that are."""


@cache
def adapters() -> dict[str, Adapter]:
    """All installed adapters by name.

    Raises:
        ValueError: two of one name, or one whose manifest names itself otherwise.
    """
    found: dict[str, Adapter] = {}
    for point in entry_points(group=GROUP):
        adapter: Adapter = point.load()
        if point.name in found or adapter.manifest.name != point.name:
            raise ValueError(f"two adapters are called {point.name}, or one calls itself otherwise")
        found[point.name] = adapter
    return dict(sorted(found.items()))


def adapter_named(name: str) -> Adapter:
    """One adapter. Raises UnknownAdapter."""
    found = adapters()
    try:
        return found[name]
    except KeyError:
        known = ", ".join(found)
        raise UnknownAdapter(f"there is no adapter {name}; installed are: {known}") from None
