"""A simulated hub over real HTTP, and a client of it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from partner_sdk.client import PartnerClient
from partner_sdk.testing import HubSimulator
from partner_sdk.wire.amounts import MICROS, Money
from partner_sdk.wire.sales import MemberRef, Sale, SaleLine

MakeSale = Callable[..., Sale]


@pytest.fixture
def hub() -> Iterator[HubSimulator]:
    with HubSimulator() as running:
        yield running


@pytest.fixture
def client(hub: HubSimulator) -> Iterator[PartnerClient]:
    with hub.client() as made:
        yield made


@pytest.fixture
def make_sale() -> MakeSale:
    def make(sale_id: str, *, units: int = 40, member: str | None = "ann", **more: object) -> Sale:
        line = SaleLine(id="1", category="food", quantity="1", amount=Money(units * MICROS, "EUR"))
        return Sale(
            id=sale_id,
            occurred_at=datetime(2026, 11, 22, 9, tzinfo=UTC),
            currency="EUR",
            lines=(line,),
            member=None if member is None else MemberRef(reference=member),
            **more,  # type: ignore[arg-type]
        )

    return make
