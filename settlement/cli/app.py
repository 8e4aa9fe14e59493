"""The commands themselves; what they say goes to standard output, logs to standard error."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from coalition.config import ConfigError, read_config
from coalition.db.embedded import EmbeddedError
from coalition.errors import HubError
from coalition.logging import configure_logging
from settlement.accounting.service import AccountingRefused
from settlement.app import open_night
from settlement.check import check_books
from settlement.cli import run as running
from settlement.cli.accounting import accounting, breakage
from settlement.cli.currencies import currencies
from settlement.cli.disputes import disputes
from settlement.cli.explain import explain
from settlement.cli.insight import diff, netting
from settlement.cli.keys import keys
from settlement.cli.log import log
from settlement.cli.payments import payments
from settlement.cli.profile import profile
from settlement.cli.release import release
from settlement.cli.risk import caps, collateral, default, exit_
from settlement.cli.tables import show_findings, show_preview, show_status
from settlement.config import read_settlement_config
from settlement.currencies.domain import MissingRate
from settlement.disputes.domain import DisputeRefused
from settlement.domain.netting import NotZeroSum
from settlement.entries.domain import EntryDiffers
from settlement.explain import NothingToExplain
from settlement.insight.snapshots import NoSuchWindow, to_file, window_facts
from settlement.log.service import LogError
from settlement.reports import NotSettled, preview, read_status, read_trouble
from settlement.risk.domain import RiskRefused
from settlement.signing import SigningError

app = typer.Typer(
    name="settlement",
    help="Settles the coalition's business dates, and proves it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(keys, name="keys")
app.add_typer(currencies, name="currencies")
app.add_typer(profile, name="profile")
app.add_typer(log, name="log")
app.add_typer(breakage, name="breakage")
app.add_typer(accounting, name="accounting")
app.add_typer(release, name="release")
app.add_typer(payments, name="payments")
app.add_typer(disputes, name="disputes")
app.command()(caps)
app.add_typer(collateral, name="collateral")
app.add_typer(default, name="default")
app.add_typer(exit_, name="exit")


@app.command()
def run(
    day: Annotated[
        str, typer.Option("--date", metavar="DATE", help="Settle up to and with this date.")
    ] = "",
    through: Annotated[
        str, typer.Option(metavar="DATE", help="The same as --date: all dates up to it.")
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what the date would net to; write nothing.")
    ] = False,
    save: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help="With --dry-run: keep it, for `settlement diff`."),
    ] = None,
    wait: Annotated[
        bool, typer.Option(help="Wait for the date's end, instead of refusing before it.")
    ] = False,
    stdin: Annotated[
        bool,
        typer.Option("--stdin", help="Read dates from standard input, answer a JSON line each."),
    ] = False,
) -> None:
    """Settle business dates that have ended: all that are due, or those up to a date.

    A date that is settled already is only reported. Exit code 3: the date has not ended.
    """
    with open_night() as night:
        if stdin:
            running.serve_dates(night=night, dates=sys.stdin)
            return
        last = _date(through or day) if through or day else None
        if dry_run:
            last = last or running.next_date(night=night)
            show_preview(preview(night=night, business_date=last))
            if save is not None:
                to_file(facts=window_facts(night=night, business_date=last), path=save)
            return
        sys.exit(running.run_through(night=night, last=last, wait=wait))


@app.command()
def status(
    count: Annotated[int, typer.Option(min=1, max=1000, help="How many dates to show.")] = 7,
) -> None:
    """Show how far each date has come, and why one does not go on."""
    with open_night() as night:
        show_status(read_status(night=night, count=count))
        for trouble in read_trouble(night=night):
            typer.echo(f"settlement: {trouble.message}", err=True)


app.command()(explain)
app.command()(netting)
app.command()(diff)


@app.command()
def check(
    quiet: Annotated[bool, typer.Option("--quiet", help="Only say what is broken.")] = False,
) -> None:
    """Prove the invariants of settlement over the whole database; exit 1 when one is broken."""
    with open_night() as night:
        sys.exit(show_findings(check_books(night=night), quiet=quiet))


@app.command()
def verify(
    bundle: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    root: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="The root certificate that you trust."),
    ] = None,
    previous: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="The statement before this one."),
    ] = None,
) -> None:
    """Verify a bundle as a partner would; without --root, against this coalition's own."""
    from partner_sdk.verify import verify_bundle

    trusted = root or read_config().data_folder / "root.pem"
    if not trusted.is_file():
        sys.exit(f"settlement: there is no root certificate at {trusted}; give --root")
    found = verify_bundle(bundle=bundle, root=trusted.read_bytes(), previous=previous)
    for finding in found.findings:
        place = finding.file if finding.line is None else f"{finding.file}, line {finding.line}"
        typer.echo(f"{place}: {finding.message} ({finding.code})")
    if not found.ok:
        sys.exit(1)
    typer.echo(f"{bundle}: {found.lines} lines, all as signed")


@app.command()
def scheduler() -> None:
    """Run the nightly job until stopped: every minute, whatever date has ended is settled."""
    from settlement.jobs.scheduler import run_scheduler

    config = read_config()
    run_scheduler(config=config, settings=read_settlement_config(hub=config))


def _date(value: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError:
        sys.exit(f"settlement: {value} is not a date such as 2026-11-22")


def main() -> None:
    """The program: its process logs warnings to standard error."""
    configure_logging(level="warning", output="console")
    run_command(sys.argv[1:])


def run_command(arguments: Sequence[str]) -> None:
    """Run a command; what can be mended is told in one line, with exit code 1."""
    try:
        app(list(arguments))
    except (
        ConfigError, EmbeddedError, SigningError, NoSuchWindow, NothingToExplain, NotSettled,
        NotZeroSum, MissingRate, AccountingRefused, LogError, DisputeRefused, RiskRefused,
        EntryDiffers,
    ) as error:  # fmt: skip
        sys.exit(f"settlement: {error}")
    except HubError as error:
        for each in error.errors:
            sys.stderr.write(f"  {each.pointer}: {each.detail}\n")
        sys.exit(f"settlement: {error.detail} ({error.code})")
