"""However badly a platform tells of its orders, points equal those of the orders' last state."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from adapters.contract import Capability
from coalition.config import Config
from tests.acceptance.checkout_histories import SHOP_TERMS, told
from tests.checkout_world import PLATFORMS, Market


@pytest.fixture
def market(engine: Engine, config: Config) -> Iterator[Market]:
    made = Market(engine, config, terms=SHOP_TERMS)
    with made.stack:
        yield made


def tell(market: Market, platform: str, *, histories: int, seed: int) -> None:
    with told(market=market, platform=platform, seed=seed) as hearing:
        hearing.live(histories)
        hearing.tell_all()
        hearing.check()
        assert hearing.kills > 0
        can_lose = Capability.POLL in hearing.adapter.manifest.capabilities
        assert (hearing.lost > 0) == can_lose


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_few_histories_end_in_the_points_of_the_last_state(market: Market, platform: str) -> None:
    tell(market, platform, histories=12, seed=1)


@pytest.mark.prove
@pytest.mark.parametrize("seed", range(2, 12))
@pytest.mark.parametrize("platform", PLATFORMS)
def test_fifty_histories_at_a_time_end_in_the_points_of_their_last_states(
    market: Market, platform: str, seed: int
) -> None:
    """Ten such make 500 of each platform."""
    tell(market, platform, histories=50, seed=seed)
