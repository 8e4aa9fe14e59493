"""Caps, collateral, the default of a partner and its leaving."""

from __future__ import annotations

import json
from typing import Annotated, get_args

import typer
from rich.console import Console
from rich.table import Table

from partner_sdk.wire.amounts import InvalidAmount, format_micros, parse_decimal
from settlement import hub
from settlement.cli.operator import OperatorKey, Work, open_operator_work, open_work
from settlement.risk.domain import Purpose, RiskRefused, RunOff
from settlement.risk.service import collateral as putting
from settlement.risk.service import default as defaulting
from settlement.risk.service import leaving

collateral = typer.Typer(
    help="What partners put up against what they may owe.",
    no_args_is_help=True,
    add_completion=False,
)
default = typer.Typer(
    help="The default of a partner: plan first, then two people execute exactly that plan.",
    no_args_is_help=True,
    add_completion=False,
)
exit_ = typer.Typer(
    help="A partner that leaves in good order.", no_args_is_help=True, add_completion=False
)

Partner = Annotated[str, typer.Argument(metavar="PARTNER", help="Its slug.")]
Amount = Annotated[str, typer.Argument(metavar="AMOUNT", help="In the currency.")]
Currency = Annotated[
    str, typer.Option(metavar="CURRENCY", help="Without it, the coalition's currency.")
]
Reference = Annotated[
    str, typer.Option(help="Of yours or the bank's; the same one again changes nothing.")
]
For = Annotated[str, typer.Option("--for", help=f"{', '.join(get_args(Purpose))}.")]


def caps() -> None:
    """Show how much of each partner's cap is used, and what it has put up, by currency."""
    with open_work() as work:
        found = putting.read_status(connection=work.connection)
    table = Table()
    table.add_column("partner")
    table.add_column("state")
    table.add_column("currency")
    names = ("uncovered", "cap", "used", "headroom", "collateral", "prefunding", "default fund")
    for name in names:
        table.add_column(name, justify="right")
    table.add_column("issuing")
    for each in found:
        cap = each.cap
        held = [
            format_micros(each.held.get(purpose, 0))
            for purpose in ("collateral", "prefunding", "default_fund")
        ]
        if cap is None:
            table.add_row(each.party, each.state, each.currency, *"----", *held, "-")
            continue
        used = 100 * cap.uncovered_micros // cap.cap_micros if cap.cap_micros else 100
        table.add_row(
            each.party,
            each.state,
            each.currency,
            format_micros(cap.uncovered_micros),
            format_micros(cap.cap_micros),
            f"{used} %" + (f" (warned at {cap.percent} %)" if cap.percent else ""),
            format_micros(max(0, cap.cap_micros - cap.uncovered_micros)),
            *held,
            "stopped" if cap.issuing_stopped else "goes on",
        )
    Console().print(table)


@collateral.command("put")
def put(
    partner: Partner,
    amount: Amount,
    reference: Reference,
    key: OperatorKey,
    purpose: For = "collateral",
    currency: Currency = "",
) -> None:
    """Have a partner put up collateral: its account owes it until it is paid."""
    with open_operator_work(key) as (work, operator):
        new = putting.put_up(
            connection=work.connection,
            party=_partner(work, partner),
            purpose=_purpose(purpose),
            amount_micros=_micros(amount),
            reference=reference,
            person=operator.person,
            currency=currency,
        )
    typer.echo("posted" if new else "nothing new: the reference is known")


@collateral.command("return")
def give_back(
    partner: Partner,
    amount: Amount,
    reference: Reference,
    key: OperatorKey,
    purpose: For = "collateral",
    currency: Currency = "",
) -> None:
    """Give collateral back to a partner's account, from where it is paid out."""
    with open_operator_work(key) as (work, operator):
        new = putting.give_back(
            connection=work.connection,
            party=_partner(work, partner),
            purpose=_purpose(purpose),
            amount_micros=_micros(amount),
            reference=reference,
            person=operator.person,
            currency=currency,
        )
    typer.echo("posted" if new else "nothing new: the reference is known")


