"""`settlement disputes`: what is contested, the operator's answers and rulings, and the rules."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.table import Table

from partner_sdk.wire import ids
from partner_sdk.wire.amounts import InvalidAmount, format_micros, parse_decimal
from settlement import hub
from settlement.cli.operator import OperatorKey, Work, open_operator_work, open_work
from settlement.cli.tables import wide_console
from settlement.disputes import service, store
from settlement.disputes.documents import Viewer, dispute_document
from settlement.disputes.domain import STATES
from settlement.disputes.values import Act, StoredDispute

disputes = typer.Typer(
    help="Disputes of lines, and the operator's rulings.",
    no_args_is_help=True,
    add_completion=False,
)

Id = Annotated[str, typer.Argument(metavar="DISPUTE", help="Its id (dsp_…).")]
Words = Annotated[str, typer.Option("--text", help="Why, for both parties to read.")]


@disputes.command("list")
def list_(
    state: Annotated[str, typer.Option(help=f"Only these: {', '.join(STATES)}.")] = "",
    count: Annotated[int, typer.Option(min=1, max=1000, help="How many, newest first.")] = 50,
) -> None:
    """List disputes; those that are escalated wait for a ruling."""
    with open_work() as work:
        found = store.list_disputes(
            connection=work.connection, party_no=None, state=state or None, limit=count
        )
    table = Table()
    for name in ("dispute", "window", "claimant", "respondent", "reason", "state", "due"):
        table.add_column(name, no_wrap=name == "dispute")
    table.add_column("withheld", justify="right")
    table.add_column("upheld", justify="right")
    for each in found:
        dispute = each.dispute
        table.add_row(
            ids.encode("dsp", each.dispute_id),
            str(each.business_date),
            work.slug(dispute.claimant),
            work.slug(dispute.respondent),
            each.reason,
            dispute.outcome or dispute.state,
            "-" if dispute.due_at is None else f"{dispute.due_at:%Y-%m-%d %H:%M}Z",
            f"{format_micros(dispute.withheld_micros)} {dispute.currency}",
            format_micros(dispute.upheld_micros) if dispute.state == "closed" else "-",
        )
    wide_console().print(table)


@disputes.command()
def show(dispute: Id) -> None:
    """Show a dispute with its history and evidence, as JSON; lines are the claimant's."""
    with open_work() as work:
        found = _find(work, dispute)
        document = dispute_document(
            connection=work.connection,
            stored=found,
            viewer=Viewer(hub.OPERATOR),
            slugs={no: party.slug for no, party in work.parties.items()},
        )
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))


@disputes.command()
def rule(
    dispute: Id,
    text: Words,
    key: OperatorKey,
    uphold: Annotated[bool, typer.Option("--uphold", help="All of it is undone.")] = False,
    reject: Annotated[bool, typer.Option("--reject", help="All of it stands.")] = False,
    amount: Annotated[str, typer.Option(help="How much in all is undone; the rest stands.")] = "",
) -> None:
    """Rule on an escalated dispute.

    From the coalition's threshold on, and where the operator or the pool is a party, it takes
    effect when another person gives the very same command.
    """
    if uphold + reject + bool(amount) != 1:
        raise typer.BadParameter("give one of --uphold, --reject and --amount")
    upheld = None if uphold else 0 if reject else _micros(amount)
    with open_operator_work(key) as (work, operator):
        after = service.rule_dispute(
            act=_act(work, operator.person), dispute_id=_id(dispute), upheld=upheld, text=text
        )
    _tell(after)


@disputes.command()
def answer(
    dispute: Id,
    text: Words,
    key: OperatorKey,
    accept: Annotated[bool, typer.Option("--accept/--reject", help="The lines are wrong.")],
) -> None:
    """Answer a dispute with the operator or the pool."""
    with open_operator_work(key) as (work, operator):
        after = service.answer_dispute(
            act=_act(work, operator.person),
            dispute_id=_id(dispute),
            accepted=accept,
            text=text,
            evidence=(),
        )
    _tell(after)


@disputes.command()
def rules(
    key: OperatorKey = "",
    open_days: Annotated[
        int, typer.Option(min=0, help="Days after a window's date to dispute its lines.")
    ] = 0,
    answer_days: Annotated[int, typer.Option(min=0, help="Days to answer.")] = 0,
    escalate_days: Annotated[int, typer.Option(min=0, help="Days to escalate.")] = 0,
    two_people_from: Annotated[
        str, typer.Option(help="The amount from which a ruling takes two people.")
    ] = "",
) -> None:
    """Show the rules, or set those that are given; for disputes opened or answered from now on."""
    given = {
        name: days
        for name, days in (
            ("open_days", open_days),
            ("answer_days", answer_days),
            ("escalate_days", escalate_days),
        )
        if days
    }
    if two_people_from:
        given["two_people_micros"] = _micros(two_people_from)
    with open_work() as work:
        found = store.read_rules(connection=work.connection)
        if given:
            operator = hub.find_operator(connection=work.connection, token=key)
            found = replace(found, **given)
            service.set_rules(
                connection=work.connection,
                rules=found,
                person=operator.person,
                wall=work.night.wall(),
            )
        currency = hub.read_coalition(connection=work.connection).currency
    typer.echo(f"lines can be disputed for {found.open_days} days after their window's date")
    typer.echo(f"no answer within {found.answer_days} days: upheld")
    typer.echo(f"not escalated within {found.escalate_days} days: rejected")
    typer.echo(f"two people rule from {format_micros(found.two_people_micros)} {currency} on")


def _find(work: Work, dispute: str) -> StoredDispute:
    found = store.find(connection=work.connection, dispute_id=_id(dispute))
    if found is None:
        raise typer.BadParameter(f"there is no dispute {dispute}")
    return found


def _id(dispute: str) -> UUID:
    try:
        return ids.decode("dsp", dispute)
    except ids.InvalidId:
        raise typer.BadParameter(f"{dispute} is not the id of a dispute (dsp_…)") from None


def _micros(amount: str) -> int:
    try:
        return parse_decimal(amount)
    except InvalidAmount as error:
        raise typer.BadParameter(str(error)) from None


def _act(work: Work, person: str) -> Act:
    return Act(
        connection=work.connection,
        party=hub.OPERATOR,
        now=hub.business_now(connection=work.connection),
        wall=work.night.wall(),
        new_id=work.night.new_id,
        person=person,
    )


def _tell(after: StoredDispute) -> None:
    dispute: Any = after.dispute
    name = ids.encode("dsp", after.dispute_id)
    if dispute.state == "closed":
        typer.echo(
            f"{name} is {dispute.outcome}: {format_micros(dispute.upheld_micros)} of "
            f"{format_micros(dispute.withheld_micros)} {dispute.currency} undone"
        )
    elif dispute.proposal is not None:
        typer.echo(f"{name}: proposed; another person must give the very same ruling")
    else:
        typer.echo(f"{name} is {dispute.state}")


__all__ = ["disputes"]
