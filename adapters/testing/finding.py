"""Finding the fake of a platform: by entry point, or where it stands by custom."""

from __future__ import annotations

import inspect
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec

from adapters.contract import Adapter
from adapters.registry import adapter_named
from adapters.testing.shop import Shop

__all__ = ["GROUP", "NoFake", "adapter_of", "fake_of", "shop_of"]

GROUP = "coalition.checkout.fake"


class NoFake(LookupError):  # noqa: N818 - the name says it
    """There is no fake of this platform; the message says where one was looked for."""


def adapter_of(name: str) -> Adapter:
    """An adapter that is installed, or one that is being written and stands where `new` put it.

    Raises:
        UnknownAdapter: neither.
    """
    for place in (f"adapters.{name}", f"{name}_checkout"):
        found = getattr(_module(place), "ADAPTER", None)
        if found is not None:
            adapter: Adapter = found
            return adapter
    return adapter_named(name)


def fake_of(name: str) -> type[Shop]:
    """The fake of a platform, by the adapter's name.

    Raises:
        NoFake: there is none, or more than one.
    """
    for point in entry_points(group=GROUP):
        if point.name == name:
            return shop_of(point.value)
    places = (f"adapters.testing.{name}", f"{name}_checkout.fake")
    for place in places:
        module = _module(place)
        if module is None:
            continue
        found = [
            value
            for value in vars(module).values()
            if inspect.isclass(value)
            and value.__module__ == place
            and issubclass(value, Shop)
            and not inspect.isabstract(value)
        ]
        # Others may build on it, to tell the same in another way.
        found = [each for each in found if not set(each.__mro__[1:]) & set(found)]
        if len(found) != 1:
            raise NoFake(f"{place} should hold one shop, and holds {len(found)}")
        return found[0]
    raise NoFake(
        f"there is no fake of {name}: no entry point {name} in {GROUP}, and none of the modules "
        + " and ".join(places)
    )


def shop_of(place: str) -> type[Shop]:
    """The fake at `module:Class`. Raises NoFake."""
    module, _, name = place.partition(":")
    found = getattr(_module(module), name, None)
    if not inspect.isclass(found) or not issubclass(found, Shop):
        raise NoFake(f"there is no shop at {place}")
    return found


def _module(name: str) -> object | None:
    """A module, if there is one; what goes wrong in it is not hidden."""
    try:
        there = find_spec(name) is not None
    except ModuleNotFoundError:
        there = False
    return import_module(name) if there else None
