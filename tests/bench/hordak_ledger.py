"""A ledger of the shelf: django-hordak posting one transfer, in a database of its own."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.bench.bed import Bed
from tests.bench.crew import Operation

ACCOUNTS = 200


def installed() -> bool:
    """Whether the bench extra is."""
    try:
        import hordak  # noqa: F401 - it is looked for
    except ImportError:
        return False
    return True


def _set_up(address: str) -> None:
    import django
    from django.conf import settings

    if settings.configured:
        return
    parts = urlsplit(address)
    settings.configure(
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": parts.path.lstrip("/"),
                "USER": parts.username or "",
                "HOST": parse_qs(parts.query).get("host", [parts.hostname or ""])[0],
                "CONN_MAX_AGE": None,
            }
        },
        INSTALLED_APPS=[
            "django.contrib.contenttypes",
            "django.contrib.auth",
            "mptt",
            "djmoney",
            "hordak",
        ],
        USE_TZ=True,
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        DEFAULT_CURRENCY="EUR",
        CURRENCIES=["EUR"],
        SECRET_KEY="-",
    )
    django.setup()


def prepare(address: str) -> None:
    """Make its tables and accounts. Run in a process of its own: Django is set up once for one."""
    _set_up(address)
    from django.core.management import call_command
    from hordak.models import Account

    call_command("migrate", verbosity=0)
    for number in range(ACCOUNTS):
        Account.objects.create(
            name=f"Account {number}", type="AS", code=f"{number}", currencies=["EUR"]
        )


@contextmanager
def transfer(bed: Bed, number: int) -> Iterator[Operation]:
    """One transfer between two accounts that are in memory: a transaction with two legs."""
    _set_up(bed.address)
    from hordak.models import Account

    accounts: list[Any] = list(Account.objects.all())
    yield _transfers(lambda chosen: chosen.sample(accounts, 2), number)


@contextmanager
def transfer_by_id(bed: Bed, number: int) -> Iterator[Operation]:
    """The same between accounts that are named by their ids, as members are to the hub."""
    _set_up(bed.address)
    from hordak.models import Account

    ids: list[Any] = list(Account.objects.values_list("pk", flat=True))
    yield _transfers(
        lambda chosen: [Account.objects.get(pk=each) for each in chosen.sample(ids, 2)], number
    )


def _transfers(find: Callable[[random.Random], list[Any]], number: int) -> Operation:
    from django.db import connections
    from djmoney.money import Money

    amount = Money(7, "EUR")
    chosen = random.Random(number)

    def operation(_call: int) -> None:
        source, target = find(chosen)
        source.transfer_to(target, amount)

    # A thread's connection would outlive it.
    operation.rest = connections.close_all  # type: ignore[attr-defined]
    return operation
