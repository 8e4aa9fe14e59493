"""How cases are switched on: by the manifest, never by a skip."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, ClassVar, TypeVar

from adapters.conformance.hub import TinyHub
from adapters.contract import (
    Adapter,
    Answer,
    Call,
    Capability,
    Order,
    Rejected,
    Request,
    Secrets,
    Verified,
)
from adapters.testing.shop import Item, Purchase, Shop

_Case = TypeVar("_Case", bound=Callable[..., None])


def needs(*capabilities: Capability, any_of: Iterable[Capability] = ()) -> Callable[[_Case], _Case]:
    """A case of adapters that declare all of these, and of `any_of` one at least."""

    def mark(case: _Case) -> _Case:
        case.needs = frozenset(capabilities)  # type: ignore[attr-defined]  # a mark on a function
        case.any_of = frozenset(any_of)  # type: ignore[attr-defined]  # likewise
        return case

    return mark


def lacking(
    case: Callable[..., None], capabilities: frozenset[Capability]
) -> frozenset[Capability]:
    """What an adapter that declares these lacks for a case; nothing: the case is one of its."""
    every: frozenset[Capability] = getattr(case, "needs", frozenset())
    some: frozenset[Capability] = getattr(case, "any_of", frozenset())
    return (every - capabilities) | (some if some.isdisjoint(capabilities) else frozenset())


class Base:
    """What the groups of cases share. A suite sets `adapter` and `shop`."""

    adapter: ClassVar[Adapter]
    shop: ClassVar[type[Shop]]
    #: How many random histories are tried; `coalition adapter check` tries 500.
    histories: ClassVar[int] = 50

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Take away the cases that the manifest says do not apply.

        Raises:
            TypeError: a suite that replaces a case of the kit.
        """
        super().__init_subclass__(**kwargs)
        if "adapter" not in vars(cls):
            return
        kit = cases_of(cls)
        replaced = sorted(kit.keys() & vars(cls).keys())
        if replaced:
            raise TypeError(f"{cls.__name__} replaces cases of the kit: {', '.join(replaced)}")
        for name, case in kit.items():
            if lacking(case, cls.adapter.manifest.capabilities):
                setattr(cls, name, None)

    def new_shop(self, **kwargs: Any) -> Shop:
        """A shop without purchases."""
        return self.shop(**kwargs)

    def new_hub(self, shop: Shop, ask: Callable[[Call], Answer] | None = None) -> TinyHub:
        """A hub that has heard nothing of it."""
        return TinyHub(adapter=self.adapter, shop=shop, ask=ask)

    def heard(self, shop: Shop) -> TinyHub:
        """A hub that was told everything, once and in order."""
        hub = self.new_hub(shop)
        for message in shop.sent:
            hub.deliver(message)
        return hub

    def can(self, *capabilities: Capability) -> bool:
        """Whether the manifest declares all of these."""
        return self.adapter.manifest.capabilities.issuperset(capabilities)

    @property
    def refunds(self) -> bool:
        """Whether the platform tells of refunds; one that does not changes the order itself."""
        return self.can(Capability.REFUND_BY_LINE) or self.can(Capability.REFUND_BY_AMOUNT)

    def basket(self, *minor: int, count: int = 1) -> tuple[Item, ...]:
        """Goods of so much each."""
        return tuple(Item(f"L{i}", each, count) for i, each in enumerate(minor, 1))

    def verify(self, request: Request, secrets: Secrets, now: datetime) -> Verified | Rejected:
        """The adapter's verdict."""
        return self.adapter.verify(request=request, secrets=secrets, now=now)

    def samples(self, shop: Shop) -> Iterator[tuple[str, Request]]:
        """Every scenario's messages, by name."""
        for scenario in self.adapter.manifest.scenarios:
            for request in self.adapter.sample(
                scenario=scenario, secrets=shop.secrets, settings=shop.settings, now=shop.now
            ):
                yield scenario, request

    def kept(self, order: Order) -> int:
        """What is kept of an order (micros), whether refunds are told apart or lower its lines."""
        back = sum(r.amount_micros for r in order.refunds if r.status == "succeeded")
        return sum(line.amount_micros for line in order.lines) - back

    def bought(self, shop: Shop, *minor: int, **kwargs: Any) -> Purchase:
        """A purchase of goods of so much each."""
        return shop.buy(self.basket(*minor), **kwargs)


def cases_of(suite: type) -> dict[str, Any]:
    """The kit's cases that a suite inherits, by name."""
    found: dict[str, Any] = {}
    for base in reversed(suite.__mro__[1:]):
        if base.__module__.startswith("adapters.conformance"):
            found |= {name: case for name, case in vars(base).items() if name.startswith("test_")}
    return {name: case for name, case in found.items() if callable(case)}
