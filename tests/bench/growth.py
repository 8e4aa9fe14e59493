"""Growth: the same work over a small ledger and over a large one, in turns."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from coalition.db.embedded import EmbeddedServer
from tests.bench.bed import Bed, drop_database, make_bed
from tests.bench.crew import Crew
from tests.bench.fill import fill_day, settle_down
from tests.bench.scale import Scale
from tests.bench.turns import Turns, take_turns

_DAYS = 20


def measure(
    *, server: EmbeddedServer, folder: Path, scale: Scale, say: Callable[[str], None]
) -> Turns:
    """Earn and redeem over both ledgers; contenders are called `earn small` and so on."""
    sizes = {"small": scale.ledger_small, "large": scale.ledger_large}
    with ExitStack() as stack:
        contenders = {}
        for size, movements in sizes.items():
            bed = _ledger(server, folder, scale, f"bench_{size}", movements, say)
            stack.callback(drop_database, server=server, name=f"bench_{size}")
            for work in ("earn", "redeem"):
                crew = stack.enter_context(
                    Crew(maker=f"tests.bench.work:{work}", bed=bed, processes=2, threads=16)
                )
                contenders[f"{work} {size}"] = lambda crew=crew: crew.run(scale.seconds)
        order = ("earn small", "earn large", "redeem small", "redeem large")
        return take_turns(
            contenders={name: contenders[name] for name in order},
            rounds=scale.rounds,
            say=say,
            patience=scale.patience,
        )


def _ledger(
    server: EmbeddedServer,
    folder: Path,
    scale: Scale,
    name: str,
    movements: int,
    say: Callable[[str], None],
) -> Bed:
    today = datetime.now(UTC).date()
    bed = make_bed(
        server=server,
        name=name,
        folder=folder,
        partners=scale.partners,
        members=scale.members,
        first_date=today - timedelta(days=_DAYS + 1),
    )
    each = movements // _DAYS
    for number in range(_DAYS):
        day = today - timedelta(days=_DAYS - number)
        fill_day(
            bed=bed,
            date_=day,
            begins_at=datetime.combine(day, time(2), UTC),
            movements=each,
            first=1 + number * each,
        )
    settle_down(address=bed.address)
    say(f"  a ledger of {movements:,} movements is filled")
    return bed
