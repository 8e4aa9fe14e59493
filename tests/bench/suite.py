"""The experiments: which contenders meet, and which bars are made of them."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from coalition.db.embedded import EmbeddedServer
from tests.bench import growth, hordak_ledger, night
from tests.bench.adapters_alone import verify_and_parse
from tests.bench.bed import Bed, create_database, drop_database, make_bed
from tests.bench.crew import Crew
from tests.bench.deliveries import delivering
from tests.bench.over_http import served
from tests.bench.own_statement import OwnStatement
from tests.bench.raw import RawInsert
from tests.bench.results import Figure, Row
from tests.bench.scale import Scale
from tests.bench.turns import Contender, Ratio, Turns, percentile, ratio_of, take_turns

Say = Callable[[str], None]
_RAW = "raw insert"
_STATEMENT = "an earn's statement, sent by `pgbench`"
_HORDAK = "django-hordak, accounts in memory"
_HORDAK_BY_ID = "django-hordak, accounts by id"


@dataclass
class Suite:
    """Runs experiments on one server and collects what they say."""

    server: EmbeddedServer
    folder: Path
    scale: Scale
    say: Say
    rows: list[Row] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    stolen: list[float] = field(default_factory=list)

    @contextmanager
    def bed(self, name: str, *, subscribed: bool = True) -> Iterator[Bed]:
        """A coalition for one experiment."""
        yield make_bed(
            server=self.server,
            name=name,
            folder=self.folder,
            partners=self.scale.partners,
            members=self.scale.members,
            subscribed=subscribed,
        )
        drop_database(server=self.server, name=name)

    def crew(self, maker: str, bed: Bed, *, threads: int = 16) -> Crew:
        """Two processes of threads that do what `tests.bench.<maker>` makes."""
        return Crew(maker=f"tests.bench.{maker}", bed=bed, processes=2, threads=threads)

    def turns(self, contenders: dict[str, Contender]) -> Turns:
        """Let them meet; note their absolute figures."""
        turns = take_turns(
            contenders=contenders,
            rounds=self.scale.rounds,
            say=self.say,
            patience=self.scale.patience,
        )
        self.stolen += turns.stolen
        for name in contenders:
            p50, p99 = turns.latency(name)
            spread = "" if p50 is None or p99 is None else f", p50 {p50:.1f} ms, p99 {p99:.1f} ms"
            self.figures.append(Figure(name, f"{turns.rate(name):,.0f}/s{spread}"))
        return turns

    def compare(
        self, turns: Turns, measured: str, base: str, at_least: float | None, *, times: float = 1
    ) -> None:
        """Add a row, a bar where there is a target.

        `times` brings two that count differently to one measure.
        """
        found = turns.ratio(measured, base)
        ratio = Ratio(found.median * times, found.lowest * times, found.highest * times)
        self.rows.append(Row(measured, base, ratio, at_least=at_least))

    def postings(self) -> None:
        """Earn and spend, one at a time, beside single-row inserts and a ledger of the shelf."""
        seconds = self.scale.seconds
        own, combined = "earn, each on its own", "earn, with write-combining"
        redeem, hold = "one-step redemption", "hold + capture"
        with self.bed("bench_postings") as bed, ExitStack() as stack:
            raw = RawInsert(address=bed.address, seconds=seconds)
            contenders: dict[str, Contender] = {_RAW: raw.run}
            contenders[_STATEMENT] = OwnStatement(bed=bed, seconds=seconds).run
            makers = {
                own: "work:earn",
                combined: "work:earn_combined",
                redeem: "work:redeem",
                hold: "work:hold_and_capture",
            }
            for name, maker in makers.items():
                crew = stack.enter_context(self.crew(maker, bed))
                contenders[name] = lambda crew=crew: crew.run(seconds)
            contenders |= self._hordak(stack)
            turns = self.turns(contenders)
        self.compare(turns, _STATEMENT, _RAW, None)
        self.compare(turns, own, _RAW, 0.2)
        self.compare(turns, combined, _RAW, 0.5)
        for base in (_HORDAK, _HORDAK_BY_ID):
            if base in contenders:
                self.compare(turns, own, base, 8)
                self.compare(turns, combined, base, 20)
        self.compare(turns, redeem, _RAW, 0.08)
        self.compare(turns, hold, _RAW, 0.04)

    def _hordak(self, stack: ExitStack) -> dict[str, Contender]:
        if not hordak_ledger.installed():
            self.say("  django-hordak is not installed (the bench extra): left out")
            return {}
        name = "bench_hordak"
        address = create_database(server=self.server, name=name)
        stack.callback(drop_database, server=self.server, name=name)
        # Django is set up once for a process, so not in this one.
        process = multiprocessing.get_context("spawn").Process(
            target=hordak_ledger.prepare, args=(address,)
        )
        process.start()
        process.join()
        if process.exitcode != 0:
            raise RuntimeError("django-hordak's tables could not be made")
        bed = Bed(address, str(self.folder), (), ())
        contenders: dict[str, Contender] = {}
        makers = {_HORDAK: "transfer", _HORDAK_BY_ID: "transfer_by_id"}
        for label, maker in makers.items():
            crew = stack.enter_context(self.crew(f"hordak_ledger:{maker}", bed, threads=4))
            contenders[label] = lambda crew=crew: crew.run(self.scale.seconds)
        return contenders

    def batches(self) -> None:
        """Batches of sales beside arrays that are ready."""
        ours, ready = "batches of 500 sales", "`unnest` of ready arrays"
        with self.bed("bench_batches", subscribed=False) as bed, ExitStack() as stack:
            bed = replace(bed, batch=self.scale.batch)
            calls = self.scale.batches
            contenders: dict[str, Contender] = {}
            for name, maker in {ours: "work:batch", ready: "ready:arrays"}.items():
                crew = stack.enter_context(self.crew(maker, bed, threads=1))
                contenders[name] = lambda crew=crew: crew.run_calls(calls)
            turns = self.turns(contenders)
        self.compare(turns, ours, ready, 0.3)

    def http(self) -> None:
        """A sale over HTTP: signed, unsigned, and a bare route; and a redemption."""
        signed, unsigned, bare = "signed PUT of a sale", "the same unsigned", "bare Flask route"
        redeemed = "signed POST of a redemption"
        with (
            self.bed("bench_http", subscribed=False) as bed,
            served(bed=bed, requests=self.scale.requests) as till,
        ):
            turns = self.turns(
                {
                    signed: till.signed,
                    unsigned: till.unsigned,
                    bare: till.bare,
                    redeemed: till.redeemed,
                }
            )
        self.compare(turns, signed, unsigned, 0.7)
        self.compare(turns, signed, bare, 0.3)
        self.compare(turns, redeemed, signed, None)

    def checkouts(self) -> None:
        """Deliveries accepted and worked on beside signed sales; each adapter by itself."""
        signed, requests = "signed PUT of a sale, beside deliveries", self.scale.requests
        accepted, processed = "delivery accepted to the inbox", "delivery processed by its job"
        with (
            self.bed("bench_checkouts", subscribed=False) as bed,
            served(bed=bed, requests=requests) as till,
            delivering(bed=bed, address=till.hub, requests=requests) as platform,
        ):
            # In this order: what is accepted in a turn is what the next one processes.
            turns = self.turns(
                {signed: till.signed, accepted: platform.accepted, processed: platform.processed}
            )
        self.compare(turns, accepted, signed, None)
        self.compare(turns, processed, signed, None)
        self.figures += verify_and_parse()

    def night(self) -> None:
        """A night, and COPY of its lines."""
        scale = self.scale
        nights = night.measure(
            server=self.server,
            folder=self.folder,
            partners=scale.night_partners,
            sizes=[scale.night_movements] * scale.nights,
            say=self.say,
        )
        self.stolen += nights.stolen
        what = f"a night of {scale.night_movements:,} movements, {scale.night_partners} partners"
        self.rows.append(Row(what, "`COPY` of its lines to a file", nights.ratio, at_most=10))
        peaks = ratio_of([each.peak_mb for each in nights.nights])
        self.rows.append(Row("its peak memory", "–", peaks, at_most=300, unit=" MB"))
        last = nights.nights[-1]
        self.figures.append(Figure(what, f"{last.seconds:.0f} s for {last.lines:,} lines"))
        self.figures.append(Figure("`COPY` of its lines", f"{last.copy_seconds:.0f} s"))
        self.figures.append(
            Figure("`COPY` of the same rows, joined before", f"{last.flat_copy_seconds:.0f} s")
        )
        flat = ratio_of([each.seconds / each.flat_copy_seconds for each in nights.nights])
        self.figures.append(Figure("the night, in times of that", f"{flat.median:.1f}"))
        typical, slow = (percentile(last.pdf_ms, share) for share in (0.5, 0.99))
        self.figures.append(
            Figure("a PDF, set and signed", f"p50 {typical:.0f} ms, p99 {slow:.0f} ms a partner")
        )
        for step, seconds in last.steps.items():
            self.figures.append(Figure(f"the night up to `{step}`", f"{seconds:.1f} s"))

    def large_night(self) -> None:
        """A night ten times as large, movement for movement, beside a night as before."""
        scale = self.scale
        nights = night.measure(
            server=self.server,
            folder=self.folder,
            partners=scale.night_partners,
            sizes=[scale.night_movements, scale.night_large],
            say=self.say,
        )
        self.stolen += nights.stolen
        usual, large = nights.nights
        what = f"a night of {scale.night_large:,} movements, for each"
        base = f"a night of {scale.night_movements:,}, for each"
        slower = (large.seconds / scale.night_large) / (usual.seconds / scale.night_movements)
        self.rows.append(Row(what, base, ratio_of([slower]), at_most=1))
        self.rows.append(
            Row("its peak memory", "–", ratio_of([large.peak_mb]), at_most=300, unit=" MB")
        )
        self.figures.append(Figure(what, f"{large.seconds:.0f} s for {large.lines:,} lines"))

    def growth(self) -> None:
        """Earn and redemption over a small and a large ledger."""
        scale = self.scale
        turns = growth.measure(server=self.server, folder=self.folder, scale=scale, say=self.say)
        self.stolen += turns.stolen
        sizes = f"{scale.ledger_small:,} movements", f"{scale.ledger_large:,} movements"
        for work in ("earn", "redeem"):
            slower = turns.ratio(f"{work} small", f"{work} large")
            self.rows.append(Row(f"{work} over {sizes[0]}", sizes[1], slower, at_most=1.3))
            for size, label in zip(("small", "large"), sizes, strict=True):
                rate = turns.rate(f"{work} {size}")
                self.figures.append(Figure(f"{work} over {label}", f"{rate:,.0f}/s"))


EXPERIMENTS = ("postings", "batches", "http", "checkouts", "night", "large_night", "growth")