@default.command("plan")
def plan_default(
    partner: Partner,
    block_points: Annotated[
        bool, typer.Option("--block-points", help="Also block the points that it issued.")
    ] = False,
) -> None:
    """Compute who would bear what if the partner does not pay, and show it; nothing is done."""
    with open_work() as work:
        digest, document = defaulting.plan_default(
            connection=work.connection,
            party=_partner(work, partner),
            block_points=block_points,
            wall=work.night.wall(),
        )
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
    typer.echo(f"plan {digest}")


@default.command("execute")
def execute_default(
    plan: Annotated[str, typer.Argument(metavar="PLAN_HASH", help="As the plan was shown.")],
    key: OperatorKey,
) -> None:
    """Release a plan; what it says is done when a second, different person releases it too.

    Refused if anything has changed since it was made.
    """
    with open_operator_work(key) as (work, operator):
        done = defaulting.execute_default(
            connection=work.connection,
            plan_sha256=plan,
            person=operator.person,
            now=hub.business_now(connection=work.connection),
            wall=work.night.wall(),
            new_id=work.night.new_id,
        )
    if done:
        typer.echo("done: the entries are in the open window, earning is frozen")
    else:
        typer.echo(f"released by {operator.person}; another person must release it too")


@exit_.command("plan")
def plan_exit(partner: Partner) -> None:
    """Show what a partner would leave behind: points outstanding, and what they would cost."""
    with open_work() as work:
        found = leaving.compute_run_offs(connection=work.connection, party=_partner(work, partner))
    _show_run_offs(found)


@exit_.command("begin")
def begin_exit(
    partner: Partner,
    key: OperatorKey,
    notice_days: Annotated[int, typer.Option(min=1, max=3660, help="For spending.")] = 90,
) -> None:
    """Freeze a partner's earning, keep spending for its notice, and prefund the run-off."""
    with open_operator_work(key) as (work, operator):
        made, found = leaving.begin_exit(
            connection=work.connection,
            party=_partner(work, partner),
            notice_days=notice_days,
            person=operator.person,
            now=hub.business_now(connection=work.connection),
            new_id=work.night.new_id,
        )
    _show_run_offs(found)
    typer.echo(f"{partner} is leaving; its points can be spent until {made.notice_until}")


@exit_.command("close")
def close_exit(partner: Partner, key: OperatorKey) -> None:
    """Close a partner whose notice is over and whose account is settled; else say what is left."""
    with open_operator_work(key) as (work, operator):
        left = leaving.close_exit(
            connection=work.connection,
            party=_partner(work, partner),
            person=operator.person,
            now=hub.business_now(connection=work.connection),
            new_id=work.night.new_id,
        )
    for each in left:
        typer.echo(each)
    typer.echo(f"{partner} is {'leaving' if left else 'closed'}")


def _show_run_offs(found: tuple[RunOff, ...]) -> None:
    """The clearing currency's, and those of others that have anything."""
    for place, each in enumerate(found):
        if not place or each.points or each.account_micros or each.prefunded_micros:
            _show_run_off(each)


def _show_run_off(found: RunOff) -> None:
    typer.echo(f"points outstanding: {found.points}")
    for name, micros in (
        ("they would cost", found.liability_micros),
        ("prefunded", found.prefunded_micros),
        ("to be prefunded", found.missing_micros),
        ("account", found.account_micros),
    ):
        typer.echo(f"{name}: {format_micros(micros)} {found.currency}")


def _partner(work: Work, slug: str) -> hub.PartyFacts:
    for party in work.parties.values():
        if party.slug == slug:
            return party
    raise RiskRefused(f"there is no partner {slug}")


def _purpose(text: str) -> Purpose:
    for purpose in get_args(Purpose):
        if text == purpose:
            found: Purpose = purpose
            return found
    raise typer.BadParameter(f"must be one of {', '.join(get_args(Purpose))}")


def _micros(amount: str) -> int:
    try:
        return parse_decimal(amount)
    except InvalidAmount as error:
        raise typer.BadParameter(str(error)) from None


__all__ = ["caps", "collateral", "default", "exit_"]
