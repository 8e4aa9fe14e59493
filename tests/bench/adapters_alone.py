"""Adapters by themselves: how long each takes to verify a message of its platform and to read it.

Both are pure functions, and both stand between a delivery and its acknowledgement.
"""

from __future__ import annotations

import time

from adapters.contract import Adapter, Rejected
from adapters.registry import adapters
from adapters.testing.finding import NoFake, fake_of
from adapters.testing.shop import Item, Shop
from tests.bench.results import Figure

_BASKET = (Item("1", 1600), Item("2", 500, count=2), Item("3", 399))
# A repeat is short, so that some of them are not interrupted by what else the machine does.
_REPEATS, _CALLS = 20, 50


def verify_and_parse() -> list[Figure]:
    """A figure for each adapter that is installed: the best of some repeats."""
    figures = []
    for name, adapter in adapters().items():
        what = f"verify + parse, {adapter.manifest.title}"
        try:
            shop = fake_of(name)()
        except NoFake:
            figures.append(Figure(what, "not measured: there is no shop in memory"))
            continue
        shop.buy(shop.possible(_BASKET))
        best = min(_seconds(adapter, shop) for _ in range(_REPEATS))
        each = best / (_CALLS * len(shop.sent)) * 1e6
        size = sum(len(message.request.body) for message in shop.sent) / len(shop.sent)
        figures.append(Figure(what, f"{each:,.0f} µs a message of {size:,.0f} bytes"))
    return figures


def _seconds(adapter: Adapter, shop: Shop) -> float:
    """What so many readings of all that the shop sent of a purchase take."""
    rejected = 0
    began = time.perf_counter()
    for _ in range(_CALLS):
        for message in shop.sent:
            verdict = adapter.verify(request=message.request, secrets=shop.secrets, now=message.at)
            rejected += isinstance(verdict, Rejected)
            adapter.parse(request=message.request, settings=shop.settings)
    seconds = time.perf_counter() - began
    if rejected:
        raise RuntimeError(f"{adapter.manifest.name} does not take its own platform's message")
    return seconds
