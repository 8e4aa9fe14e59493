"""The coalition of a month before its first date."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from coalition.agreements.service import set_face_value
from coalition.config import Config
from coalition.demo.brands import AGREED_FROM, CURRENCY
from coalition.demo.data import FIRST_DATE, ZONE, midnight
from coalition.demo.home import Home
from coalition.demo.journal import Journal
from coalition.demo.operations import Operator
from coalition.demo.replay import Replay
from partner_sdk.client import PartnerClient
from partner_sdk.keys import read_private_key
from settlement.currencies.domain import Policy, Quote
from settlement.currencies.service import import_quotes, set_policy
from settlement.disputes.service import set_rules
from settlement.disputes.values import Rules
from settlement.payments.service.terms import set_clearing_account
from settlement.profiles.domain import Profile
from settlement.profiles.service import set_profile
from settlement.steps.night import Night
from tests.acceptance.month.drama import DAYS, Mode, Month
from tests.acceptance.month.office import CLEARING_IBANS, Office, iban_of
from tests.acceptance.month.tills import LEI, Till, brands
from tests.coalition_world import World
from tests.hub_http import HttpHub
from tests.hub_server import serving


def found(*, engine: Any, mode: Mode) -> World:
    """The demo's coalition, with a face value in lei and the rates of the month."""
    world = World(engine, zone=ZONE.key, first_date=FIRST_DATE, currency=CURRENCY)
    with world.database.transaction() as connection:
        set_face_value(
            connection=connection, existing=(), currency="RON", value="0.05",
            effective_from=AGREED_FROM.isoformat(), today=AGREED_FROM,
        )  # fmt: skip
        if mode == "convert":
            set_policy(
                connection=connection, policy=Policy(FIRST_DATE, "convert", "spot", "ECB"),
                set_at=midnight(AGREED_FROM),
            )  # fmt: skip
            quotes = [
                Quote("ECB", CURRENCY, "RON", FIRST_DATE + timedelta(days=n), f"4.9{n % 10}3")
                for n in range(-3, DAYS + 2, 2)
            ]
            import_quotes(connection=connection, quotes=quotes, imported_at=midnight(FIRST_DATE))
    world.set_clock(midnight(AGREED_FROM))
    return world


def set_terms(world: World, night: Night) -> None:
    """Accounts, days to pay in, what being late costs, and quick disputes."""
    with world.database.transaction() as connection:
        for currency, iban in CLEARING_IBANS.items():
            set_clearing_account(
                connection=connection, currency=currency, iban=iban, bic=None,
                holder="Clearing house", mt940_name=None, person="ana.pop", now=night.wall(),
            )  # fmt: skip
        for party in world.snapshot().parties.values():
            if party.kind != "clearing":
                profile = Profile(
                    iban=iban_of(party.no), payment_days=2,
                    interest_micros=100_000 if party.kind == "partner" else 0,
                )  # fmt: skip
                set_profile(
                    connection=connection, party_no=party.no, profile=profile,
                    set_by="operator", now=night.wall(),
                )  # fmt: skip
        set_rules(
            connection=connection,
            rules=Rules(open_days=5, answer_days=3, escalate_days=2, two_people_micros=10_000),
            person="ana.pop", wall=night.wall(),
        )  # fmt: skip


@contextmanager
def running_month(
    *, engine: Any, config: Config, night: Night, mode: Mode, folder: Path
) -> Iterator[Month]:
    """The coalition before its first date, its hub on a socket, and a client for each brand."""
    with ExitStack() as stack:
        world = found(engine=engine, mode=mode)
        http = HttpHub(world, config)
        url = stack.enter_context(serving(http.app))
        ana, dan = http.caller("operator"), http.caller("operator", person="dan.rus")
        operator = Operator(base_url=url, token=ana.token)
        stack.callback(operator.close)
        home = Home(folder)
        clients = {}
        for brand in brands():
            keys = operator.take_on(brand, home=home)
            private = read_private_key(home.brand_key(brand.slug))
            clients[brand.slug] = stack.enter_context(
                PartnerClient(url, key_id=keys.key, private_key=private)
            )
        set_terms(world, night)
        journal = Journal(path=home.journal)
        stack.callback(journal.close)
        threads = stack.enter_context(ThreadPoolExecutor(2))
        tills: Any = {
            slug: Till(client, "RON" if slug == LEI else CURRENCY)
            for slug, client in clients.items()
        }
        replay = Replay(clients=tills, journal=journal, threads=threads)
        office = Office(world, night, ana, dan)
        yield Month(world, night, http, office, operator, clients, replay)
