"""The demo from an empty folder to settled nights, and on from where it stopped."""

import contextlib
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from coalition.config import Config
from coalition.demo.brands import AGREED_FROM, BRANDS
from coalition.demo.data import FIRST_DATE, LAST_DATE, Year, midnight, read_year
from coalition.demo.derive import Day, Derivation
from coalition.demo.home import Home
from coalition.demo.journal import Journal
from coalition.demo.night import Night, Settlement, Verifier
from coalition.demo.operations import (
    Operator,
    PartnerKeys,
    operator_token,
    read_partner_keys,
    write_partner_keys,
)
from coalition.demo.replay import Replay
from coalition.demo.report import Outcome
from coalition.demo.server import environment_of, run_command, running_hub
from partner_sdk.client import PartnerClient
from partner_sdk.keys import read_private_key

__all__ = ["Demo", "Parts", "running_demo"]

#: Threads that talk to the hub: two cores are shared with it and its database.
THREADS = 6
#: No return comes later than this after its sale.
LONGEST_RETURN = timedelta(days=max(brand.return_days[1] for brand in BRANDS))
#: Settling starts when the date has been over for this long.
AFTER_MIDNIGHT = timedelta(minutes=5)


@dataclass(slots=True)
class Parts:
    """Seconds of each part of the run, in the order in which they first began."""

    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))

    @contextlib.contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Add the block's time to a part."""
        began = time.perf_counter()
        self.seconds[name] += 0.0  # keeps the order
        try:
            yield
        finally:
            self.seconds[name] += time.perf_counter() - began


@dataclass(slots=True)
class Demo:
    """A coalition that runs: its hub, its operator, its brands."""

    config: Config
    home: Home
    environment: Mapping[str, str]
    base_url: str
    operator: Operator
    operator_token: str
    partners: Mapping[str, PartnerKeys]
    journal: Journal
    year: Year
    parts: Parts

    def next_date(self) -> date:
        """The first business date that is not settled yet."""
        last = self.journal.last_settled
        return FIRST_DATE if last is None else last + timedelta(days=1)

    def replay(self, *, days: int, console: Console) -> Outcome:
        """Replay and settle the next `days` business dates, verify their bundles, prove the ledger.

        Raises:
            ReplayError, NightError, CommandError, CoalitionError: what failed, in words.
        """
        first = self.next_date()
        count = min(days, (LAST_DATE - first).days + 1)
        dates = [first + timedelta(days=number) for number in range(count)]
        nights: list[Night] = []
        with contextlib.ExitStack() as stack:
            threads = ThreadPoolExecutor(THREADS)
            stack.callback(threads.shutdown, cancel_futures=True)
            clients = {
                slug: stack.enter_context(self._client(slug, keys))
                for slug, keys in self.partners.items()
            }
            replay = Replay(clients=clients, journal=self.journal, threads=threads)
            verifier = stack.enter_context(
                Verifier(statements=self.home.statements, root=self.home.root)
            )
            verifier.start_after(first)
            settlement = stack.enter_context(
                Settlement(environment=self.environment, log=self.home.log("settlement"))
            )
            progress = stack.enter_context(_progress(console))
            task = progress.add_task("", total=count, sales=0)
            for day in self._days(dates):
                progress.update(task, description=day.date.isoformat())
                self._play(replay, day)
                nights.append(self._settle(settlement, day.date))
                verifier.verify(day.date)
                sold = sum(each.sales for each in replay.counts.values())
                progress.update(task, advance=1, sales=sold)
            with self.parts.part("verify the bundles (what the replay did not cover)"):
                bundles = verifier.facts()
        with self.parts.part("ledger check"):
            ledger = run_command("ledger", "check", environment=self.environment)
        return Outcome(
            dates=dates,
            counts=replay.counts,
            without_points=replay.without_points,
            nights=nights,
            bundles=bundles,
            seconds=self.parts.seconds,
            ledger=ledger.strip(),
        )

    def _client(self, slug: str, keys: PartnerKeys) -> PartnerClient:
        return PartnerClient(
            self.base_url,
            key_id=keys.key,
            private_key=read_private_key(self.home.brand_key(slug)),
            pool_size=THREADS,
            timeout=(5.0, 120.0),
        )

    def _days(self, dates: list[date]) -> Iterator[Day]:
        """The days' events; the next day is made while the present one is replayed."""
        derivation = Derivation(brands=BRANDS, coupon_days=self.year.coupon_days)

        def made(day: date) -> Day:
            return derivation.day(day=day, sales=self.year.sales_of(day))

        if not dates:
            return
        start = dates[0]
        for number in range(LONGEST_RETURN.days, 0, -1):
            made(start - timedelta(days=number))  # sales whose returns are still to come
        with ThreadPoolExecutor(1) as maker:
            coming: Future[Day] = maker.submit(made, start)
            for following in [*dates[1:], None]:
                day = coming.result()
                if following is not None:
                    coming = maker.submit(made, following)
                yield day

    def _play(self, replay: Replay, day: Day) -> None:
        if self.journal.last_told == day.date:
            return  # an earlier run stopped in this night: business time is past the date already
        with self.parts.part("replay"):
            self.operator.set_clock(end_of(day.date) - timedelta(seconds=1))
            replay.play(day)
            self.journal.told(day.date)

    def _settle(self, settlement: Settlement, day: date) -> Night:
        with self.parts.part("settlement"):
            self.operator.set_clock(end_of(day) + AFTER_MIDNIGHT)
            night = settlement.settle(day)
            self.journal.settled(day)
        return night


def end_of(day: date) -> datetime:
    """The instant at which a business date ends: the next one's midnight."""
    return midnight(day + timedelta(days=1))


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("days, {task.fields[sales]:,} sales"),
        TimeElapsedColumn(),
        console=console,
    )


@contextlib.contextmanager
def running_demo(*, config: Config, parts: Parts) -> Iterator[Demo]:
    """Start the demo's coalition, made on first use; stop it at the end of the block.

    Raises:
        ConfigError, DataMissingError, EmbeddedError, ServeError, CoalitionError: in words.
    """
    home = Home(config.data_folder)
    with contextlib.ExitStack() as stack:
        reader = stack.enter_context(ThreadPoolExecutor(1))
        reading = reader.submit(read_year)
        with parts.part("database and hub"):
            hub = stack.enter_context(running_hub(config=config, jobs=False, log=home.log("hub")))
            url = hub.database_address
            token = operator_token(home=home, database_url=url, environment=config.environment)
            operator = Operator(base_url=hub.base_url, token=token)
            stack.callback(operator.close)
        with parts.part("brands"):
            partners = _take_on_brands(operator, home)
        with parts.part("purchases (what the start did not cover)"):
            year = reading.result()
        journal = Journal(path=home.journal)
        stack.callback(journal.close)
        yield Demo(
            config=config,
            home=home,
            environment=environment_of(config=config, database_url=url),
            base_url=hub.base_url,
            operator=operator,
            operator_token=token,
            partners=partners,
            journal=journal,
            year=year,
            parts=parts,
        )


def _take_on_brands(operator: Operator, home: Home) -> dict[str, PartnerKeys]:
    path = home.own / "partners.json"
    known = read_partner_keys(path)
    if not known:
        # Agreements may not begin in the past: they are published on the day they begin.
        operator.set_clock(midnight(AGREED_FROM))
        known = {brand.slug: operator.take_on(brand, home=home) for brand in BRANDS}
        write_partner_keys(path, known)
    return known
